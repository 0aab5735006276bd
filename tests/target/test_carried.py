"""What a command carries: found, bounded, and ended with all that it started."""

from __future__ import annotations

import subprocess
import time
from typing import TYPE_CHECKING

import pytest

from repro.errors import ProbeError, TargetError
from repro.target.carried import asking, run

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_printed_comes_back_with_the_end_of_standard_error() -> None:
    done = run(["sh", "-c", "echo out; echo err >&2; exit 3"], 10)
    assert (done.output.out, done.output.err, done.code) == (b"out\n", b"err\n", 3)


def test_the_first_program_that_is_there_is_taken() -> None:
    ask = asking(["env"], "node n1", programs=("python-of-nobody", "sh"))
    assert ask(["-c", "echo found"], 10, None).out == b"found\n"


def test_a_place_without_any_is_named() -> None:
    ask = asking(["env"], "node n1", programs=("python-of-nobody", "nor-this"))
    with pytest.raises(TargetError, match="node n1 has no python-of-nobody or nor-this that"):
        ask(["-c", "pass"], 10, None)


def test_what_docker_prints_of_a_missing_program_is_no_answer() -> None:
    said = 'OCI runtime exec failed: exec: \\"$0\\": executable file not found in $PATH'
    ask = asking(["sh", "-c", f'echo "{said}"; exit 126'], "pod p1", programs=("python3",))
    with pytest.raises(TargetError, match="pod p1 has no python3 that"):
        ask([], 10, None)


def test_a_carrier_that_is_not_installed_is_named() -> None:
    with pytest.raises(TargetError, match="no-such-carrier cannot be started: No such file"):
        asking(["no-such-carrier"], "node n1")([], 10, None)


def test_what_takes_too_long_is_ended_with_its_children(tmp_path: Path) -> None:
    child = tmp_path / "child"
    start = time.monotonic()
    with pytest.raises(ProbeError, match=r"no answer in 0.5 s"):
        run(["sh", "-c", f"sleep 300 & echo $! > {child}; wait"], 0.5)
    assert time.monotonic() - start < 5
    state = subprocess.run(
        ["ps", "-o", "stat=", "-p", child.read_text().strip()], capture_output=True, check=False
    ).stdout
    assert not state or state.startswith(b"Z")


def test_what_prints_without_end_is_ended() -> None:
    with pytest.raises(ProbeError, match="more than 64 MiB"):
        run(["yes", "x" * 10_000], 60)


def test_a_child_that_holds_the_pipe_does_not_hold_us(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repro.target.carried.GRACE", 0.2)
    start = time.monotonic()
    assert run(["sh", "-c", "sleep 3 & echo done"], 10).output.out == b"done\n"
    assert time.monotonic() - start < 2


def test_standard_error_is_passed_on_as_it_comes() -> None:
    seen: list[bytes] = []
    run(["sh", "-c", "echo one >&2; sleep 0.1; echo two >&2"], 10, seen.append)
    assert b"".join(seen) == b"one\ntwo\n"


def test_standard_input_is_given_whole_and_is_empty_otherwise() -> None:
    given = b"x" * (1 << 20)
    assert run(["cat"], 10, given=given).output.out == given
    assert run(["cat"], 10).output.out == b""
    assert run(["true"], 10, given=given).code == 0
