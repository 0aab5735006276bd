"""What differs inside two components that stand against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.diff.change import FieldChange

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Component, Value


def differences(a: Component, b: Component) -> tuple[FieldChange, ...]:
    """List the differing fields: version, then properties by path, then where and how found."""
    return (
        *_plain("version", a.version, b.version),
        *_properties(a.properties, b.properties),
        *_plain("location", a.location, b.location),
        *_plain("source", a.source, b.source),
    )


def _plain(path: str, old: Value, new: Value) -> Iterator[FieldChange]:
    if old != new or type(old) is not type(new):
        yield FieldChange(path=path, old=old, new=new)


def _properties(a: dict[str, Value], b: dict[str, Value]) -> Iterator[FieldChange]:
    for key in sorted(a.keys() | b.keys()):
        old, new = a.get(key), b.get(key)
        path = f"properties.{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _nested(path, old, new)
        else:
            yield from _plain(path, old, new)


def _nested(path: str, old: dict[str, Value], new: dict[str, Value]) -> Iterator[FieldChange]:
    if old == new:
        return
    from deepdiff import DeepDiff  # noqa: PLC0415  # costs start-up time; few diffs need it

    found = {}
    for items in DeepDiff(old, new, view="tree", verbose_level=2).values():
        for item in items:
            keys = _to_list(item.path(output_format="list"))
            found[".".join([path, *keys])] = (_at(old, keys), _at(new, keys))
    for name in sorted(found):
        yield FieldChange(path=name, old=found[name][0], new=found[name][1])


def _to_list(path: list[str | int]) -> list[str]:
    """Cut a path where it enters a list: a list is one value, shown whole."""
    keys: list[str] = []
    for part in path:
        if isinstance(part, int):
            break
        keys.append(part)
    return keys


def _at(value: Value, keys: list[str]) -> Value:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
