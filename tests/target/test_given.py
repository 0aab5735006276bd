"""Answers in files: read whole, or not at all."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from repro.errors import ProbeError, TargetError
from repro.probe.answer import wrapped
from repro.target.given import snapshot

if TYPE_CHECKING:
    from pathlib import Path

ANSWER = {"facts": [], "milliseconds": {"python": 1}}
TEXT = wrapped(ANSWER, "ab12").encode()  # type: ignore[no-untyped-call]  # It is the probe's.


def test_the_last_answer_of_a_file_is_taken_with_the_time_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "node-1_pod-1.answer"
    path.write_bytes(b"a first try\n" + TEXT.replace(b"ab12", b"00") + TEXT)
    os.utime(path, (0, 1_700_000_000))
    found = snapshot(str(path))
    assert (found.volatile["host"], found.volatile["probed_at"]) == (
        "node-1",
        "2023-11-14T22:13:20Z",
    )
    assert [(fact.kind, fact.name) for fact in found.facts] == [("canary", "*")]


def test_a_time_that_no_calendar_has_is_cut(tmp_path: Path) -> None:
    path = tmp_path / "x.answer"
    path.write_bytes(TEXT)
    os.utime(path, (0, -5))
    assert snapshot(str(path)).volatile["probed_at"] == "1970-01-01T00:00:00Z"


@pytest.mark.parametrize(
    "data", [b"", b"nothing of the kind", TEXT[:-40], TEXT.replace(b"1", b"2")]
)
def test_what_is_no_whole_answer_is_an_error(tmp_path: Path, data: bytes) -> None:
    path = tmp_path / "x.answer"
    path.write_bytes(data)
    with pytest.raises(ProbeError):
        snapshot(str(path))


def test_what_is_no_file_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for name in ("pipe", ".", "missing"):
        with pytest.raises(TargetError):
            snapshot(str(tmp_path / name))
