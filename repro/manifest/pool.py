"""Reads many manifests in little time and memory: what several of them hold is parsed once."""

from __future__ import annotations

import hashlib
import operator
from itertools import islice
from typing import TYPE_CHECKING, Annotated, Any, Final, NamedTuple

import msgspec

from repro.errors import ManifestError
from repro.manifest import codec
from repro.manifest.model import (
    LAYERS,
    ORIGINS,
    SCOPES,
    Digests,
    Fact,
    Layer,
    Manifest,
    Origin,
    Scope,
    Target,
    assemble,
    canonical,
)

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

NONE: Final = msgspec.Raw(b"[]")
SHORT: Final = 1024
"""Bytes up to which a key is cheaper to keep than to digest; few facts are longer."""


class _Envelope(msgspec.Struct, frozen=True):
    """A manifest of which the long parts are still the bytes that they were."""

    schema: str
    target: Target
    facts: msgspec.Raw
    digests: Digests
    volatile: dict[str, Any] = {}
    layers: msgspec.Raw = NONE
    origins: msgspec.Raw = NONE


class _Line(NamedTuple):
    """A fact and its canonical JSON; lines compare as manifests put facts in order."""

    key: tuple[Scope, str, str]
    json: bytes
    fact: Fact


class _NotPlainError(Exception):
    """Not just as this version writes it: the codec says what it is, or what is wrong with it."""


_ENVELOPE: Final = msgspec.json.Decoder(_Envelope)
_FACTS: Final = msgspec.json.Decoder(list[msgspec.Raw])
_FACT: Final = msgspec.json.Decoder[Fact](Fact)
_LAYERS: Final = msgspec.json.Decoder(Annotated[tuple[Layer, ...], msgspec.Meta(max_length=LAYERS)])
_ORIGINS: Final = msgspec.json.Decoder(
    Annotated[tuple[Origin, ...], msgspec.Meta(max_length=ORIGINS)]
)


class Pool:
    """Gives what the codec gives; a fact that many manifests hold is one object in all of them.

    Each manifest is checked against its digests, as ever: bytes that come again were checked when
    they came first.
    """

    def __init__(self) -> None:
        self._lines: dict[bytes, _Line] = {}
        self._facts: dict[bytes, tuple[tuple[Fact, ...], Digests]] = {}
        self._layers: dict[bytes, tuple[Layer, ...]] = {}
        self._origins: dict[bytes, tuple[Origin, ...]] = {}

    def load(self, path: Path) -> Manifest:
        """Read a manifest file; ManifestError says what is wrong with it and what to do."""
        return self.decode(codec.content(path), name=str(path))

    def decode(self, data: bytes, *, name: str = "manifest") -> Manifest:
        """Parse and check a manifest; its digests must be those of its facts."""
        try:
            return self._plain(data, name)
        except (_NotPlainError, ManifestError, msgspec.DecodeError, ValueError, RecursionError):
            return self.share(codec.decode(data, name=name))

    def share(self, manifest: Manifest) -> Manifest:
        """Put facts that were seen before in the place of equal ones."""
        lines = (self._line(msgspec.Raw(canonical(fact)), "") for fact in manifest.facts)
        return msgspec.structs.replace(manifest, facts=tuple(line.fact for line in lines))

    def _plain(self, data: bytes, name: str) -> Manifest:
        if len(data) > codec.LIMIT:
            raise _NotPlainError
        found = _ENVELOPE.decode(data)
        if codec.newer_minor(found.schema, name):
            raise _NotPlainError
        codec.check_value(found.target.properties, "$.target.properties", name)
        codec.check_value(found.volatile, "$.volatile", name)
        facts, digests = self._checked(found.facts)
        if digests != found.digests:
            raise _NotPlainError
        layers = self._of_layers(found.layers)
        return Manifest(
            schema=found.schema,
            target=codec.unattested(found.target),
            facts=facts,
            digests=digests,
            volatile=found.volatile,
            layers=layers,
            origins=self._of_origins(found.origins, len(layers)),
        )

    def _checked(self, raw: msgspec.Raw) -> tuple[tuple[Fact, ...], Digests]:
        key = _key(raw)
        if key not in self._facts:
            # Most are short and were seen before: then they are found by their bytes right away.
            found = self._lines.get
            lines = [found(bytes(e)) or self._line(e, "manifest") for e in _FACTS.decode(raw)]
            if any(map(operator.ge, lines, islice(lines, 1, None))):
                raise _NotPlainError
            self._facts[key] = tuple(line.fact for line in lines), _digests(lines)
        return self._facts[key]

    def _line(self, raw: msgspec.Raw, name: str) -> _Line:
        key = _key(raw)
        if key not in self._lines:
            fact = _FACT.decode(raw)
            codec.check_value(getattr(fact, "properties", {}), "$.properties", name)
            line = _Line(fact.key, canonical(fact), fact)
            # Another way of writing the same is the same fact.
            self._lines[key] = self._lines.setdefault(_key(line.json), line)
        return self._lines[key]

    def _of_layers(self, raw: msgspec.Raw) -> tuple[Layer, ...]:
        key = _key(raw)
        if key not in self._layers:
            self._layers[key] = _LAYERS.decode(raw)
        return self._layers[key]

    def _of_origins(self, raw: msgspec.Raw, layers: int) -> tuple[Origin, ...]:
        key = _key(raw)
        if key not in self._origins:
            found = _ORIGINS.decode(raw)
            self._origins[key] = assemble(Target(kind="", name=""), (), origins=found).origins
        if any(origin.layer >= layers for origin in self._origins[key]):
            raise _NotPlainError
        return self._origins[key]


def _key(raw: msgspec.Raw | bytes) -> bytes:
    """Stand for bytes: short ones for themselves, others as what no JSON begins with."""
    data = bytes(raw)
    return data if len(data) <= SHORT else b"#" + hashlib.sha256(data).digest()


def _digests(lines: Sequence[_Line]) -> Digests:
    """Digest lines that are in order: a scope's stand together."""
    parts: dict[Scope, list[bytes]] = {scope: [] for scope in SCOPES}
    for line in lines:
        parts[line.key[0]].append(line.json)
    bodies = {scope: b",".join(each) for scope, each in parts.items()}
    whole = b",".join(filter(None, (bodies[scope] for scope in sorted(SCOPES))))
    image, process, host, every = map(_digest, (*(bodies[scope] for scope in SCOPES), whole))
    return Digests(image=image, process=process, host=host, whole=every)


def _digest(body: bytes) -> str:
    found = hashlib.sha256(b"[")
    found.update(body)
    found.update(b"]")
    return f"sha256:{found.hexdigest()}"
