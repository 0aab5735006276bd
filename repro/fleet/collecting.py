"""Takes one snapshot a place, several at a time, each in a process that can be ended."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from repro.fleet.plan import Job

GRACE: Final = 20.0
"""Seconds from the demand to end to the end, in which a snapshot removes its container."""
SAID: Final = 4000
"""Characters of what a snapshot said that are kept."""
BUG: Final = "this is a bug in repro"
"""As repro/cli/main.py says it."""
PAUSE: Final = 1.0
"""Seconds before a second try; twice as many before each further one."""
LONGEST: Final = 60.0
"""Seconds that are waited at most."""


class Collected(NamedTuple):
    """A snapshot that was taken, or why not."""

    name: str
    path: Path
    failure: str | None = None
    advice: str = ""


class Terms(NamedTuple):
    """How patient a collection is."""

    at_once: int
    seconds: float
    """For one try."""
    retries: int = 0


def path_of(job: Job, folder: Path) -> Path:
    """Return where the manifest of a job is to be."""
    return folder / f"{job.name}.json"


def collect(
    jobs: Iterable[Job], folder: Path, terms: Terms, done: Callable[[Collected], None]
) -> list[Collected]:
    """Run all jobs, `at_once` of them at a time; one that takes longer than `seconds` fails.

    Whatever ends this early ends the processes, too; manifests that were taken stay.
    """
    running = _Running(folder, terms)
    with ThreadPoolExecutor(terms.at_once) as pool:
        try:
            futures = [pool.submit(running.one, job, done) for job in jobs]
            return [future.result() for future in futures]
        except BaseException:
            running.stop()
            pool.shutdown(wait=False, cancel_futures=True)
            raise


class _Running:
    """Knows the processes that are under way."""

    def __init__(self, folder: Path, terms: Terms) -> None:
        self._folder, self._terms = folder, terms
        self._lock = threading.Lock()
        self._processes: set[subprocess.Popen[str]] = set()
        self._stopped = threading.Event()

    def one(self, job: Job, done: Callable[[Collected], None]) -> Collected:
        """Run a job to its end, again where it fails, and tell of it."""
        found = self._once(job)
        for number in range(self._terms.retries):
            if not found.failure or self._stopped.wait(min(PAUSE * 2**number, LONGEST)):
                break
            found = self._once(job)
        if not self._stopped.is_set():
            done(found)
        return found

    def stop(self) -> None:
        """Ask all processes to end; each removes its container."""
        with self._lock:
            self._stopped.set()
            for process in self._processes:
                process.send_signal(signal.SIGTERM)

    def _once(self, job: Job) -> Collected:
        path = path_of(job, self._folder)
        path.parent.mkdir(parents=True, exist_ok=True)
        command = [sys.executable, "-m", "repro", "snapshot", f"--output={path}", *job.words]
        with self._lock:
            if self._stopped.is_set():
                return Collected(job.name, path, "it was interrupted")
            # In a session of its own, so that Ctrl-C reaches it once: from here.
            process = subprocess.Popen(
                command,
                env={**os.environ, **dict(job.variables)},
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                start_new_session=True,
            )
            self._processes.add(process)
        try:
            return Collected(job.name, path, *self._ended(process, path))
        finally:
            with self._lock:
                self._processes.discard(process)

    def _ended(self, process: subprocess.Popen[str], path: Path) -> tuple[str | None, str]:
        seconds = self._terms.seconds
        try:
            _, said = process.communicate(timeout=seconds)
        except subprocess.TimeoutExpired:
            _end(process)
            return f"it took longer than {seconds:g} s", "Allow more with --host-timeout."
        if process.returncode == 0 and path.is_file():
            return None, ""
        reason, advice = complaint(said[-SAID:])
        return reason or f"the snapshot ended with exit code {process.returncode}", advice


def complaint(said: str) -> tuple[str, str]:
    """Find the last message, and the advice below it, in what `repro` wrote to standard error."""
    lines = said.strip().splitlines()
    starts = [at for at, line in enumerate(lines) if line.startswith("repro: ")]
    message = lines[starts[-1] :] if starts else lines
    if message and BUG in message[0]:  # What happened stands above.
        message = [*lines[: starts[-1]][-1:], *message]
    advice = [line.strip() for line in message if line.startswith("  ")]
    reason = [line for line in message if not line.startswith("  ")]
    return "\n".join(reason).removeprefix("repro: "), "\n".join(advice)


def _end(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGTERM)
    try:
        process.communicate(timeout=GRACE)
    except subprocess.TimeoutExpired:
        process.kill()
        process.communicate()
