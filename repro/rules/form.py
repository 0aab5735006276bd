"""Tells the same content in another form from other content: a file that was only written anew."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.manifest import Component

if TYPE_CHECKING:
    from repro.diff.change import Change, FieldChange

FILES: Final = "properties.files."
"""Digests of files' bytes."""
CONTENT: Final = "content"
"""The property with digests of what the same files say, whatever the white space and the order."""


def apart(change: Change) -> tuple[Change | None, tuple[FieldChange, ...]]:
    """Split a change into what differs in content, and the files that differ in form alone."""
    if change.how != "changed":
        return change, ()
    form = tuple(field for field in change.fields if _same_content(field, change))
    rest = tuple(field for field in change.fields if field not in form)
    return (msgspec.structs.replace(change, fields=rest) if rest else None), form


def _same_content(field: FieldChange, change: Change) -> bool:
    if not field.path.startswith(FILES):
        return False
    name = field.path.removeprefix(FILES)
    old, new = (_content(fact).get(name) for fact in (change.old, change.new))
    return isinstance(old, str) and old == new


def _content(fact: Any) -> dict[str, Any]:
    said = fact.properties.get(CONTENT) if isinstance(fact, Component) else None
    return said if isinstance(said, dict) else {}
