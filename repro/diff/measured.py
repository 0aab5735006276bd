"""All canaries of two manifests, paired and compared: what was measured, and where not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from repro.diff.measure import KIND, Measurement, measure, not_run
from repro.diff.pairing import pair
from repro.diff.scopes import Side
from repro.manifest import Component

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.diff.change import Comparison
    from repro.manifest import Manifest


class Pair(msgspec.Struct, frozen=True, kw_only=True):
    """One canary on both sides, or on one of them."""

    canary: Component
    measurement: Measurement | None
    """None where one side has no result."""
    environments: tuple[str | None, str | None] = (None, None)
    """Where it ran on each side; None where it did not, or belongs to no environment."""


class Measured(msgspec.Struct, frozen=True, kw_only=True):
    """How much was measured on both sides, in numbers."""

    canaries: int = 0
    """Canaries with a result on both sides."""
    cases: int = 0
    changed: int = 0
    """Canaries of which a case came out otherwise."""
    cases_changed: int = 0
    without: tuple[Side, ...] = ()
    """The sides on which no canary was run."""
    not_run: int = 0
    """Canaries that were not run on a side: no time was left, or they would not have been safe."""


def pairs(comparison: Comparison) -> Iterator[Pair]:
    """Yield the canaries of both manifests, by name; none where they are not compared."""
    if "process" not in comparison.scopes.compared or comparison.unmeasured:
        return
    left, right = (_canaries(side) for side in (comparison.a, comparison.b))
    for name in sorted(left.keys() | right.keys()):
        for old, new in pair(left.get(name, []), right.get(name, [])):
            found = measure(old, new, comparison.a, comparison.b) if old and new else None
            if canary := new or old:
                places = (_environment(old), _environment(new))
                yield Pair(canary=canary, measurement=found, environments=places)


def summary(comparison: Comparison) -> Measured:
    """Count what was measured."""
    found = [each.measurement for each in pairs(comparison) if each.measurement]
    both = [measurement for measurement in found if measurement.comparable]
    changed = [sum(case.valid for case in measurement.changed) for measurement in both]
    return Measured(
        canaries=len(both),
        cases=sum(measurement.cases for measurement in both),
        changed=sum(bool(count) for count in changed),
        cases_changed=sum(changed),
        without=comparison.unmeasured,
        not_run=len(_idle(comparison)),
    )


def _environment(side: Component | None) -> str | None:
    said = side.properties.get("environment") if side else None
    return said if isinstance(said, str) else None


def _idle(comparison: Comparison) -> set[str]:
    """Name the canaries that were not run on a side, where they were wanted."""
    if "process" not in comparison.scopes.compared or len(comparison.unmeasured) == 1:
        return set()
    facts = (*comparison.a.facts, *comparison.b.facts)
    named = (fact for fact in facts if fact.kind == KIND and fact.name != "*")
    return {fact.name for fact in named if not_run(fact)}


def _canaries(manifest: Manifest) -> dict[str, list[Component]]:
    found: dict[str, list[Component]] = {}
    for fact in manifest.facts:
        if fact.kind == KIND and isinstance(fact, Component):
            found.setdefault(fact.name, []).append(fact)
    return found
