"""Known faults of single sides: bad versions and several copies, with drift or without."""

from __future__ import annotations

from collections import defaultdict
from functools import lru_cache
from typing import TYPE_CHECKING

import msgspec

from repro.manifest import Component, Manifest
from repro.rules.catalog import Catalog
from repro.rules.conditions import holds
from repro.rules.doubt import accuses
from repro.rules.finding import Finding, Status
from repro.rules.printing import subject
from repro.rules.stating import state
from repro.rules.versions import satisfies

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from repro.diff.change import Comparison
    from repro.diff.origin import Origins, Tracer
    from repro.manifest import Scope
    from repro.rules.rule import Rule

Key = tuple[str, str, str]


def faults(comparison: Comparison, catalog: Catalog, trace: Tracer) -> Iterator[Finding]:
    """Find what is wrong on a side by itself.

    On both sides alike it is no drift (status IDENTICAL). A bad version on one side alone is
    found with the change that brought it; several copies on one side alone are drift of their own.
    """
    scopes, few = comparison.scopes.compared, _lasting(catalog)
    left, right = (_by_key(manifest, scopes, few) for manifest in (comparison.a, comparison.b))
    for key in sorted({**left, **right}):
        for rule in _speaking(few, key):
            known = holds(rule, comparison)
            if known is not False:
                sides = left.get(key, []), right.get(key, [])
                yield from _fault(rule, key, known, sides, trace(*sides))


@lru_cache(maxsize=8)
def _lasting(catalog: Catalog) -> Catalog:
    """Keep the rules that find faults of single sides."""
    rules = [rule for rule in catalog.rules if rule.when.inside or rule.when.copies]
    return Catalog(rules, (), ())


@lru_cache(maxsize=1 << 14)
def _speaking(few: Catalog, key: Key) -> tuple[Rule, ...]:
    """Remember which rules speak of a component: of many manifests, most have the same."""
    return tuple(few.matching(*key))


def _by_key(
    manifest: Manifest, scopes: Collection[Scope], few: Catalog
) -> dict[Key, list[Component]]:
    """Find the components that a rule speaks of."""
    found: dict[Key, list[Component]] = defaultdict(list)
    for fact in manifest.facts:
        if isinstance(fact, Component) and fact.scope in scopes and _speaking(few, fact.key):
            found[fact.key].append(fact)
    return found


def _fault(
    rule: Rule,
    key: Key,
    known: bool | None,
    sides: tuple[list[Component], list[Component]],
    origin: Origins | None,
) -> Iterator[Finding]:
    old, new = (_wrong(rule, side) for side in sides)
    if old and new:
        status = Status.IDENTICAL
    elif (old or new) and rule.when.copies:
        status = Status.SUSPECT if accuses(rule) else Status.EQUIVALENT
    else:
        return
    about = subject(key[1], key[2])
    found = state(rule, known=known, subject=about, values=(old, new), status=status)
    yield msgspec.structs.replace(found, origin=origin)


def _wrong(rule: Rule, side: list[Component]) -> str | None:
    if rule.when.inside is not None:
        bad = [c.version for c in side if c.version and satisfies(c.version, rule.when.inside)]
        return bad[0] if bad else None
    return _copies(side)


def _copies(side: list[Component]) -> str | None:
    """Print the versions of copies that differ and share an environment; None if there are none."""
    places: dict[str, dict[tuple[str | None, str], str]] = defaultdict(dict)
    for component in side:
        place = str(component.properties.get("environment", ""))
        identity = (component.version, str(component.properties.get("build_id", "")))
        places[place][identity] = component.version or "version unknown"
    several = [sorted(found.values()) for found in places.values() if len(found) > 1]
    return " and ".join(several[0]) if several else None
