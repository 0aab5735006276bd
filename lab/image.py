"""Puts images together from layers and hands them to an engine, without running anything.

The image's ID depends on its recipe and its layers alone, so it is the same in every engine.
"""

from __future__ import annotations

import hashlib
import json
import platform
import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import docker
from docker.errors import DockerException, ImageNotFound

from lab.error import LabError
from lab.layer import Blob, Layer, Raw, blob

if TYPE_CHECKING:
    from collections.abc import Iterator

ARCHITECTURES: Final = {"x86_64": "amd64", "aarch64": "arm64"}
"""GOARCH, which image configurations use, by machine."""

CREATED: Final = "2023-11-14T22:13:20Z"
CHUNK: Final = 1 << 20
BLOCK: Final = 512
"""Bytes of a tar block: pax(1)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Image:
    """An image as data: layers, bottom first, and what its configuration says."""

    layers: tuple[Layer | Raw, ...]
    env: tuple[str, ...] = ()
    command: tuple[str, ...] = ("/bin/sh",)
    entrypoint: tuple[str, ...] = ()
    labels: tuple[tuple[str, str], ...] = ()


def load(host: str, tag: str, image: Image) -> str:
    """Bring an image into an engine under a tag, unless it is there; return its ID.

    Raises LabError.
    """
    blobs = [blob(layer) for layer in image.layers]
    config = configuration(image, blobs)
    identity = f"sha256:{hashlib.sha256(config).hexdigest()}"
    client = docker.DockerClient(base_url=host, timeout=600)
    try:
        if not _is_there(client, tag, identity):
            _send(client, archive(tag, config, blobs))
    except (DockerException, OSError) as error:
        raise LabError(f"{tag} cannot be loaded into {host}: {error}") from error
    finally:
        client.close()
    return identity


def _send(client: docker.DockerClient, pieces: Iterator[bytes]) -> None:
    """Stream an archive, which need never be in memory as a whole."""
    answer = client.api.load_image(pieces)  # type: ignore[no-untyped-call]
    for event in answer:
        if "error" in event:
            raise LabError(str(event["error"]))


def configuration(image: Image, blobs: list[Blob]) -> bytes:
    """Return the configuration whose SHA-256 is the image's ID.

    Source: OCI image specification, config.md.
    """
    document = {
        "architecture": ARCHITECTURES[platform.machine()],
        "os": "linux",
        "created": CREATED,
        "config": {
            "Env": [
                "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                *image.env,
            ],
            "Cmd": list(image.command),
            "Entrypoint": list(image.entrypoint) or None,
            "Labels": dict(image.labels),
        },
        "rootfs": {"type": "layers", "diff_ids": [layer.digest for layer in blobs]},
        "history": [{"created": CREATED, "created_by": "repro lab"} for _ in blobs],
    }
    return json.dumps(document, sort_keys=True).encode()


def archive(tag: str, config: bytes, blobs: list[Blob]) -> Iterator[bytes]:
    """Yield the archive that `docker load` reads, piece by piece: it may be gigabytes.

    Source: moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format".
    """
    name = f"{hashlib.sha256(config).hexdigest()}.json"
    names = [f"{layer.digest.removeprefix('sha256:')}.tar" for layer in blobs]
    layers = {member: layer.path for member, layer in zip(names, blobs, strict=True)}
    index = [{"Config": name, "RepoTags": [tag], "Layers": names}]
    for member, content in ((name, config), ("manifest.json", json.dumps(index).encode())):
        yield _header(member, len(content))
        yield content
        yield _padding(len(content))
    for member, path in layers.items():
        size = path.stat().st_size
        yield _header(member, size)
        with path.open("rb") as source:
            while piece := source.read(CHUNK):
                yield piece
        yield _padding(size)
    yield bytes(2 * BLOCK)


def _header(name: str, size: int) -> bytes:
    info = tarfile.TarInfo(name)
    info.size = size
    return info.tobuf(tarfile.GNU_FORMAT)


def _padding(size: int) -> bytes:
    return bytes(-size % BLOCK)


def _is_there(client: docker.DockerClient, tag: str, identity: str) -> bool:
    try:
        return client.images.get(tag).id == identity
    except ImageNotFound:
        return False
