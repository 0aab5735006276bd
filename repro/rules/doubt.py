"""What might be true where less is known than rules need: doubt never betters a verdict."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.rules.finding import Impact, Status
from repro.rules.firing import fires
from repro.rules.stating import grade

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.diff.change import Change
    from repro.rules.catalog import Catalog
    from repro.rules.rule import Rule


def accuses(rule: Rule) -> bool:
    """Tell whether a rule, if it fires, says more than that a change is harmless."""
    return grade(rule, known=True).rank > Status.EQUIVALENT.rank


def undecided(rules: Iterable[Rule], change: Change) -> list[Rule]:
    """List the rules that might accuse, but compare versions that are not known on both sides."""
    return [rule for rule in rules if accuses(rule) and fires(rule, change) is None]


def needed(change: Change, catalog: Catalog) -> bool:
    """Tell whether a fact that could not be read might have differed in more than harmless ways.

    The name of a fact that was read on neither side may stand for many: a folder, a database.
    """
    kinds = [change.kind]
    if change.how == "unknown" and change.name == "*":
        kinds += catalog.kinds_under(change.kind)
    return any(_may_matter(kind, change, catalog) for kind in kinds)


def _may_matter(kind: str, change: Change, catalog: Catalog) -> bool:
    row = catalog.inference(kind)
    if row.required or row.impact not in (Impact.NONE, Impact.SPEED):
        return True
    if change.how == "unknown":
        return any(map(accuses, catalog.of_kind(kind)))
    return any(map(accuses, catalog.matching(change.scope, kind, change.name)))
