"""Images that lie in files and registries, by the scheme names that other tools have for them."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from repro.errors import UsageError
from repro.layers.platforms import Selection

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from repro.layers.documents import Described
    from repro.layers.opening import Progress
    from repro.layers.stored import StoredImage
    from repro.manifest import Manifest
    from repro.target.options import Options
    from repro.target.remote import Remote

    Open = Callable[[str, Options, str], AbstractContextManager[list[StoredImage]]]


def snapshots(
    scheme: str, rest: str, options: Options, progress: Progress | None = None
) -> list[Manifest]:
    """Take the snapshots of the images that `SCHEME:REST` means: one, or one a platform."""
    if options.gpus or options.volumes or options.env:
        raise UsageError(
            f"--gpus, --volume and --env mean nothing for {scheme}:",
            advice="They are for images that are run; this one is only read.",
        )
    if scheme == "registry":
        return _registry(rest, options, progress)
    from repro.target import static  # noqa: PLC0415  # It brings collectors and readers of layers.

    with SCHEMES[scheme](rest, options, f"{scheme}:{rest}") as images:
        return [static.snapshot(image, options, progress) for image in images]


def selection(options: Options) -> Selection:
    """Return which of several platforms is meant."""
    return Selection(platform=options.platform, all_platforms=options.all_platforms)


@contextmanager
def _docker_archive(text: str, options: Options, name: str) -> Iterator[list[StoredImage]]:
    from repro.layers import docker_archive  # noqa: PLC0415
    from repro.layers.outer import split  # noqa: PLC0415

    path, chosen = split(text)
    with docker_archive.images(path, chosen, selection(options), name=name) as images:
        yield images


@contextmanager
def _oci(text: str, options: Options, name: str) -> Iterator[list[StoredImage]]:
    from repro.layers import oci_layout  # noqa: PLC0415
    from repro.layers.outer import split  # noqa: PLC0415

    path, chosen = split(text)
    with oci_layout.images(path, chosen, selection(options), name=name) as images:
        yield images


def _registry(text: str, options: Options, progress: Progress | None) -> list[Manifest]:
    """Take what is attached to images in a registry where it counts, else read their layers."""
    from repro.target import remote  # noqa: PLC0415  # requests takes 0.1 s to import

    with remote.opened(text, options, selection(options)) as found:
        return [
            _attached(found, image, options) or _read(found, image, options, progress)
            for image in found.images
        ]


def _read(found: Remote, image: Described, options: Options, progress: Progress | None) -> Manifest:
    from repro.target import static  # noqa: PLC0415  # It brings collectors and readers of layers.

    return static.snapshot(found.stored(image), options, progress)


def _attached(found: Remote, image: Described, options: Options) -> Manifest | None:
    if options.attached is False or not (options.keys or options.attached):
        return None
    from repro.target import attached  # noqa: PLC0415  # cryptography takes its time, too

    return attached.manifest(found, image, options)


SCHEMES: Final[dict[str, Open]] = {
    "docker-archive": _docker_archive,
    "oci-archive": _oci,
    "oci-dir": _oci,
}
