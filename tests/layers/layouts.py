"""Makes documents and archives by hand, whole ones and such as no tool would write."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

from repro.errors import ReproError
from repro.layers.reading import read_layer

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager
    from typing import BinaryIO

    from repro.layers.stored import StoredImage

OCI = "application/vnd.oci.image"
INDEX = f"{OCI}.index.v1+json"
MANIFEST = f"{OCI}.manifest.v1+json"
CONFIG = f"{OCI}.config.v1+json"
LAYER = f"{OCI}.layer.v1.tar"
REF = "org.opencontainers.image.ref.name"

Members = dict[str, "bytes | tarfile.TarInfo"]


def digest(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def tar(members: Mapping[str, bytes | tarfile.TarInfo]) -> bytes:
    """Return a tar of files, and of whatever a TarInfo says."""
    return tar_of(list(members.items()))


def tar_of(members: Sequence[tuple[str, bytes | tarfile.TarInfo]]) -> bytes:
    """Return a tar in which a name may come twice."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as archive:
        for name, content in members:
            if isinstance(content, tarfile.TarInfo):
                archive.addfile(content)
            else:
                info = tarfile.TarInfo(name)
                info.size = len(content)
                archive.addfile(info, io.BytesIO(content))
    return out.getvalue()


def link(name: str, target: str, kind: bytes = tarfile.SYMTYPE) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.type, info.linkname = kind, target
    return info


LAYERS = (tar({"etc/one": b"1"}), tar({"{etc": b"2", "etc/two": b"2"}))


def config(layers: Sequence[bytes] = LAYERS, **changes: Any) -> bytes:
    document = {
        "architecture": "amd64",
        "os": "linux",
        "config": {"Env": ["A=1"]},
        "rootfs": {"type": "layers", "diff_ids": [digest(layer) for layer in layers]},
        "history": [{"created_by": "made by hand"} for _ in layers],
        **changes,
    }
    return json.dumps({k: v for k, v in document.items() if v is not ...}).encode()


def docker(layers: Sequence[bytes] = LAYERS, *tags: str, settings: bytes | None = None) -> Members:
    """Return the members of a docker archive."""
    data = config(layers) if settings is None else settings
    name = f"{digest(data)[7:]}.json"
    paths = [f"{digest(layer)[7:]}/layer.tar" for layer in layers]
    entry = {"Config": name, "RepoTags": list(tags) or None, "Layers": paths}
    return {
        **dict(zip(paths, layers, strict=True)),
        name: data,
        "manifest.json": json.dumps([entry]).encode(),
    }


class Blobs(dict[str, "bytes | tarfile.TarInfo"]):
    """The members of an OCI layout."""

    def __init__(self) -> None:
        super().__init__({"oci-layout": b'{"imageLayoutVersion": "1.0.0"}'})

    def add(self, data: bytes, media_type: str, **more: Any) -> dict[str, Any]:
        """Store a blob and return its descriptor."""
        self[f"blobs/{digest(data).replace(':', '/')}"] = data
        return {"mediaType": media_type, "digest": digest(data), "size": len(data), **more}

    def document(self, media_type: str, content: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Store a manifest or an index and return its descriptor."""
        document = {"schemaVersion": 2, "mediaType": media_type, **content}
        data = json.dumps({k: v for k, v in document.items() if v is not ...}).encode()
        return self.add(data, media_type, **more)

    def image(
        self, layers: Sequence[bytes] = LAYERS, *, settings: bytes | None = None, **more: Any
    ) -> dict[str, Any]:
        """Store an image and return its descriptor."""
        data = config(layers) if settings is None else settings
        content = {
            "config": self.add(data, CONFIG),
            "layers": [self.add(gzip.compress(x, mtime=0), f"{LAYER}+gzip") for x in layers],
        }
        return self.document(MANIFEST, content, **more)

    def index(self, *descriptors: dict[str, Any]) -> Blobs:
        """List descriptors in index.json."""
        content = {"schemaVersion": 2, "manifests": list(descriptors)}
        self["index.json"] = json.dumps(content).encode()
        return self


def named(name: str) -> dict[str, str]:
    return {REF: name}


def delivered(image: StoredImage) -> set[str]:
    """Read an image's layers, as what verifies them does; return their diff IDs."""
    found = set()

    def receive(stream: BinaryIO, *, diff_id: str | None, digest: str | None) -> None:
        found.add(read_layer(stream, diff_id=diff_id, digest=digest)[0])

    image.deliver(set(image.diff_ids), receive)
    return found


def failure(context: AbstractContextManager[list[StoredImage]]) -> ReproError:
    """Return the error of opening images and of reading all their layers."""
    with pytest.raises(ReproError) as caught:
        list(outcomes(context))
    assert caught.value.message
    assert caught.value.advice
    return caught.value


def outcomes(context: AbstractContextManager[list[StoredImage]]) -> Iterator[tuple[str, set[str]]]:
    """Yield of each image its config's digest and the layers that could be read."""
    with context as images:
        for image in images:
            yield image.config_digest, delivered(image)
