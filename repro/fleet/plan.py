"""What is to be collected: a job a place, and the places that are known to give nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, Self

if TYPE_CHECKING:
    from collections.abc import Iterable

NAME: Final = re.compile(
    r"[A-Za-z0-9][A-Za-z0-9._-]{0,199}(/[A-Za-z0-9][A-Za-z0-9._-]{0,199}){0,3}"
)
"""A name becomes the name of a file, with folders before a slash."""


class Job(NamedTuple):
    """A snapshot that is to be taken: as `repro snapshot` is told."""

    name: str
    """Fits NAME."""
    target: str
    options: tuple[str, ...] = ()
    variables: tuple[tuple[str, str], ...] = ()
    """Set for the snapshot alone."""

    @property
    def words(self) -> list[str]:
        """The arguments, of which the target may look like an option."""
        return [*self.options, "--", self.target]


class Lost(NamedTuple):
    """A place of which no snapshot is to be had."""

    name: str
    reason: str
    advice: str = ""


class Plan(NamedTuple):
    """All places, each once by its name."""

    jobs: tuple[Job, ...]
    lost: tuple[Lost, ...] = ()
    notes: tuple[str, ...] = ()

    @classmethod
    def of(cls, jobs: Iterable[Job], lost: Iterable[Lost] = (), notes: Iterable[str] = ()) -> Self:
        """Keep the first job of a name, by case-insensitive names; the others are lost."""
        kept: dict[str, Job] = {}
        bad = list(lost)
        for job in jobs:
            if not NAME.fullmatch(job.name):
                advice = "Letters, digits, `.`, `_` and `-`: it names a file, too."
                bad.append(Lost(job.name[:200], f"{job.name[:80]!r} is no name of a host", advice))
            elif job.name.lower() in kept:
                bad.append(Lost(job.name, "another one has the same name", "Give each its name."))
            else:
                kept[job.name.lower()] = job
        return cls(tuple(sorted(kept.values())), tuple(bad), tuple(notes))
