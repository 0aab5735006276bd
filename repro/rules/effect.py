"""Whether a changed variable has an effect: who reads it, and what it resolved to."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import msgspec

from repro.manifest import Component, Unreadable
from repro.manifest.model import canonical
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.rules.printing import printed, subject

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from repro.diff.change import Change, Comparison
    from repro.manifest import Fact, Manifest

KINDS: Final = ("setting", "image.env")
INSTALLED: Final = {"python.package": "", "conda.package": "*", "os.package": "*"}
"""Kinds of packages, and what may stand before a name in them: libtorch, python3-torch."""
CODES: Final = {
    "NOREADER": "Nothing that is installed on either side reads this variable.",
    "RESOLVED": "What this variable decides was read on both sides, and is the same.",
}
"""Codes of findings about variables."""


class Reader(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which software reads variables."""

    variables: tuple[str, ...]
    packages: tuple[str, ...]
    """Patterns of distributions' names."""
    libraries: tuple[str, ...] = ()
    """Patterns of CUDA libraries' names."""
    source: str


class Resolved(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which facts show what variables decide."""

    variables: tuple[str, ...]
    facts: tuple[str, ...]
    """`kind:name` patterns; one that neither side has says nothing, but one has to be there."""
    why: str
    source: str


def effect(
    change: Change, comparison: Comparison, readers: Iterable[Reader], resolved: Iterable[Resolved]
) -> Finding | None:
    """Say that a changed variable moves nothing; None where it may, or nobody knows."""
    if change.kind not in KINDS:
        return None
    sides = (comparison.a, comparison.b)
    ran = "process" in comparison.scopes.compared
    for row in resolved:
        if _named(change.name, row.variables) and ran and _same(row, *sides):
            return _finding(change, "RESOLVED", "resolved to the same", row.why, row.source)
    rows = [row for row in readers if _named(change.name, row.variables)]
    if rows and not any(_read(row, side) for row in rows for side in sides):
        names = ", ".join(dict.fromkeys(name for row in rows for name in row.packages))
        why = f"What reads it ({names}) is on neither side."
        return _finding(change, "NOREADER", "a variable that nothing reads", why, rows[0].source)
    return None


def _named(name: str, patterns: Iterable[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _read(row: Reader, side: Manifest) -> bool:
    """Tell whether what reads a variable is on a side, or may be: a server without Python."""
    if not any(fact.kind == "python.package" for fact in side.facts):
        return True
    return any(_reads(row, fact) for fact in side.facts)


def _reads(row: Reader, fact: Fact) -> bool:
    if fact.kind == "program" and not isinstance(fact, Unreadable):
        return isinstance(fact, Component)
    if fact.kind in INSTALLED:
        return _may_be(fact, [INSTALLED[fact.kind] + name for name in row.packages])
    return fact.kind.startswith("cuda.library") and _may_be(fact, row.libraries)


def _may_be(fact: Fact, patterns: Sequence[str]) -> bool:
    if isinstance(fact, Unreadable):
        return fact.name == "*" or _named(fact.name, patterns)
    return isinstance(fact, Component) and _named(fact.name, patterns)


def _same(row: Resolved, a: Manifest, b: Manifest) -> bool:
    """Tell whether all facts of the row are known and equal on both sides, and there is one."""
    sides = [[fact for fact in side.facts if _shows(row, fact)] for side in (a, b)]
    if not all(sides) or any(isinstance(fact, Unreadable) for side in sides for fact in side):
        return False
    known = [sorted(canonical(f) for f in side if isinstance(f, Component)) for side in sides]
    return bool(known[0]) and known[0] == known[1]


def _shows(row: Resolved, fact: Fact) -> bool:
    for pattern in row.facts:
        kind, _, name = pattern.partition(":")
        if fact.kind == kind and (fact.name == "*" or fnmatchcase(fact.name, name)):
            return True
    return False


def _finding(change: Change, code: str, title: str, why: str, source: str) -> Finding:
    old, new = printed(change)
    return Finding(
        code=code,
        title=title,
        status=Status.EQUIVALENT,
        impact=Impact.NONE,
        basis=Basis.DOCUMENTED,
        change=change,
        subject=subject(change.kind, change.name),
        old=old,
        new=new,
        why=why,
        sources=(source,),
    )
