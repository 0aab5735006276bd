"""The statement that an image is what a manifest says."""

from __future__ import annotations

import base64
import gzip
import zlib
from typing import TYPE_CHECKING, Final

import msgspec

from repro import __version__
from repro.attest import statement as statements
from repro.attest.dsse import decoded
from repro.attest.statement import Resource, Short, Statement
from repro.errors import AttestationError, ManifestError
from repro.manifest import Component, Manifest, decode
from repro.manifest.codec import LIMIT
from repro.manifest.model import Digests, canonical

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

TYPE: Final = "https://pypi.org/project/repro-audit/#manifest/v1"
"""The predicate's type, with its MAJOR; docs/attest.md says what is in it."""
PACKED: Final = "application/vnd.repro.manifest.v1+json+gzip"
GZIP: Final = 31
"""zlib's window for data with a gzip header (zlib.h, inflateInit2)."""


class _Tool(msgspec.Struct, frozen=True, kw_only=True):
    name: Short = "repro"
    version: Short = __version__


class _Predicate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    attested_at: Short
    tool: _Tool
    schema: Short
    """Of the manifest."""
    digests: Digests
    manifest: Resource


def statement(manifest: Manifest, name: str, digest: str, when: datetime) -> Statement:
    """Say of an image in a registry, by its digest, what a manifest holds."""
    kept = msgspec.structs.replace(manifest, volatile={})  # Host names are nobody's business.
    packed = gzip.compress(canonical(kept), 9, mtime=0)
    predicate = _Predicate(
        attested_at=statements.moment(when),
        tool=_Tool(),
        schema=manifest.schema,
        digests=manifest.digests,
        manifest=Resource(
            name="manifest.json.gz", media_type=PACKED, content=base64.b64encode(packed).decode()
        ),
    )
    return Statement(
        type=statements.TYPE,
        subject=(statements.about(name, digest),),
        predicate_type=TYPE,
        predicate=msgspec.to_builtins(predicate),
    )


def read(found: Statement) -> Manifest:
    """Return the manifest of a statement; AttestationError where there is none to be read."""
    try:
        predicate = msgspec.convert(found.predicate, _Predicate)
        manifest = decode(_unpacked(predicate.manifest), name="the attached manifest")
    except (msgspec.ValidationError, RecursionError) as error:
        raise AttestationError(f"what it says of the image cannot be read: {error}") from error
    except ManifestError as error:
        raise AttestationError(error.message, advice=error.advice) from error
    if manifest.digests != predicate.digests:
        raise AttestationError("the manifest in it is not the one that it names")
    return manifest


def describes(manifest: Manifest, diff_ids: Sequence[str]) -> bool:
    """Tell whether a manifest is of an image that has these layers, by their diff IDs in order."""
    images = [f for f in manifest.facts if isinstance(f, Component) and f.kind == "image"]
    layers = [image.properties.get("layers") for image in images]
    return manifest.target.kind == "image" and layers == [list(diff_ids)]


def _unpacked(resource: Resource) -> bytes:
    if resource.media_type != PACKED:
        raise AttestationError(f"the manifest in it is packed as {resource.media_type!a}")
    unpacking = zlib.decompressobj(GZIP)
    try:
        data = unpacking.decompress(decoded(resource.content), LIMIT + 1)
    except zlib.error as error:
        raise AttestationError("the manifest in it is damaged") from error
    if len(data) > LIMIT or not unpacking.eof:
        raise AttestationError("the manifest in it is damaged or too large")
    return data
