"""How servers and collections of vectors stand in a manifest."""

from __future__ import annotations

from typing import Any

from repro.manifest import Component, Fact, Unreadable
from repro.probe import values

SERVER, COLLECTION = "retrieval.server", "retrieval.collection"
plain: Any = values.plain
text: Any = values.text


def server(service: str, database: str, version: str | None, **properties: Any) -> Fact:
    """Describe a database that runs as a service."""
    return Component(
        scope="process",
        kind=SERVER,
        name=service,
        source="api",
        version=None if version is None else text(version),
        properties={"database": database, **_known(properties)},
    )


def collection(service: str, name: str, **properties: Any) -> Fact:
    """Describe a collection; what is None was not said."""
    return Component(
        scope="process",
        kind=COLLECTION,
        name=text(f"{service}/{name}"),
        source="api",
        properties=_known(properties),
    )


def unread(service: str, reason: str) -> list[Fact]:
    """Say that a database could not be read: neither itself nor any collection that it has."""
    why = text(f"{service}: {reason}"[:500])
    return [
        Unreadable(scope="process", kind=SERVER, name=service, reason=why),
        Unreadable(scope="process", kind=COLLECTION, name="*", reason=why),
    ]


def _known(properties: dict[str, Any]) -> dict[str, Any]:
    return {key: plain(value) for key, value in properties.items() if value not in (None, {}, [])}
