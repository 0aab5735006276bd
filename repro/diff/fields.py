"""What differs inside two components that stand against each other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.diff.change import FieldChange
from repro.manifest.model import canonical

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Component, Value


def differences(a: Component, b: Component) -> tuple[FieldChange, ...]:
    """List the differing fields: version, then properties by path, then where and how found."""
    if a is b:  # Of many manifests, most facts are one object in all of them.
        return ()
    return (
        *_plain("version", a.version, b.version),
        *_properties(a.properties, b.properties),
        *_plain("location", a.location, b.location),
        *_plain("source", a.source, b.source),
    )


def _plain(path: str, old: Value, new: Value) -> Iterator[FieldChange]:
    # As JSON, since in Python 1 == True and [1] == [True].
    if canonical(old) != canonical(new):
        yield FieldChange(path=path, old=old, new=new)


def _properties(a: dict[str, Value], b: dict[str, Value]) -> Iterator[FieldChange]:
    for key in sorted(a.keys() | b.keys()):
        old, new = a.get(key), b.get(key)
        path = f"properties.{key}"
        if isinstance(old, dict) and isinstance(new, dict):
            yield from _nested(path, old, new)
        elif (key in a) != (key in b):
            yield FieldChange(path=path, old=old, new=new)
        else:
            yield from _plain(path, old, new)


def _nested(path: str, old: dict[str, Value], new: dict[str, Value]) -> Iterator[FieldChange]:
    if canonical(old) == canonical(new):
        return
    from deepdiff import DeepDiff  # noqa: PLC0415  # costs start-up time; few diffs need it

    # Keys that begin with two underscores are data here, not private attributes; and objects with
    # few keys in common are still compared key by key.
    tree = DeepDiff(
        _leaves(old),
        _leaves(new),
        view="tree",
        ignore_private_variables=False,
        threshold_to_diff_deeper=0,
    )
    for keys in sorted(
        item.path(output_format="list") for items in tree.values() for item in items
    ):
        yield FieldChange(path=".".join([path, *keys]), old=_at(old, keys), new=_at(new, keys))


def _leaves(value: Value) -> Value:
    """Put canonical JSON in place of all that is no object: a list is one value, shown whole."""
    if isinstance(value, dict):
        return {key: _leaves(item) for key, item in value.items()}
    return canonical(value).decode()


def _at(value: Value, keys: list[str]) -> Value:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value
