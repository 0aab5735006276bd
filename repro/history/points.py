"""When, and of what, a manifest speaks: its place in time."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.history.model import Subject, Unplaced

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.manifest import Manifest

SET: Final = datetime(2015, 1, 1, tzinfo=UTC)
"""A clock that is earlier was never set: it begins at 1970, or at some firmware's date."""
READ: Final = frozenset({"static", "endpoint"})
"""Modes of what is seen alike from everywhere."""


class Point(NamedTuple):
    """A manifest and its place in time."""

    at: datetime
    place: str
    subject: Subject
    manifest: Manifest


def points(found: Iterable[tuple[str, Manifest]]) -> tuple[list[Point], list[Unplaced]]:
    """Put manifests in order of time; those whose time is not to be had are named."""
    placed: list[Point] = []
    unplaced: list[Unplaced] = []
    for place, manifest in found:
        at = moment(manifest)
        if at is None:
            unplaced.append(Unplaced(place=place, reason="it does not say when it was taken"))
        elif at < SET:
            reason = f"its host's clock was not set: it says {at:%Y-%m-%d %H:%M}"
            unplaced.append(Unplaced(place=place, reason=reason))
        else:
            placed.append(Point(at, place, subject(manifest), manifest))
    return sorted(placed, key=lambda point: (point.at, point.place)), unplaced


def subject(manifest: Manifest) -> Subject:
    """Say of what a manifest speaks."""
    mode, volatile = manifest.target.properties.get("mode"), manifest.volatile
    if mode in READ:
        return Subject(name=manifest.target.name, mode="read" if mode == "static" else str(mode))
    host, machine = (_text(volatile.get(key)) for key in ("host", "machine"))
    return Subject(name=manifest.target.name, host=host, machine=machine)


def moment(manifest: Manifest) -> datetime | None:
    """Read when a manifest was taken, by its host's clock; None where it says nothing readable."""
    try:
        at = datetime.fromisoformat(_text(manifest.volatile.get("probed_at")))
        return (at if at.tzinfo else at.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError):
        return None


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
