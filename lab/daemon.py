"""Runs a daemon in namespaces of its own and ends it with everything that it started."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from lab.error import find_program

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

PROC = Path("/proc")

HELPERS = ("containerd", "containerd-shim", "containerd-shim-runc-v2", "conmon")
"""Programs that outlive a killed engine; a container's first process is a child of one of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Daemon:
    """A process by pid and start time, since pids are used again."""

    pid: int
    started: int
    """Clock ticks after boot: field 22 of proc(5) stat."""

    @classmethod
    def of(cls, pid: int) -> Self:
        """Describe a process that runs now; raises OSError when there is none."""
        return cls(pid=pid, started=int(_stat(pid)[_START_TIME]))

    def alive(self) -> bool:
        """Tell whether it runs still; a zombie that nobody has reaped yet does not."""
        try:
            stat = _stat(self.pid)
        except OSError:
            return False
        return stat[_STATE] not in "ZX" and int(stat[_START_TIME]) == self.started

    def stop(self, *, patience: float = 20.0) -> None:
        """Ask it to end, insist after `patience` seconds, then end what it left running."""
        if self.alive():
            os.kill(self.pid, signal.SIGTERM)
        if not _wait_gone(self, patience):
            os.kill(self.pid, signal.SIGKILL)
            _wait_gone(self, patience)


def kill_leftovers(folder: Path) -> None:
    """Kill what the engine of a folder left running as it crashed: helpers and their containers.

    They are known by the folder in their command lines. A namespace's number would not do: the
    kernel gives it to the next namespace at once, which is another engine's.
    """
    for pid in _family(folder):
        try:
            os.kill(pid, signal.SIGKILL)
        except ProcessLookupError:
            continue


def spawn(
    command: Sequence[str],
    *,
    prepare: str,
    env: Mapping[str, str],
    log: Path,
    ends_with_parent: bool,
) -> subprocess.Popen[bytes]:
    """Start a command in a new network and mount namespace, after a shell fragment run there.

    Its own network namespace matters: dockerd with --bridge=none deletes the docker0 that it
    finds, which may be another engine's. Its own mount namespace lets its mounts vanish with it.
    The pid of the answer is the command's own: every program of the chain replaces itself.
    """
    chain = [find_program("unshare", "util-linux"), "--net", "--mount", "--propagation", "private"]
    if ends_with_parent:
        chain = [find_program("setpriv", "util-linux"), "--pdeathsig", "TERM", *chain]
    script = f'ip link set lo up 2>/dev/null; {prepare} exec "$@"'
    with log.open("wb") as output:
        return subprocess.Popen(
            [*chain, "--", "/bin/sh", "-c", script, "sh", *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=env,
            start_new_session=True,
        )


_STATE = 0
_PARENT = 1
_START_TIME = 19


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat after the command, whose parentheses may hold anything."""
    text = (PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
    return text.rpartition(")")[2].split()


def _serves(pid: int, folder: Path) -> bool:
    """Tell whether a process is an engine's helper and was given paths of this folder."""
    name, *arguments = (PROC / str(pid) / "cmdline").read_bytes().split(b"\0")
    inside = os.fsencode(folder) + b"/"
    helper = name.rpartition(b"/")[2].decode(errors="replace")
    return helper in HELPERS and any(word.startswith(inside) for word in arguments)


def _wait_gone(daemon: Daemon, seconds: float) -> bool:
    deadline = time.monotonic() + seconds
    while daemon.alive():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def _family(folder: Path) -> list[int]:
    """Pids of an engine's helpers and all that descends from them, children first."""
    parents: dict[int, int] = {}
    helpers = set()
    for entry in PROC.iterdir():
        if not entry.name.isdigit():
            continue
        pid = int(entry.name)
        try:
            parents[pid] = int(_stat(pid)[_PARENT])
            if _serves(pid, folder):
                helpers.add(pid)
        except OSError:
            continue
    family = [pid for pid in parents if helpers & set(_ancestry(pid, parents))]
    return sorted(family, key=lambda pid: -len(_ancestry(pid, parents)))


def _ancestry(pid: int, parents: Mapping[int, int]) -> list[int]:
    line = [pid]
    while (parent := parents.get(line[-1], 0)) > 0:
        line.append(parent)
    return line
