"""The shapes of a manifest: facts in three states, in three scopes, under digests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA: Final = "repro/manifest/1.0"
"""Family, MAJOR.MINOR: a newer minor loads with a warning, a newer major does not load."""

Scope = Literal["image", "process", "host"]
SCOPES: Final[tuple[Scope, ...]] = ("image", "process", "host")

Value = Any
"""JSON without floats: null, bool, int, str, list and dict of these. The codec checks it."""


class _Fact(msgspec.Struct, frozen=True, kw_only=True, tag_field="state", omit_defaults=True):
    scope: Scope
    kind: str
    name: str

    @property
    def key(self) -> tuple[Scope, str, str]:
        """What makes facts of two manifests speak of the same thing."""
        return (self.scope, self.kind, self.name)


class Component(_Fact, frozen=True, kw_only=True, tag="known", omit_defaults=True):
    """One thing found in a target."""

    source: str
    """How it was known: `metadata`, `file`, `header`, `soname`, `call`, `maps`, `nvml`, …"""
    version: str | None = None
    location: str | None = None
    properties: dict[str, Value] = {}


class Absent(_Fact, frozen=True, kw_only=True, tag="absent", omit_defaults=True):
    """Looked for, and not there."""

    reason: str


class Unreadable(_Fact, frozen=True, kw_only=True, tag="unreadable", omit_defaults=True):
    """Could not be looked at; never equal to anything, itself included."""

    reason: str


Fact = Component | Absent | Unreadable


class Digests(msgspec.Struct, frozen=True, kw_only=True):
    """`sha256:` of the canonical JSON of each scope's facts, and of all of them."""

    image: str
    process: str
    host: str
    whole: str


class Target(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What the user pointed at; a name for people, outside the digests."""

    kind: str
    name: str
    properties: dict[str, Value] = {}


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All facts of one target."""

    schema: str
    target: Target
    facts: tuple[Fact, ...]
    digests: Digests
    volatile: dict[str, Value] = {}
    """Time, durations, host name: what is never the same twice, outside the digests."""


def assemble(
    target: Target, facts: Iterable[Fact], volatile: dict[str, Value] | None = None
) -> Manifest:
    """Sort facts, drop exact repeats and put the digests on them."""
    lines = {canonical(fact): fact for fact in facts}
    ordered = _in_order(lines)
    return Manifest(
        schema=SCHEMA,
        target=target,
        facts=tuple(fact for _, fact in ordered),
        digests=digests(ordered),
        volatile=volatile or {},
    )


def canonical(value: Any) -> bytes:
    """Encode as JSON with sorted keys, no white space, UTF-8."""
    return msgspec.json.encode(value, order="sorted")


def digests(lines: Iterable[tuple[bytes, Fact]]) -> Digests:
    """Digest canonical facts, in whatever order they come; repeats count once."""
    ordered = _in_order(dict(lines))

    def digest(scope: Scope | None) -> str:
        body = b",".join(line for line, fact in ordered if scope in (None, fact.scope))
        return "sha256:" + hashlib.sha256(b"[" + body + b"]").hexdigest()

    return Digests(
        image=digest("image"), process=digest("process"), host=digest("host"), whole=digest(None)
    )


def _in_order(lines: dict[bytes, Fact]) -> list[tuple[bytes, Fact]]:
    return sorted(lines.items(), key=lambda item: (*item[1].key, item[0]))
