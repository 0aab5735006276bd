"""Changes in, findings out: every rule that fires, and an inference where none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.manifest import Component, Manifest
from repro.rules.conditions import holds
from repro.rules.faults import faults
from repro.rules.firing import changed_fields, fires, matching_fields
from repro.rules.inference import declared, infer, unread
from repro.rules.printing import printed, subject
from repro.rules.stating import grade, state

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.diff.change import Change, Comparison
    from repro.rules.catalog import Catalog
    from repro.rules.finding import Finding
    from repro.rules.rule import Rule

BESIDE_THE_POINT: Final = frozenset(
    {
        "version",
        "location",
        "source",
        "properties.owner",
        "properties.environment",
        "properties.entry",
    }
)
"""Fields that a range of alike versions settles; any other change has to be judged by itself."""


Hit = tuple["Rule", bool | None]
"""A rule that fires, and whether its conditions are known to hold."""


def judge(comparison: Comparison, catalog: Catalog) -> list[Finding]:
    """Say what each change means, and which known faults both sides share."""
    found = [f for change in comparison.changes for f in _of_change(change, comparison, catalog)]
    return [*found, *faults(comparison, catalog)]


def _of_change(change: Change, comparison: Comparison, catalog: Catalog) -> Iterator[Finding]:
    if change.how in ("lost", "gained", "unknown"):
        yield unread(change, catalog)
        return
    if change.kind == "image.env" and _both_ran(comparison):
        yield declared(change)
        return
    hits: list[Hit] = [
        (rule, known)
        for rule in _candidates(change, catalog)
        if fires(rule, change) and (known := holds(rule, comparison)) is not False
    ]
    chosen = _leading(hits, change)
    if chosen:
        yield from (_finding(rule, change, known) for rule, known in chosen)
    else:
        yield infer(change, comparison, catalog)


def _candidates(change: Change, catalog: Catalog) -> list[Rule]:
    if change.kind == "image.env":
        # Nothing effective was seen, so what the image declares has to speak for it.
        return catalog.matching("process", "setting", change.name)
    return catalog.matching(change.scope, change.kind, change.name)


def _both_ran(comparison: Comparison) -> bool:
    return all(_ran(manifest) for manifest in (comparison.a, comparison.b))


def _ran(manifest: Manifest) -> bool:
    return any(fact.scope == "process" and isinstance(fact, Component) for fact in manifest.facts)


def _leading(hits: list[Hit], change: Change) -> list[Hit]:
    """Keep what is said most precisely: a crossed boundary before `any version`.

    A range of alike versions silences the general rules, but only where nothing else changed.
    """
    specific = [hit for hit in hits if not _general(hit[0]) and hit[0].when.within is None]
    alike = [hit for hit in hits if hit[0].when.within is not None]
    general = [hit for hit in hits if _general(hit[0])]
    if specific:
        worst = max(grade(rule, known=known).rank for rule, known in specific)
        return specific + [
            (rule, known) for rule, known in general if grade(rule, known=known).rank > worst
        ]
    paths = {field.path for field in changed_fields(change)} | {"version"}
    if alike and paths <= BESIDE_THE_POINT | {"properties.record", "properties.tags"}:
        return alike
    return general


def _general(rule: Rule) -> bool:
    return bool(rule.when.version or rule.when.any)


def _finding(rule: Rule, change: Change, known: bool | None) -> Finding:
    fields = matching_fields(rule.when, change) if rule.when.fields else []
    return state(
        rule,
        known=known,
        subject=subject(change.kind, change.name),
        values=printed(change, fields),
        change=change,
    )
