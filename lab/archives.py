"""Writes one small image into every layout that real tools write: skopeo, Docker and Podman."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import docker
from docker.errors import DockerException

from lab.error import LabError, find_program, run
from lab.image import Image, archive, configuration
from lab.layer import Files, Link, Text, blob

if TYPE_CHECKING:
    from pathlib import Path

TAG: Final = "repro-lab/small:1"
_TOP: Final = Files((("/etc/top", Text("top\n")), ("/etc/link", Link("top"))))
SMALL: Final = Image(
    layers=(
        Files((("/etc/os-release", Text('ID=small\nVERSION_ID="1"\n')),)),
        _TOP,
        Files((("/{braces}", Text("a layer whose tar begins as JSON does\n")),)),
        _TOP,
    ),
    env=("SMALL=1",),
)
"""Some kilobytes; one layer is there twice."""


@dataclass(frozen=True, slots=True)
class Layout:
    """How skopeo is told to write an image."""

    transport: str
    """As in containers-transports(5)."""
    options: tuple[str, ...] = ()


LAYOUTS: Final = {
    "docker": Layout("docker-archive"),
    "oci-gzip": Layout("oci"),
    "oci-zstd": Layout("oci", ("--dest-compress-format", "zstd")),
    "oci-plain": Layout("oci", ("--dest-oci-accept-uncompressed-layers",)),
    "oci-archive-gzip": Layout("oci-archive"),
    "oci-archive-zstd": Layout("oci-archive", ("--dest-compress-format", "zstd")),
    "oci-archive-plain": Layout("oci-archive", ("--dest-oci-accept-uncompressed-layers",)),
}
"""By what they are called in tests."""


class Archives:
    """The small image in every layout, each written when it is first asked for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._done: dict[str, Path] = {}

    def __call__(self, name: str) -> Path:
        """Return where the layout of that name is, or `own`; raises LabError."""
        if name not in self._done:
            target = self._folder / name
            made = write(target) if name == "own" else copy(self("own"), LAYOUTS[name], target)
            self._done[name] = made
        return self._done[name]


def write(path: Path, image: Image = SMALL, tag: str = TAG) -> Path:
    """Write an image as `docker load` reads it, with the laboratory's own hands."""
    blobs = [blob(layer) for layer in image.layers]
    with path.open("wb") as file:
        file.writelines(archive(tag, configuration(image, blobs), blobs))
    return path


def copy(source: Path, layout: Layout, target: Path, tag: str = TAG) -> Path:
    """Copy an archive of `write` into another layout with skopeo; raises LabError."""
    skopeo = find_program("skopeo", "skopeo")
    run(
        [
            *(skopeo, "--insecure-policy", "copy", "--quiet", *layout.options),
            *(f"docker-archive:{source}", f"{layout.transport}:{target}:{tag}"),
        ]
    )
    return target


def save(host: str, target: Path, *tags: str) -> Path:
    """Save images out of an engine, as `docker save` does; raises LabError."""
    names = "&".join(f"names={tag}" for tag in tags)
    return _download(host, f"/images/get?{names}", target)


def save_podman(host: str, form: str, tag: str, target: Path) -> Path:
    """Save an image as Podman does, in its `docker-archive` or `oci-archive`; raises LabError."""
    return _download(host, f"/v4.0.0/libpod/images/{tag}/get?format={form}", target)


def _download(host: str, place: str, target: Path) -> Path:
    """Write an engine's answer into a file; the SDK has no call for it that takes all names."""
    client = docker.APIClient(base_url=host, timeout=120)
    try:
        with client.get(f"{client.base_url}{place}", stream=True) as answer:
            answer.raise_for_status()
            with target.open("wb") as file:
                file.writelines(answer.iter_content(1 << 20))
    except (DockerException, OSError) as error:
        raise LabError(f"{place} cannot be had from {host}: {error}") from error
    finally:
        client.close()
    return target
