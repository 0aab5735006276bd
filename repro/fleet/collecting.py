"""Takes one snapshot a host, several at a time, each in a process that can be ended."""

from __future__ import annotations

import signal
import subprocess
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence
    from pathlib import Path

GRACE: Final = 20.0
"""Seconds from the demand to end to the end, in which a snapshot removes its container."""
SAID: Final = 2000
"""Characters of what a snapshot said that are kept."""


class Job(NamedTuple):
    """A snapshot to be taken."""

    name: str
    command: Sequence[str]
    path: Path
    """Where the manifest is to be."""


class Collected(NamedTuple):
    """A snapshot that was taken, or why not."""

    name: str
    path: Path
    failure: str | None


def collect(
    jobs: Iterable[Job], *, at_once: int, seconds: float, done: Callable[[Collected], None]
) -> list[Collected]:
    """Run all jobs, `at_once` of them at a time; one that takes longer than `seconds` fails.

    Whatever ends this early ends the processes, too.
    """
    running = _Running(seconds)
    with ThreadPoolExecutor(at_once) as pool:
        try:
            futures = [pool.submit(running.one, job, done) for job in jobs]
            return [future.result() for future in futures]
        except BaseException:
            running.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Running:
    """Knows the processes that are under way."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._stopped = False

    def one(self, job: Job, done: Callable[[Collected], None]) -> Collected:
        """Run a job to its end, and tell of it."""
        found = Collected(job.name, job.path, self._failure(job))
        if not self._stopped:
            done(found)
        return found

    def stop(self) -> None:
        """Ask all processes to end; each removes its container."""
        with self._lock:
            self._stopped = True
            for process in self._processes:
                process.send_signal(signal.SIGTERM)

    def _failure(self, job: Job) -> str | None:
        with self._lock:
            if self._stopped:
                return "it was interrupted"
            # In a session of its own, so that Ctrl-C reaches it once: from here.
            process = subprocess.Popen(
                job.command,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._processes.add(process)
        try:
            return self._ended(process, job)
        finally:
            with self._lock:
                self._processes.discard(process)

    def _ended(self, process: subprocess.Popen[str], job: Job) -> str | None:
        try:
            _, said = process.communicate(timeout=self._seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return f"it took longer than {self._seconds:g} s"
        if process.returncode == 0 and job.path.is_file():
            return None
        words = said.strip().removeprefix("repro: ")[-SAID:]
        return words or f"the snapshot ended with exit code {process.returncode}"


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
