"""Which subjects are compared with each other: those that are meant to be alike."""

from __future__ import annotations

import json
from collections import Counter
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.manifest import Component, Manifest, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER: Final = "folder"
"""The criterion that groups by the folder in a subject's name."""
OTHERS: Final = "others"
"""The group of subjects whose names fit no pattern."""
VALUE: Final = "value"


class Pattern(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A group by the names of its subjects."""

    name: str
    match: tuple[str, ...]
    """Patterns of names; one that fits is enough."""


class Criterion(msgspec.Struct, frozen=True, kw_only=True):
    """Facts by which subjects are meant to differ: `gpu.device@name`, `setting:TP_SIZE`."""

    text: str
    kind: str
    name: str = "*"
    """A pattern."""
    property: str | None = None
    """None: the version, or the `value` where there is none."""


class Grouping(msgspec.Struct, frozen=True, kw_only=True):
    """How subjects are put in groups; each is in one."""

    by: tuple[Criterion, ...] = ()
    patterns: tuple[Pattern, ...] = ()
    """The first that fits decides."""
    folder: bool = False


class UnplacedError(Exception):
    """The facts that decide about a subject's group could not be read; says why."""


def criterion(text: str) -> Criterion:
    """Read `KIND[:NAME][@PROPERTY]`; ValueError where there is no kind."""
    fact, at, name_of_property = text.partition("@")
    kind, colon, name = fact.partition(":")
    if not kind or (colon and not name) or (at and not name_of_property):
        raise ValueError(text)
    return Criterion(text=text, kind=kind, name=name or "*", property=name_of_property or None)


def place(name: str, manifest: Manifest, grouping: Grouping, named: str | None = None) -> str:
    """Name the group of a subject, empty where nothing groups; UnplacedError where unknown.

    `named` stands for what its name would say.
    """
    parts = [named] if named is not None else list(_by_name(name, grouping))
    parts += [f"{each.text} {_values(manifest, each)}" for each in grouping.by]
    return ", ".join(parts)


def _by_name(name: str, grouping: Grouping) -> Iterator[str]:
    if grouping.patterns:
        fitting = (p.name for p in grouping.patterns if any(fnmatchcase(name, m) for m in p.match))
        yield next(fitting, OTHERS)
    if grouping.folder:
        yield name.rpartition("/")[0] or "."


def _values(manifest: Manifest, wanted: Criterion) -> str:
    """Print what a subject has of what is wanted, each value once with its number."""
    found = [fact for fact in manifest.facts if fact.kind == wanted.kind or _hides(fact, wanted)]
    named = [fact for fact in found if fact.name == "*" or fnmatchcase(fact.name, wanted.name)]
    for fact in named:
        if isinstance(fact, Unreadable):
            raise UnplacedError(f"{wanted.text}: {fact.reason}")
    known = [fact for fact in named if isinstance(fact, Component)]
    counts = Counter(_printed(fact, wanted.property) for fact in known)
    return (
        " + ".join(f"{n} × {text}" if n > 1 else text for text, n in sorted(counts.items()))
        or "none"
    )


def _hides(fact: Any, wanted: Criterion) -> bool:
    """Tell whether a fact stands for a whole family of kinds that could not be read."""
    wide = isinstance(fact, Unreadable) and fact.name == "*"
    return wide and wanted.kind.startswith(f"{fact.kind}.")


def _printed(component: Component, name: str | None) -> str:
    if name is None and component.version is not None:
        return component.version
    value = component.properties.get(name or VALUE)
    if value is None:
        return "unknown" if name else component.name
    return (
        value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, sort_keys=True)
    )
