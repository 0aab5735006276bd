"""The shapes of a manifest: facts in three states, in three scopes, under digests."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

SCHEMA: Final = "repro/manifest/1.1"
"""Family, MAJOR.MINOR: a newer minor loads with a warning, a newer major does not load."""

Scope = Literal["image", "process", "host"]
SCOPES: Final[tuple[Scope, ...]] = ("image", "process", "host")

DIGEST: Final = r"^[a-z0-9]+([+._-][a-z0-9]+)*:[0-9a-f]{32,128}(?!\n)$"
"""OCI image specification, descriptor.md, "Digests", in hex; `$` alone lets a line feed by."""
STEP: Final = 200
"""Characters of a build step."""
LAYERS: Final = 10_000
"""Layers of a manifest: engines stop at 127 or 128, the image format has no limit."""
ORIGINS: Final = 500_000
"""More than the facts that a manifest of the largest size can hold."""

Text = Annotated[str, msgspec.Meta(max_length=16_384)]
"""Longer than any path (PATH_MAX is 4,096 bytes, limits.h) under any escapes."""

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


class Layer(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One layer of an image; it explains facts, outside the digests."""

    digest: Annotated[str, msgspec.Meta(max_length=256, pattern=DIGEST)]
    """The diff ID: the digest of the unpacked tar (OCI image specification, config.md)."""
    step: Annotated[str, msgspec.Meta(max_length=STEP)] | None = None
    """The build step that made it, cleaned; None where the image does not say."""


class Origin(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Which layer a fact of the image scope comes from."""

    layer: Annotated[int, msgspec.Meta(ge=0)]
    """Index into the manifest's layers."""
    kind: Text
    name: Text
    location: Text | None = None


class Manifest(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """All facts of one target."""

    schema: str
    target: Target
    facts: tuple[Fact, ...]
    digests: Digests
    volatile: dict[str, Value] = {}
    """Time, durations, host name: what is never the same twice, outside the digests."""
    layers: Annotated[tuple[Layer, ...], msgspec.Meta(max_length=LAYERS)] = ()
    """The layers of an image, bottom first, outside the digests."""
    origins: Annotated[tuple[Origin, ...], msgspec.Meta(max_length=ORIGINS)] = ()
    """Which layer facts of the image scope come from; sorted, outside the digests."""


def assemble(
    target: Target,
    facts: Iterable[Fact],
    volatile: dict[str, Value] | None = None,
    *,
    layers: Iterable[Layer] = (),
    origins: Iterable[Origin] = (),
) -> Manifest:
    """Sort facts and origins, drop exact repeats and put the digests on the facts."""
    lines = {canonical(fact): fact for fact in facts}
    ordered = _in_order(lines)
    return Manifest(
        schema=SCHEMA,
        target=target,
        facts=tuple(fact for _, fact in ordered),
        digests=digests(ordered),
        volatile=volatile or {},
        layers=tuple(layers),
        origins=tuple(sorted(set(origins), key=_by_name)),
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


def _by_name(origin: Origin) -> tuple[str, str, bool, str, int]:
    place = origin.location  # None and the empty one are two, and have to have an order.
    return (origin.kind, origin.name, place is not None, place or "", origin.layer)


def _in_order(lines: dict[bytes, Fact]) -> list[tuple[bytes, Fact]]:
    return sorted(lines.items(), key=lambda item: (*item[1].key, item[0]))
