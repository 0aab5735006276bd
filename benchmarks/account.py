"""What a command takes, measured by a process so small that its own memory does not show."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class Account(NamedTuple):
    """Of one run of a command."""

    seconds: float
    cpu: float
    """Seconds of processors, which other work on the machine lengthens less."""
    mebibytes: float
    """Peak resident set of the largest process."""
    read: int
    """Bytes that read calls returned, the command's own code among them: proc(5), rchar."""


def account(command: Sequence[str], env: Mapping[str, str]) -> Account:
    """Run a command in a process of this module; RuntimeError where it fails."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", __file__, *command],
        env={**os.environ, **env},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"{' '.join(command)} failed: {done.stderr[-500:].decode()}")
    return Account(*json.loads(done.stdout))


def main(command: Sequence[str]) -> int:
    """Run a command, print its account and return its exit code."""
    start = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
    seconds = time.perf_counter() - start
    with open(f"/proc/{process.pid}/io", encoding="ascii") as file:  # noqa: PTH123  # Small.
        fields = dict(line.split(": ") for line in file)
    _, status, usage = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    cpu = usage.ru_utime + usage.ru_stime
    print(json.dumps([seconds, cpu, usage.ru_maxrss / 1024, int(fields["rchar"])]))
    return process.returncode


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
