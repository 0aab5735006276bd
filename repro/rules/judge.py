"""Changes in, findings out: every rule that fires, and an inference where none does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from repro.diff.measure import KIND as CANARY
from repro.diff.origin import Tracer
from repro.manifest import Component
from repro.rules import effect, inference, measured
from repro.rules.conditions import holds
from repro.rules.doubt import accuses, undecided
from repro.rules.faults import faults
from repro.rules.finding import Impact, Status
from repro.rules.firing import changed_fields, fires, matching_fields
from repro.rules.form import apart
from repro.rules.inference import PLACE, declared, doubted, infer, nothing, unread
from repro.rules.precision import spoken
from repro.rules.printing import printed, subject
from repro.rules.relevance import Relevance
from repro.rules.settling import Settling
from repro.rules.sourcing import Sourcing
from repro.rules.stating import grade, state

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from repro.diff.change import Change, Comparison, FieldChange
    from repro.rules.catalog import Catalog
    from repro.rules.finding import Finding
    from repro.rules.rule import Rule

BESIDE_THE_POINT: Final = frozenset(
    {
        "version",
        "location",
        "source",
        "properties.owner",
        "properties.certainty",
        "properties.environment",
        "properties.entry",
        "properties.requires",
        "properties.installer",
        "properties.record",
        "properties.tags",
        "properties.wheel_build",
    }
)
"""Fields that go with a version, so a range of alike versions settles them."""

CODES: Final = {**inference.CODES, **measured.CODES, **effect.CODES}
"""Codes of findings that no rule of the catalogue stands behind, and what they say."""
ORDER: Final = list(Impact)
"""Worst first."""

Hit = tuple["Rule", bool | None]
"""A rule that fires, and whether its conditions are known to hold."""


def judge(comparison: Comparison, catalog: Catalog, roots: Collection[str] = ()) -> list[Finding]:
    """Say what each change means, and which known faults both sides share.

    `roots` are the packages that what serves begins with; without any they are found.
    """
    trace = Tracer(comparison.a, comparison.b)
    settle, source = Settling(comparison), Sourcing(comparison)
    relevance = Relevance(comparison, catalog, roots)
    found = [
        msgspec.structs.replace(source(settle(finding)), origin=trace([change.old], [change.new]))
        for change in comparison.changes
        for finding in _of_change(change, comparison, catalog, relevance)
    ]
    return [*nothing(comparison), *found, *faults(comparison, catalog, trace)]


def _of_change(
    change: Change, comparison: Comparison, catalog: Catalog, relevance: Relevance
) -> Iterator[Finding]:
    if change.how in ("lost", "gained", "unknown"):
        yield unread(change, catalog)
        return
    if change.kind == CANARY:
        yield from measured.measured(change, comparison)
        return
    if change.kind == "image.env" and _effective(change.name, comparison):
        yield declared(change)
        return
    if without := effect.effect(change, comparison, catalog.readers, catalog.resolved):
        yield without
        return
    rest, form = apart(change)
    if form:
        yield inference.rewritten(change, form)
    if rest is None:
        return
    change = rest
    candidates = _candidates(change, catalog)
    chosen = _leading(_hits(candidates, change, comparison), change)
    found = [_finding(hit, change, fields) for hit, fields in spoken(chosen, change)]
    if not chosen or _unspoken(chosen, change):
        found.append(infer(change, catalog, relevance))
    yield from found
    if all(finding.status.rank <= Status.EQUIVALENT.rank for finding in found):
        open_rules = [r for r in undecided(candidates, change) if holds(r, comparison) is not False]
        if open_rules:
            yield doubted(change, open_rules)


def _hits(candidates: list[Rule], change: Change, comparison: Comparison) -> list[Hit]:
    """List the rules that fire; one that calls a change harmless must be sure of its conditions."""
    firing = [(rule, holds(rule, comparison)) for rule in candidates if fires(rule, change)]
    return [(rule, known) for rule, known in firing if known or (known is None and accuses(rule))]


def _candidates(change: Change, catalog: Catalog) -> list[Rule]:
    if change.kind == "image.env":
        # Nothing effective was seen, so what the image declares has to speak for it.
        return catalog.matching("process", "setting", change.name)
    return catalog.matching(change.scope, change.kind, change.name)


def _effective(name: str, comparison: Comparison) -> bool:
    """Tell whether what ran is compared, and the variable was seen in a process."""
    if "process" not in comparison.scopes.compared:
        return False
    facts = (comparison.a.facts, comparison.b.facts)
    ran = all(any(f.scope == "process" and isinstance(f, Component) for f in fs) for fs in facts)
    key = ("process", "setting", name)
    return ran and any(f.key == key and isinstance(f, Component) for fs in facts for f in fs)


def _unspoken(chosen: list[Hit], change: Change) -> bool:
    """Tell whether rules call some fields harmless, and others differ that no rule speaks of."""
    rules = [rule for rule, _ in chosen]
    if any(accuses(rule) or rule.when.fields is None for rule in rules):
        return False
    said = {field.path for rule in rules for field in matching_fields(rule.when, change)}
    return bool({field.path for field in changed_fields(change)} - said - PLACE)


def _leading(hits: list[Hit], change: Change) -> list[Hit]:
    """Keep what is said most precisely: a crossed boundary before `any version`.

    A range of alike versions silences the general rules, but only where nothing else changed.
    """
    specific = [hit for hit in hits if not _general(hit[0]) and hit[0].when.within is None]
    alike = [hit for hit in hits if hit[0].when.within is not None]
    settled = alike if {field.path for field in changed_fields(change)} <= BESIDE_THE_POINT else []
    general = [hit for hit in hits if _general(hit[0]) and not _alike(hit[0], settled)]
    presence = [hit for hit in specific if hit[0].when.presence]
    if presence:
        return presence + _worse(specific + general, presence)
    if specific:
        return specific + _worse(general, specific)
    return general or settled


def _alike(rule: Rule, settled: list[Hit]) -> bool:
    """Tell whether a range of alike versions speaks of the impact that a general rule fears."""
    return any(not known.alike or rule.impact in known.alike for known, _ in settled)


def _worse(others: list[Hit], said: list[Hit]) -> list[Hit]:
    """Pick what is graded worse, or moves a more material output, than all that was said."""
    grades = [grade(rule, known=known).rank for rule, known in said]
    impacts = [ORDER.index(rule.impact) for rule, _ in said]
    return [
        (rule, known)
        for rule, known in others
        if grade(rule, known=known).rank > max(grades) or ORDER.index(rule.impact) < min(impacts)
    ]


def _general(rule: Rule) -> bool:
    return bool(rule.when.version or rule.when.any)


def _finding(hit: Hit, change: Change, fields: list[FieldChange]) -> Finding:
    rule, known = hit
    return state(
        rule,
        known=known,
        subject=subject(change.kind, change.name),
        values=printed(change, fields),
        change=change,
    )
