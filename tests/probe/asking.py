"""Short ways to ask a collector, for tests."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import msgspec

from repro.manifest import Target, assemble, decode, encode
from repro.manifest.model import Fact
from repro.probe.context import Context

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted


def ask(
    collector: Any, files: Rooted, *, environ: dict[str, str] | None = None, **options: Any
) -> list[dict[str, Any]]:
    """All facts of one collector, which a manifest is able to hold."""
    make: Any = Context
    context = make(options, environ=environ or {})
    found = list(collector.collect(files, context))
    check(found)
    return found


def check(found: list[dict[str, Any]]) -> None:
    """Facts go through the manifest's codec, which refuses floats and broken text."""
    text = json.dumps(found)
    facts = msgspec.json.decode(text, type=list[Fact])
    manifest = assemble(Target(kind="image", name="x"), facts)
    assert decode(encode(manifest)).facts == manifest.facts


def known(found: list[dict[str, Any]], kind: str, name: str) -> dict[str, Any]:
    """The one component of this kind and name."""
    matching = [
        f for f in found if f["state"] == "known" and (f["kind"], f["name"]) == (kind, name)
    ]
    assert len(matching) == 1, [(f["state"], f["kind"], f["name"]) for f in found]
    return matching[0]


def unread(found: list[dict[str, Any]]) -> dict[str, str]:
    """{name: reason} of what could not be read."""
    return {f["name"]: f["reason"] for f in found if f["state"] == "unreadable"}


def states(found: list[dict[str, Any]]) -> set[str]:
    return {fact["state"] for fact in found}
