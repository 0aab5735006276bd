"""Puts small images into OCI archives, the same bytes on every machine.

Source: OCI image specification, image-layout.md, image-index.md and manifest.md.
"""

from __future__ import annotations

import hashlib
import json
import struct
import zlib
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from lab.tar import Entry, folder, tar

if TYPE_CHECKING:
    from collections.abc import Iterable

CREATED: Final = "2024-12-01T12:00:00Z"
MEDIA: Final = "application/vnd.oci.image"
PIECE: Final = 0xFFFF
"""Bytes of a stored block: RFC 1951, 3.2.4."""


@dataclass(frozen=True, slots=True)
class Step:
    """A line of a Dockerfile, and the layer that it made, if it made one."""

    line: str
    layer: bytes | None = field(default=None, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Build:
    """An image as a Dockerfile makes it."""

    steps: tuple[Step, ...]
    config: dict[str, Any]
    architecture: str = "amd64"


class Layout:
    """Blobs of an archive, by what they hold."""

    def __init__(self) -> None:
        self._blobs: dict[str, bytes] = {}

    def add(self, kind: str, content: bytes, **more: Any) -> dict[str, Any]:
        """Keep a blob; return its descriptor."""
        digest = hashlib.sha256(content).hexdigest()
        self._blobs[digest] = content
        return {"mediaType": kind, "digest": f"sha256:{digest}", "size": len(content), **more}

    def document(self, kind: str, document: Any, **more: Any) -> dict[str, Any]:
        """Keep a JSON document; return its descriptor."""
        return self.add(kind, json.dumps(document, separators=(",", ":")).encode(), **more)

    def image(self, build: Build) -> dict[str, Any]:
        """Keep an image; return its manifest's descriptor."""
        layers = [step.layer for step in build.steps if step.layer is not None]
        config = {
            "architecture": build.architecture,
            "config": build.config,
            "created": CREATED,
            "history": [_history(step) for step in build.steps],
            "os": "linux",
            "rootfs": {"type": "layers", "diff_ids": [_digest(layer) for layer in layers]},
        }
        platform = {"architecture": build.architecture, "os": "linux"}
        return self.manifest(
            self.document(f"{MEDIA}.config.v1+json", config),
            [self.add(f"{MEDIA}.layer.v1.tar+gzip", stored_gzip(layer)) for layer in layers],
            platform=platform,
        )

    def manifest(
        self, config: dict[str, Any], layers: list[dict[str, Any]], **more: Any
    ) -> dict[str, Any]:
        """Keep a manifest; return its descriptor."""
        kind = f"{MEDIA}.manifest.v1+json"
        document = {"schemaVersion": 2, "mediaType": kind, "config": config, "layers": layers}
        return self.document(kind, document, **more)

    def index(self, manifests: list[dict[str, Any]], **more: Any) -> dict[str, Any]:
        """Keep an index; return its descriptor."""
        return self.document(f"{MEDIA}.index.v1+json", _index(manifests), **more)

    def archive(self, manifest: dict[str, Any], name: str) -> bytes:
        """Return the archive of one named image, in the order of BuildKit's: by name."""
        tag = name.rpartition(":")[2]
        marks = {"io.containerd.image.name": name, "org.opencontainers.image.ref.name": tag}
        index = json.dumps(_index([{**manifest, "annotations": marks}]), separators=(",", ":"))
        blobs = sorted(self._blobs.items())
        return tar(
            (
                folder("blobs/"),
                folder("blobs/sha256/"),
                *(Entry(f"blobs/sha256/{digest}", content) for digest, content in blobs),
                Entry("index.json", index.encode()),
                Entry("oci-layout", b'{"imageLayoutVersion":"1.0.0"}'),
            )
        )


def stored_gzip(data: bytes) -> bytes:
    """Return a gzip file that compresses nothing: what a compressor makes differs by its release.

    Source: RFC 1952 and RFC 1951, 3.2.4.
    """
    pieces = [data[at : at + PIECE] for at in range(0, len(data), PIECE)] or [b""]
    blocks = b"".join(
        struct.pack("<BHH", piece is pieces[-1], len(piece), len(piece) ^ PIECE) + piece
        for piece in pieces
    )
    head = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))
    return head + blocks + struct.pack("<II", zlib.crc32(data), len(data) & 0xFFFFFFFF)


def layer(entries: Iterable[Entry]) -> bytes:
    """Return a layer's tar, with the folders above each entry before it."""
    made: set[str] = set()
    whole = []
    for entry in entries:
        parts = entry.name.split("/")[:-1]
        above = ("/".join(parts[: depth + 1]) + "/" for depth in range(len(parts)))
        missing = [name for name in above if name not in made]
        made.update(missing, [entry.name])
        whole += [*map(folder, missing), entry]
    return tar(whole)


def _index(manifests: list[dict[str, Any]]) -> dict[str, Any]:
    return {"schemaVersion": 2, "mediaType": f"{MEDIA}.index.v1+json", "manifests": manifests}


def _history(step: Step) -> dict[str, Any]:
    told = {"created": CREATED, "created_by": step.line, "comment": "buildkit.dockerfile.v0"}
    return told if step.layer is not None else {**told, "empty_layer": True}


def _digest(content: bytes) -> str:
    return f"sha256:{hashlib.sha256(content).hexdigest()}"
