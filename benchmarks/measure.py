"""Runs commands in turn and keeps the median of time, CPU and memory."""

from __future__ import annotations

import os
import statistics
import subprocess
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import resource
    from collections.abc import Mapping, Sequence


class Cost(NamedTuple):
    """Of one run of a command."""

    seconds: float
    mebibytes: float
    """Peak resident set of the command's largest process."""


def once(command: Sequence[str], env: Mapping[str, str], allowed: Sequence[int] = (0,)) -> Cost:
    """Run a command; RuntimeError where it ends with another code than is allowed."""
    start = time.perf_counter()
    process = subprocess.Popen(
        command,
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
    )
    errors = process.stderr.read() if process.stderr else b""
    _, status, usage = os.wait4(process.pid, 0)
    seconds = time.perf_counter() - start
    code = os.waitstatus_to_exitcode(status)
    process.returncode = code
    if code not in allowed:
        raise RuntimeError(f"{command[0]} ended with {code}: {errors[-500:].decode()}")
    return Cost(seconds, _mebibytes(usage))


def _mebibytes(usage: resource.struct_rusage) -> float:
    return usage.ru_maxrss / 1024


def in_turn(
    commands: Mapping[str, Sequence[str]],
    env: Mapping[str, str],
    *,
    rounds: int = 7,
    allowed: Sequence[int] = (0,),
) -> dict[str, Cost]:
    """Run each command once a round, after one round to warm up; return the medians."""
    runs: dict[str, list[Cost]] = {name: [] for name in commands}
    for turn in range(rounds + 1):
        for name, command in commands.items():
            cost = once(command, env, allowed)
            if turn:
                runs[name].append(cost)
    return {
        name: Cost(
            statistics.median(cost.seconds for cost in costs),
            max(cost.mebibytes for cost in costs),
        )
        for name, costs in runs.items()
    }
