"""Manifests in order of time in, what changed at each step out."""

from __future__ import annotations

from collections import defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from repro.diff import compare
from repro.history.model import Entry, History, Step, Timeline
from repro.manifest import Component, Unreadable
from repro.rules.finding import Status
from repro.rules.judge import judge
from repro.rules.printing import printed
from repro.verdict import decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from repro.diff.change import Change, Comparison
    from repro.history.model import Subject, Unplaced
    from repro.history.points import Point
    from repro.history.wanted import Wanted
    from repro.manifest import Fact
    from repro.policy import Policy
    from repro.rules.catalog import Catalog
    from repro.verdict import Verdict

WRITTEN: Final = "%Y-%m-%dT%H:%M:%SZ"


class Judging:
    """What is needed to say what a step means."""

    def __init__(self, catalog: Catalog, policy: Policy) -> None:
        self._catalog, self._policy = catalog, policy

    def __call__(self, comparison: Comparison) -> Verdict:
        """Return the verdict on two manifests."""
        return decide(comparison, judge(comparison, self._catalog), self._policy)


def history(
    points: Sequence[Point],
    unplaced: Iterable[Unplaced],
    *,
    wanted: Wanted | None = None,
    judging: Judging | None = None,
    notes: Iterable[str] = (),
) -> History:
    """Say for each subject when it changed; points are in order of time.

    `wanted` are the facts that are looked at; then their first values are told, too. With
    `judging`, each step has a verdict.
    """
    found: dict[Subject, list[Point]] = defaultdict(list)
    for point in points:
        found[point.subject].append(point)
    look = _Look(wanted, judging, _kinds(points, wanted) if wanted else frozenset())
    return History(
        timelines=tuple(_timeline(each, look) for _, each in sorted(found.items())),
        unplaced=tuple(sorted(unplaced, key=lambda each: each.place)),
        notes=tuple(notes),
    )


class _Look(NamedTuple):
    """What is looked at, and how."""

    wanted: Wanted | None
    judging: Judging | None
    kinds: frozenset[str]
    """That what is wanted has anywhere."""


def _kinds(points: Sequence[Point], wanted: Wanted) -> frozenset[str]:
    facts = {id(fact): fact for point in points for fact in point.manifest.facts}
    known = (fact for fact in facts.values() if isinstance(fact, Component))
    return frozenset(fact.kind for fact in known if wanted.names(fact))


def _timeline(points: list[Point], look: _Look) -> Timeline:
    first = [_first(points[0], look.wanted)] if look.wanted else []
    steps = [_step(older, newer, look) for older, newer in pairwise(points)]
    return Timeline(
        subject=points[0].subject,
        manifests=len(points),
        first=_written(points[0]),
        last=_written(points[-1]),
        steps=tuple(step for step in [*first, *steps] if step.entries),
        unread=_unread(points[-1].manifest.facts, look),
    )


def _first(point: Point, wanted: Wanted) -> Step:
    facts = [f for f in point.manifest.facts if isinstance(f, Component) and wanted.names(f)]
    entries = [
        Entry(scope=f.scope, kind=f.kind, name=f.name, how="first", old=None, new=wanted.shown(f))
        for f in facts
    ]
    return Step(at=_written(point), place=point.place, entries=tuple(entries))


def _step(older: Point, newer: Point, look: _Look) -> Step:
    """Compare two manifests; those with one digest are not looked at again."""
    at, place = _written(newer), newer.place
    if older.manifest.digests.whole == newer.manifest.digests.whole:
        return Step(at=at, place=place, entries=())
    comparison = compare(older.manifest, newer.manifest)
    verdict = look.judging(comparison) if look.judging else None
    entries = tuple(_entries(comparison, look.wanted, verdict))
    return Step(at=at, place=place, entries=entries, status=verdict.status if verdict else None)


def _entries(
    comparison: Comparison, wanted: Wanted | None, verdict: Verdict | None
) -> Iterator[Entry]:
    for change in comparison.changes:
        how = change.how
        # What neither manifest could read is no event; the timeline names it once.
        if how == "unknown" or (wanted and not wanted(change)):
            continue
        old, new = wanted.values(change) if wanted else printed(change)
        yield Entry(
            scope=change.scope,
            kind=change.kind,
            name=change.name,
            how=how,
            old=old,
            new=new,
            **_meaning(change, verdict),
        )


def _meaning(change: Change, verdict: Verdict | None) -> dict[str, Any]:
    """Say what a change does to outputs, as the findings about it have it."""
    if verdict is None:
        return {}
    about = [each for each in verdict.findings if each.change and _same(each.change, change)]
    worst = max((each.status for each in about), key=lambda s: s.rank, default=Status.EQUIVALENT)
    return {"status": worst, "codes": tuple(dict.fromkeys(each.code for each in about))}


def _same(one: Change, other: Change) -> bool:
    """Tell whether a finding's change is this one, of which it may hold some fields alone."""
    fields = ("scope", "kind", "name", "old", "new")
    return all(getattr(one, field) == getattr(other, field) for field in fields)


def _unread(facts: Iterable[Fact], look: _Look) -> tuple[str, ...]:
    hidden = [fact for fact in facts if isinstance(fact, Unreadable)]
    if look.wanted:
        hidden = [fact for fact in hidden if look.wanted.hidden_by(fact, look.kinds)]
    return tuple(f"{fact.kind} {fact.name}: {fact.reason}" for fact in hidden)


def _written(point: Point) -> str:
    return point.at.strftime(WRITTEN)
