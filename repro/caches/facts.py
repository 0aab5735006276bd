"""How what a cache holds stands in a manifest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repro.manifest import Component, Fact, Unreadable
from repro.probe import values

if TYPE_CHECKING:
    from repro.caches.folder import Identity

plain: Any = values.plain
text: Any = values.text
reason: Any = values.reason


def known(
    kind: str, name: str, path: str, version: str | None = None, **properties: Any
) -> Component:
    """Describe one thing in a cache; what is None was not said."""
    return Component(
        scope="image",
        kind=kind,
        name=text(name),
        source="file",
        version=version,
        location=text(path),
        properties={
            key: plain(value) for key, value in properties.items() if value not in (None, {}, [])
        },
    )


def identified(kind: str, name: str, path: str, identity: Identity, **properties: Any) -> Component:
    """Describe what is known by its content alone."""
    return known(
        kind, name, path, identity.digest, by=identity.by, files=identity.files, **properties
    )


def unread(kind: str, name: str, error: OSError) -> Fact:
    """Say that something in a cache could not be read."""
    return Unreadable(scope="image", kind=kind, name=text(name), reason=reason(error))


def malformed(kind: str, name: str, error: Exception) -> Fact:
    """Say that something in a cache is not what it should be."""
    why = text(f"{type(error).__name__}: {error}"[:300])
    return Unreadable(scope="image", kind=kind, name=text(name), reason=why)
