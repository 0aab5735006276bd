"""The shapes of a history: subjects, and the steps at which they changed."""

from __future__ import annotations

from typing import Literal

import msgspec

from repro.manifest import Scope
from repro.rules.finding import Status

How = Literal["first", "added", "removed", "changed", "lost", "gained"]
"""As in a comparison; `first`: what was there when a subject was first seen."""


class Subject(msgspec.Struct, frozen=True, kw_only=True, order=True):
    """What is one thing through time, as far as its manifests say.

    A manifest that lies about its name or its host is counted to what it names.
    """

    name: str
    """Of the target: an image, a container, `local`, `host`."""
    host: str = ""
    """Empty for what is only read, which is the same wherever that is done."""
    machine: str = ""
    """A hash of the machine id: it tells two hosts of one name apart."""
    mode: str = ""
    """`read` for what was not run: it is not compared with a run."""

    def __str__(self) -> str:
        """Name it for people."""
        host = f" on {self.host}" if self.host else ""
        machine = f" [{self.machine[:8]}]" if self.machine else ""
        return f"{self.name}{host}{machine}{f' ({self.mode})' if self.mode else ''}"


class Entry(msgspec.Struct, frozen=True, kw_only=True):
    """One fact that changed."""

    scope: Scope
    kind: str
    name: str
    how: How
    old: str | None
    new: str | None
    status: Status | None = None
    """What it means for outputs; None where nobody asked."""
    codes: tuple[str, ...] = ()
    """Of the rules that say so."""


class Step(msgspec.Struct, frozen=True, kw_only=True):
    """What changed from one manifest of a subject to the next."""

    at: str
    """When the later one was taken (RFC 3339, UTC)."""
    place: str
    entries: tuple[Entry, ...]
    status: Status | None = None
    """The verdict on the two; None where nobody asked, and for the first."""


class Timeline(msgspec.Struct, frozen=True, kw_only=True):
    """One subject through time."""

    subject: Subject
    manifests: int
    first: str
    last: str
    steps: tuple[Step, ...]
    """Only those at which something changed, the oldest first."""
    unread: tuple[str, ...]
    """Facts that could not be read in its newest manifest: whether they changed is not known."""


class Unplaced(msgspec.Struct, frozen=True, kw_only=True):
    """A manifest that is in no line of time, and why."""

    place: str
    reason: str
    readable: bool = True
    """Whether it is a manifest at all."""


class History(msgspec.Struct, frozen=True, kw_only=True):
    """All that a store tells."""

    timelines: tuple[Timeline, ...]
    """By subject."""
    unplaced: tuple[Unplaced, ...]
    """By place."""
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """2 where a manifest could not be read, so that something may be missing."""
        return 0 if all(each.readable for each in self.unplaced) else 2
