"""How documents name each other and their layers: by type, size and digest.

Source: OCI image specification 1.1, descriptor.md and media-types.md.
"""

from __future__ import annotations

import hashlib
import re
from typing import Annotated, Final

import msgspec

from repro.errors import TargetError
from repro.layers.parsing import DAMAGED
from repro.layers.platforms import Platform

OCI: Final = "application/vnd.oci.image"
DOCKER: Final = "application/vnd.docker"
INDEXES: Final = {f"{OCI}.index.v1+json", f"{DOCKER}.distribution.manifest.list.v2+json"}
MANIFESTS: Final = {f"{OCI}.manifest.v1+json", f"{DOCKER}.distribution.manifest.v2+json"}
SCHEMA_1: Final = f"{DOCKER}.distribution.manifest.v1+"
CONFIGS: Final = {
    f"{OCI}.config.v1+json",
    f"{DOCKER}.container.image.v1+json",
    "application/octet-stream",
    "application/json",
}
"""With what Docker 1.10 said (https://github.com/distribution/distribution/issues/1622)."""
LAYER: Final = re.compile(
    rf"{re.escape(OCI)}\.layer\.(nondistributable\.)?v1\.tar(\+gzip|\+zstd)?|"
    rf"{re.escape(DOCKER)}\.image\.rootfs\.(foreign\.)?diff\.tar([.+]gzip|[.+]zstd)?"
)
ATTESTATION: Final = "vnd.docker.reference.type"
"""What BuildKit marks manifests of provenance with, in an index beside the images."""

HEX: Final = {"sha256": 64, "sha512": 128}
"""Digits of the registered algorithms (descriptor.md)."""

Size = Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]


class Descriptor(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """What a document says of another one, or of a layer."""

    media_type: str
    digest: Annotated[str, msgspec.Meta(max_length=200)]
    size: Size
    urls: list[str] | None = None
    annotations: dict[str, str] | None = None
    platform: Platform | None = None

    def annotation(self, key: str) -> str:
        """Return an annotation, empty where there is none."""
        return (self.annotations or {}).get(key, "")

    @property
    def sha256(self) -> str | None:
        """The digest where it is one of SHA-256, which a reader of layers compares; else None."""
        return self.digest if self.digest.startswith("sha256:") else None

    @property
    def is_manifest(self) -> bool:
        """Tell whether a registry serves it as a manifest, not as a blob."""
        return self.media_type in INDEXES | MANIFESTS or self.media_type.startswith(SCHEMA_1)

    @property
    def is_attestation(self) -> bool:
        """Tell whether it describes an image beside it and is none."""
        unknown = self.platform in (Platform("unknown", "unknown"), Platform("", ""))
        return unknown or bool(self.annotation(ATTESTATION))


def verify(descriptor: Descriptor, data: bytes, name: str) -> None:
    """Compare a document with what names it; TargetError where it is another."""
    algorithm, digits = check_digest(descriptor.digest, name)
    if len(data) != descriptor.size:
        what = f"has {len(data)} bytes, and {descriptor.size} were promised"
    elif hashlib.new(algorithm, data).hexdigest() != digits:
        what = "is not what its digest says"
    else:
        return
    raise TargetError(f"{name}: the document {descriptor.digest} {what}", advice=DAMAGED)


def check_digest(digest: str, name: str) -> tuple[str, str]:
    """Split a digest into algorithm and digits; TargetError where it cannot be verified."""
    algorithm, _, digits = digest.partition(":")
    if not re.fullmatch(f"[0-9a-f]{{{HEX.get(algorithm, 0)}}}", digits) or not digits:
        raise TargetError(
            f"{name}: {digest!a} is not a digest that can be verified",
            advice="Images are named by sha256 or sha512; push the image with a current tool.",
        )
    return algorithm, digits


def absent(descriptor: Descriptor, name: str) -> TargetError:
    """Describe a layer that is not where its image is."""
    if descriptor.urls or "foreign" in descriptor.media_type or "nondist" in descriptor.media_type:
        where = ascii((descriptor.urls or ["its vendor's server"])[0][:200])
        return TargetError(
            f"{name}: the layer {descriptor.digest} may not be passed on and is kept at {where}",
            advice="Pull the image with an engine that fetches such layers, and read it there.",
        )
    return TargetError(
        f"{name}: the layer {descriptor.digest} is not there",
        advice="The image is incomplete: save, copy or push it again.",
    )
