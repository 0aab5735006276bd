"""Whether a rule fires on a change, and on what fields."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from repro.diff.change import Change, FieldChange
from repro.manifest import Component
from repro.rules.conditions import text
from repro.rules.versions import comparable, crosses, same_build, satisfies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Value
    from repro.rules.rule import Rule, When


def fires(rule: Rule, change: Change) -> bool | None:
    """Tell whether what a rule waits for is in a change of a component that it speaks of.

    None: it compares what is not known on both sides: versions that are missing or have no order,
    or two values of a component that is on one side alone.
    """
    when = rule.when
    if when.any:
        return True
    if when.presence:
        return change.how in ("added", "removed")
    if when.fields is not None:
        alone = change.how != "changed" and (when.values is not None or bool(when.unchanged))
        return bool(matching_fields(when, change)) or (None if alone else False)
    if when.copies:
        return False
    return _versions(when, *change.versions)


def _versions(when: When, old: str | None, new: str | None) -> bool | None:
    if old == new:
        return None if old is None else False
    if old is None or new is None:
        return None
    if when.version:
        return True
    if not (comparable(old) and comparable(new)):
        return None
    return _ranges(when, old, new)


def _ranges(when: When, old: str, new: str) -> bool:
    if when.crosses is not None:
        return any(crosses(old, new, boundary) for boundary in when.crosses)
    if when.between is not None:
        first, second = when.between
        return (satisfies(old, first) and satisfies(new, second)) or (
            satisfies(old, second) and satisfies(new, first)
        )
    if when.within is not None:
        # Another local label is another build, which no range of releases speaks of.
        alike = satisfies(old, when.within) and satisfies(new, when.within)
        return alike and same_build(old, new)
    return when.inside is not None and satisfies(old, when.inside) != satisfies(new, when.inside)


def matching_fields(when: When, change: Change) -> list[FieldChange]:
    """Pick the changed fields that a rule names, with one of its values on a side if it has any."""
    changed = changed_fields(change)
    if any(field.path in when.unchanged for field in changed):
        return []
    return [field for field in changed if _wanted(when, field)]


def _wanted(when: When, field: FieldChange) -> bool:
    if not any(fnmatchcase(field.path, pattern) for pattern in when.fields or ()):
        return False
    values = {text(value) for value in (field.old, field.new) if value is not None}
    return when.values is None or bool(values & set(when.values))


def changed_fields(change: Change) -> tuple[FieldChange, ...]:
    """List a change's fields; those of a component on one side alone stand against None."""
    if change.how not in ("added", "removed"):
        return change.fields
    component = change.new if change.how == "added" else change.old
    if not isinstance(component, Component):
        return ()
    values = dict(_leaves("properties", component.properties))
    if component.version is not None:
        values["version"] = component.version
    if change.how == "added":
        return tuple(FieldChange(path=p, old=None, new=v) for p, v in values.items())
    return tuple(FieldChange(path=p, old=v, new=None) for p, v in values.items())


def _leaves(path: str, value: Value) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        for key, item in value.items():
            yield from _leaves(f"{path}.{key}", item)
    else:
        yield path, value
