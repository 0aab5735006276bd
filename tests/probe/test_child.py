"""A child that crashes, hangs or babbles is a reason, and what it said before is kept."""

from __future__ import annotations

import sys
import time
from typing import Any

import pytest

from repro.probe import child as probe_child

run: Any = probe_child.run


def test_values_come_back_in_order_whatever_else_is_printed() -> None:
    values, reason = run(sys.executable, "print('noise'); say([1, 'é']); say({'a': None})")

    assert (values, reason) == ([[1, "é"], {"a": None}], None)


def test_a_child_that_aborts_is_told_with_its_last_word() -> None:
    code = "say(1); import os; sys.stderr.write('no symbol\\n'); sys.stderr.flush(); os.abort()"

    assert run(sys.executable, code) == ([1], "killed by signal 6: no symbol")


def test_an_exception_is_told_by_its_last_line() -> None:
    values, reason = run(sys.executable, "say('before'); raise OSError('libcudnn.so.9: missing')")

    assert (values, reason) == (["before"], "OSError: libcudnn.so.9: missing")


def test_a_child_that_hangs_is_ended_with_its_own_children() -> None:
    code = "say(1); import subprocess; subprocess.run(['sleep', '60'])"
    start = time.monotonic()

    assert run(sys.executable, code, timeout=1) == ([1], "no answer in 1 s")
    assert time.monotonic() - start < 10


def test_what_is_not_plain_data_ends_the_answers() -> None:
    code = f"_out.write('\\n{probe_child.MARK}open(1)\\n'); _out.flush(); say(2)"

    assert run(sys.executable, code) == ([], None)


def test_an_interpreter_that_is_not_there_is_a_reason() -> None:
    assert run("/missing/python", "say(1)") == (
        [],
        "cannot start /missing/python: No such file or directory",
    )


@pytest.mark.parametrize("isolated", [True, False])
def test_isolation_keeps_the_environments_own_code_out(isolated: bool) -> None:
    env = {"PYTHONPATH": "/patched"}

    values, _ = run(sys.executable, "say('/patched' in sys.path)", env=env, isolated=isolated)

    assert values == [not isolated]
