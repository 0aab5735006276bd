"""Which snapshots of an earlier run still count: those that were asked for in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from repro.errors import ManifestError, OutputError
from repro.fleet.collecting import path_of
from repro.manifest import load

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from repro.fleet.plan import Job

RECORD: Final = ".fleet.json"
"""Beside the manifests: the words of each job. Hidden, so that `repro diff` takes it for none."""
LARGEST: Final = 256 << 20
"""Bytes of a record that are read."""


def begin(jobs: Iterable[Job], folder: Path, *, resume: bool) -> dict[str, str]:
    """Name the jobs that are done already, with the time of each; clear the way for the others.

    A manifest of an earlier run must not pass for this one's, so what is not kept is deleted.
    OutputError where the folder cannot be written.
    """
    jobs = list(jobs)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        words = _recorded(folder / RECORD) if resume else {}
        kept = {}
        for job in jobs:
            time = _taken(path_of(job, folder)) if words.get(job.name) == _asked(job) else None
            if time is None:
                path_of(job, folder).unlink(missing_ok=True)
            else:
                kept[job.name] = time
        record = {job.name: _asked(job) for job in jobs}
        (folder / RECORD).write_bytes(msgspec.json.encode({**words, **record}))
    except OSError as error:
        raise OutputError(f"{folder}: {error.strerror}", advice="Name another folder.") from error
    return kept


def _asked(job: Job) -> list[str]:
    return [*(f"{name}={value}" for name, value in job.variables), *job.words]


def _recorded(path: Path) -> dict[str, list[str]]:
    try:
        with path.open("rb") as file:
            return msgspec.json.decode(file.read(LARGEST), type=dict[str, list[str]])
    except (FileNotFoundError, msgspec.DecodeError, UnicodeDecodeError):
        return {}  # Then everything is taken anew.


def _taken(path: Path) -> str | None:
    """Return when a whole manifest was taken; None where there is none."""
    try:
        return str(load(path).volatile.get("probed_at", ""))
    except ManifestError:
        return None
