"""Files are whole or not there."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from repro.cli import output
from repro.errors import OutputError


def test_a_file_is_written_whole_with_usual_permissions(tmp_path: Path) -> None:
    output.write(tmp_path / "a.json", b"x")

    assert (tmp_path / "a.json").read_bytes() == b"x"
    assert (tmp_path / "a.json").stat().st_mode & 0o777 in (0o644, 0o664, 0o600)
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_failed_write_leaves_the_old_file_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "a.json"
    target.write_bytes(b"old")

    def fail(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(KeyboardInterrupt):
        output.write(target, b"new")

    assert target.read_bytes() == b"old"
    assert [path.name for path in tmp_path.iterdir()] == ["a.json"]


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(OutputError, match=r"cannot write .*/missing/a.json: No such file"):
        output.write(tmp_path / "missing" / "a.json", b"x")


def test_colour_needs_a_terminal_and_no_objection(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdout.isatty", lambda: True, raising=False)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert output.color()

    monkeypatch.setenv("NO_COLOR", "1")
    assert not output.color()

    monkeypatch.delenv("NO_COLOR")
    monkeypatch.setenv("TERM", "dumb")
    assert not output.color()


def test_a_full_disk_is_an_error_with_advice_and_no_bug() -> None:
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "repro", "schema", "manifest"],
            stdout=full,
            stderr=subprocess.PIPE,
            check=False,
        )
    assert done.returncode == 2
    assert b"standard output: No space left on device" in done.stderr
    assert b"Traceback" not in done.stderr
