"""An image's layers show what engines put into its containers, byte for byte."""

from __future__ import annotations

import io
import posixpath
import tarfile
from typing import TYPE_CHECKING, Any, Final

import docker
import pytest

from lab.layer import blob
from lab.recipes import RECIPES
from repro.layers.content import Contents
from repro.layers.merged import LayeredFiles
from repro.layers.reading import read_layer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

KINDS: Final = {tarfile.REGTYPE: "f", tarfile.LNKTYPE: "f", tarfile.DIRTYPE: "d"}
ADDED: Final = ("dev", "etc", "proc", "run", "sys", ".dockerenv")
"""Where engines put names of their own into every container."""

Seen = dict[str, tuple[str, bytes]]
"""Kind, and content or where a link leads, by path."""


def exported(host: str, tag: str) -> Seen:
    """What an engine unpacked."""
    client = docker.DockerClient(base_url=host, timeout=300)
    try:
        container: Any = client.containers.create(tag, command="never-run")
        try:
            archive = b"".join(container.export())
        finally:
            container.remove()
    finally:
        client.close()
    found: Seen = {}
    with tarfile.open(fileobj=io.BytesIO(archive)) as tar:
        for member in tar:
            content = tar.extractfile(member) if member.isreg() or member.islnk() else None
            kind = "l" if member.issym() else KINDS.get(member.type, "o")
            text = content.read() if content else member.linkname.encode("utf-8", "surrogateescape")
            found[member.name] = (kind, text)
    return found


def merged(name: str) -> Seen:
    """What the layers show."""
    files: Any = LayeredFiles([contents(blob(layer).path) for layer in RECIPES[name].layers])
    found: Seen = {}
    for path in below(files, ""):
        if files.is_link(f"/{path}"):
            found[path] = ("l", files.link(f"/{path}").encode("utf-8", "surrogateescape"))
        elif files.is_dir(f"/{path}"):
            found[path] = ("d", b"")
        elif files.is_file(f"/{path}"):
            found[path] = ("f", files.read(f"/{path}"))
        else:
            found[path] = ("o", b"")
    return found


class Fetch:
    """Reads what was not kept of a layer."""

    around = 0

    def __init__(self, path: Path) -> None:
        self._path = path

    def __call__(self, at: int, size: int) -> bytes:
        with self._path.open("rb") as stream:
            stream.seek(at)
            return stream.read(size)


def contents(path: Path) -> Contents:
    """A layer with a way to what was not kept of it."""
    with path.open("rb") as stream:
        return Contents(read_layer(stream)[1], Fetch(path))


def below(files: Any, folder: str) -> Iterator[str]:
    """Name everything in a folder, no link followed."""
    for name in files.list(f"/{folder}"):
        path = posixpath.join(folder, name)
        yield path
        if files.is_dir(f"/{path}") and not files.is_link(f"/{path}"):
            yield from below(files, path)


def ours(seen: Seen) -> Seen:
    """Leave out what engines add to."""
    return {path: what for path, what in seen.items() if path.split("/")[0] not in ADDED}


@pytest.mark.parametrize("name", ["layers:1", "distroless:1", "conda:1"])
def test_layers_show_what_docker_unpacks(
    name: str, docker_engine: Engine, image: BuildImage
) -> None:
    assert ours(merged(name)) == ours(exported(docker_engine.host, image(name)))


def test_layers_show_what_podman_unpacks(podman_engine: Engine, image: BuildImage) -> None:
    tag = image("layers:1", host=podman_engine.host)
    assert ours(merged("layers:1")) == ours(exported(podman_engine.host, tag))
