"""A tiny image as an OCI image layout, for skopeo to push."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pathlib import Path

TYPE = "application/vnd.oci.image"


def digest_of(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


@dataclass(frozen=True)
class Layout:
    folder: Path
    config: bytes
    layer: bytes
    """As it is stored: packed."""

    @property
    def source(self) -> str:
        """The image in skopeo's words."""
        return f"oci:{self.folder}:tiny"


def write(folder: Path, content: bytes) -> Layout:
    """Write an image with one file in one layer."""
    tar = _tar(content)
    layer = gzip.compress(tar, mtime=0)
    config = json.dumps(
        {
            "architecture": "amd64",
            "os": "linux",
            "config": {},
            "rootfs": {"type": "layers", "diff_ids": [digest_of(tar)]},
        }
    ).encode()
    (folder / "blobs" / "sha256").mkdir(parents=True)
    (folder / "oci-layout").write_text('{"imageLayoutVersion": "1.0.0"}')
    manifest = {
        "schemaVersion": 2,
        "mediaType": f"{TYPE}.manifest.v1+json",
        "config": _put(folder, config, "config.v1+json"),
        "layers": [_put(folder, layer, "layer.v1.tar+gzip")],
    }
    named = _put(folder, json.dumps(manifest).encode(), "manifest.v1+json")
    named["annotations"] = {"org.opencontainers.image.ref.name": "tiny"}
    (folder / "index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": [named]}))
    return Layout(folder, config, layer)


def _tar(content: bytes) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        member = tarfile.TarInfo("etc/hello")
        member.size = len(content)
        tar.addfile(member, io.BytesIO(content))
    return buffer.getvalue()


def _put(folder: Path, data: bytes, kind: str) -> dict[str, Any]:
    digest = digest_of(data)
    (folder / "blobs" / "sha256" / digest.partition(":")[2]).write_bytes(data)
    return {"mediaType": f"{TYPE}.{kind}", "digest": digest, "size": len(data)}
