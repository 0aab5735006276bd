"""Where statements lie in a registry: beside the image that they are about, as cosign has them.

Sources: https://github.com/sigstore/cosign, specs/BUNDLE_SPEC.md (bundles that refer to an image)
and specs/ATTESTATION_SPEC.md (envelopes under the tag `sha256-HEX.att`); OCI image specification
1.1, manifest.md, "Guidelines for Artifact Usage".
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from repro.attest import bundle, dsse
from repro.errors import AttestationError, RegistryError
from repro.registry.failures import NotThereError
from repro.registry.patience import TransientError
from repro.registry.pushing import push_blob, push_manifest
from repro.registry.referrers import Referrer, listed, refer, tag_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.attest.dsse import Envelope
    from repro.registry.client import Document, Registry

MANIFEST: Final = "application/vnd.oci.image.manifest.v1+json"
ENVELOPE: Final = "application/vnd.dsse.envelope.v1+json"
EMPTY: Final = b"{}"
EMPTY_TYPE: Final = "application/vnd.oci.empty.v1+json"
CONTENT: Final = "dev.sigstore.bundle.content"
PREDICATE: Final = "dev.sigstore.bundle.predicateType"
OLD_PREDICATE: Final = "predicateType"
"""So cosign annotates envelopes."""
CREATED: Final = "org.opencontainers.image.created"
TITLE: Final = "org.opencontainers.image.title"
MOST: Final = 64
"""Statements of an image that are looked at."""
ALL: Final = 64 << 20
"""Bytes of all of them."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Attached:
    """Something that lies beside an image; nothing of it is sure yet."""

    place: str
    """The digest of its manifest, or of its layer."""
    envelope: Envelope | None
    fault: str = ""
    """Why there is no envelope."""


class _Layer(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    media_type: Annotated[str, msgspec.Meta(max_length=255)]
    digest: Annotated[str, msgspec.Meta(max_length=200)]
    size: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]
    annotations: dict[str, str] | None = None


class _Artifact(msgspec.Struct, frozen=True, kw_only=True):
    layers: Annotated[list[_Layer], msgspec.Meta(max_length=1000)]


def attach(registry: Registry, image: Document, data: bytes, predicate: str, made: str) -> str:
    """Put a bundle beside an image and return the digest of its manifest; raises RegistryError.

    `predicate` is the type of what it says, `made` the time (RFC 3339): both are told in the list
    without a signature, so that others can tell bundles apart.
    """
    notes = {CONTENT: "dsse-envelope", PREDICATE: predicate, CREATED: made}
    blob, empty = push_blob(registry, data), push_blob(registry, EMPTY)
    artifact = _manifest(_part(EMPTY, empty, EMPTY_TYPE), _bundled(data, blob), image, notes)
    pushed = push_manifest(registry, artifact, MANIFEST)
    referrer = Referrer(
        media_type=MANIFEST,
        digest=pushed.digest,
        size=len(artifact),
        artifact_type=bundle.TYPE,
        annotations=notes,
    )
    refer(registry, image.digest, referrer, by_registry=pushed.subject == image.digest)
    return pushed.digest


def attached(registry: Registry, digest: str, predicates: set[str]) -> list[Attached]:
    """Fetch what lies beside an image and may say one of some things of it; raises RegistryError.

    What its list says to be about something else is left out: whoever may change the list might
    as well take it away.
    """
    places = list(_wanted(registry, digest, predicates))
    if len(places) > MOST:
        raise RegistryError(
            f"more than {MOST} statements lie beside {digest}",
            advice="Delete the old ones in the registry: nobody reads so many.",
        )
    left, found = ALL, list[Attached]()
    for place, layer in places:
        left -= layer.size if layer else 0
        found.append(_fetched(registry, place, layer, left))
    return found


def _wanted(
    registry: Registry, digest: str, predicates: set[str]
) -> Iterator[tuple[str, _Layer | None]]:
    for referrer in listed(registry, digest):
        said = (referrer.annotations or {}).get(PREDICATE)
        bundled = (referrer.artifact_type or "").startswith(bundle.FAMILY)
        if bundled and (said is None or said in predicates):
            yield referrer.digest, None
    for layer in _old(registry, digest):
        said = (layer.annotations or {}).get(OLD_PREDICATE)
        if layer.media_type == ENVELOPE and (said is None or said in predicates):
            yield layer.digest, layer


def _old(registry: Registry, digest: str) -> list[_Layer]:
    """List the envelopes that cosign put beside an image before it had bundles."""
    try:
        document = registry.manifest(f"{tag_of(digest)}.att")
    except NotThereError:
        return []
    return _parse(document).layers


def _fetched(registry: Registry, place: str, layer: _Layer | None, left: int) -> Attached:
    """Fetch one; what is wrong with it is its own fault, what is wrong with the way is an error."""
    try:
        if layer:
            return Attached(place=place, envelope=dsse.parse(_blob(registry, layer, left)))
        (inside,) = _parse(registry.manifest(place)).layers
        return Attached(place=place, envelope=bundle.parse(_blob(registry, inside, left)))
    except TransientError:
        raise
    except ValueError:
        return Attached(place=place, envelope=None, fault="it holds more than a bundle, or none")
    except (AttestationError, RegistryError) as error:
        return Attached(place=place, envelope=None, fault=error.message)


def _blob(registry: Registry, layer: _Layer, left: int) -> bytes:
    if layer.size > min(dsse.LARGEST, left):
        raise AttestationError("it is too large")
    with registry.blob(layer.digest, layer.size) as stream:
        return stream.read()


def _parse(document: Document) -> _Artifact:
    try:
        return msgspec.json.decode(document.data, type=_Artifact)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise AttestationError(f"its manifest cannot be read: {error}") from error


def _manifest(
    config: dict[str, Any], layer: dict[str, Any], image: Document, notes: dict[str, str]
) -> bytes:
    """Write the manifest of an artifact that refers to an image."""
    written = {
        "schemaVersion": 2,
        "mediaType": MANIFEST,
        "artifactType": bundle.TYPE,
        "config": config,
        "layers": [layer],
        "subject": _part(image.data, image.digest, image.media_type),
        "annotations": notes,
    }
    return json.dumps(written, sort_keys=True, separators=(",", ":")).encode()


def _bundled(data: bytes, digest: str) -> dict[str, Any]:
    title = f"{digest.replace(':', '-')}.sigstore.json"
    return {**_part(data, digest, bundle.TYPE), "annotations": {TITLE: title}}


def _part(data: bytes, digest: str, media_type: str) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": len(data)}
