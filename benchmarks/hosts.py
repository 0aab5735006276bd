"""Asks a thousand hosts that are not there: one answer comes back after each host's own time."""

from __future__ import annotations

import json
import os
import random
import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

from repro.fleet.collecting import Terms, collect
from repro.fleet.plan import Job
from repro.target import pack
from repro.target.options import Options
from repro.target.snapshot import probe_options

if TYPE_CHECKING:
    from pathlib import Path

HOSTS: Final = 1000
AT_ONCE: Final = 64
FAST, SLOW = 8.0, 14.0
"""Seconds of a probe that asks frameworks in a serving image: benchmarks/README.md."""
SILENT: Final = 30.0
"""Seconds after which the one host is given up that never answers."""
SRUN: Final = """#!/bin/sh
for word; do case $word in --nodelist=*) node=${word#--nodelist=} ;; esac; done
nonce=$(printf %s "$word" | sed 's/.*"nonce": *"\\([0-9a-f]*\\)".*/\\1/')
sleep "$(cat "$FOLDER/$node")"
printf '@repro-begin %s ' "$nonce"
cat "$FOLDER/answer"
printf '@repro-end %s\\n' "$nonce"
"""
"""Stands for srun, which needs a cluster; what it starts costs as little as can be."""


def hosts(folder: Path, count: int = HOSTS, at_once: int = AT_ONCE) -> None:
    """Collect from hosts of which one never answers, and compare with what waiting alone takes."""
    times = _stand_in(folder, count)
    jobs = [Job(n, f"slurm:{n}", ("--no-canary",), _variables(folder)) for n in times]
    start, before = time.perf_counter(), resource.getrusage(resource.RUSAGE_CHILDREN)
    found = collect(jobs, folder / "out", Terms(at_once, SILENT), lambda _: None)
    seconds = time.perf_counter() - start
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    alone = waiting([min(each, SILENT) for each in times.values()], at_once)
    cpu = (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime) / count
    lost = [each.name for each in found if each.failure]
    print(f"| {count} hosts, {at_once} at a time | {seconds:.1f} s | {alone:.1f} s |"
          f" {seconds / alone:.2f} | {cpu:.2f} s | {', '.join(lost)} |", flush=True)  # fmt: skip


def waiting(times: list[float], at_once: int) -> float:
    """Return how long it takes where nothing costs anything but the hosts' own time."""
    free = [0.0] * at_once
    for each in times:
        free.sort()
        free[0] += each
    return max(free)


def _stand_in(folder: Path, count: int) -> dict[str, float]:
    """Write what stands for srun, one answer for all, and how long each host takes."""
    (folder / "bin").mkdir()
    program = folder / "bin" / "srun"
    program.write_text(SRUN)
    program.chmod(0o755)
    (folder / "answer").write_bytes(_answer())
    draw = random.Random(1)  # noqa: S311  # Nothing secret depends on it.
    times = {f"n{number:04}": draw.uniform(FAST, SLOW) for number in range(count)}
    times[f"n{count // 3:04}"] = 3600.0
    for name, seconds in times.items():
        (folder / name).write_text(str(seconds))
    return times


def _variables(folder: Path) -> tuple[tuple[str, str], ...]:
    return (("PATH", f"{folder / 'bin'}:{os.environ['PATH']}"), ("FOLDER", str(folder)))


def _answer() -> bytes:
    """Run the probe here once; what stands between its marks is the same whoever asks."""
    told = probe_options(Options(frameworks=False), entry_only=True)
    done = subprocess.run(
        [sys.executable, *pack.arguments(told)], capture_output=True, check=True
    ).stdout
    nonce = json.dumps(told["nonce"]).strip('"').encode()
    begin, end = b"@repro-begin " + nonce + b" ", b"@repro-end " + nonce
    return done.partition(begin)[2].partition(end)[0]
