"""Which of several rules speaks of a field: the one that names it most precisely."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from repro.rules.firing import matching_fields
from repro.rules.stating import grade

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from repro.diff.change import Change, FieldChange
    from repro.rules.rule import Rule

    Hit = tuple[Rule, bool | None]


def spoken(hits: Sequence[Hit], change: Change) -> Iterator[tuple[Hit, list[FieldChange]]]:
    """Yield each rule that fires with the changed fields that it speaks of, if it names any.

    A field is left to a rule that names it more precisely, if that one says the same of the same
    outputs or worse, and a rule is silent that has none left.
    """
    named = [matching_fields(rule.when, change) if rule.when.fields else [] for rule, _ in hits]
    for hit, fields in zip(hits, named, strict=True):
        others = [pair for pair in zip(hits, named, strict=True) if _as_bad(pair[0], hit)]
        left = [
            field
            for field in fields
            if not any(field in theirs and _finer(other, hit, field) for other, theirs in others)
        ]
        if left or not fields:
            yield hit, left


def _as_bad(other: Hit, hit: Hit) -> bool:
    """Tell whether a rule is no milder than another on the same outputs, nor sooner settled."""
    (theirs, known), (ours, sure) = other, hit
    return (
        grade(theirs, known=known).rank >= grade(ours, known=sure).rank
        and theirs.impact is ours.impact
        and theirs.canary in (None, ours.canary)
    )


def _finer(other: Hit, hit: Hit, field: FieldChange) -> bool:
    """Tell whether every pattern by which a rule names a field covers one of the other's."""
    theirs, ours = (
        [pattern for pattern in rule.when.fields or () if fnmatchcase(field.path, pattern)]
        for rule, _ in (other, hit)
    )
    return all(any(_covers(wide, narrow) for narrow in theirs) for wide in ours)


def _covers(wide: str, narrow: str) -> bool:
    return fnmatchcase(narrow, wide) and not fnmatchcase(wide, narrow)
