"""Images that lie in files and registries, by the scheme names that other tools have for them."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Final

from repro.errors import RegistryError, UsageError
from repro.layers.platforms import Selection
from repro.target import static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from repro.layers.descriptor import Descriptor
    from repro.layers.documents import Described
    from repro.layers.opening import Progress
    from repro.layers.stored import StoredImage
    from repro.manifest import Manifest
    from repro.registry.client import Registry
    from repro.target.options import Options

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


@contextmanager
def _registry(text: str, options: Options, name: str) -> Iterator[list[StoredImage]]:
    from repro.layers.descriptor import Descriptor  # noqa: PLC0415
    from repro.layers.documents import Documents  # noqa: PLC0415
    from repro.registry.client import Registry  # noqa: PLC0415  # requests takes 0.1 s to import
    from repro.registry.reference import Reference  # noqa: PLC0415

    reference = Reference.parse(text)
    authority = Path(options.ca_file) if options.ca_file else None
    with Registry(reference, ca_file=authority, plain_http=options.plain_http) as registry:

        def fetch(descriptor: Descriptor) -> bytes:
            if descriptor.is_manifest:
                return registry.manifest(descriptor.digest).data
            return registry.config(descriptor.digest, descriptor.size)

        root = registry.manifest(reference.wanted)
        described = Documents(fetch, name).images(
            Descriptor(media_type=root.media_type, digest=root.digest, size=len(root.data)),
            root.data,
            selection(options),
        )
        yield [_remote(name, image, registry, several=len(described) > 1) for image in described]


def _remote(name: str, image: Described, registry: Registry, *, several: bool) -> StoredImage:
    from repro.layers.stored import Blob, StoredImage  # noqa: PLC0415

    blobs = [
        Blob(
            diff_id=diff_id,
            digest=None,  # The registry's stream checks it, before it gives out the last byte.
            size=layer.size,
            open=partial(_open, registry, layer, name),
        )
        for diff_id, layer in zip(image.config.diff_ids, image.layers, strict=True)
    ]
    return StoredImage(
        name=f"{name} ({image.config.platform})" if several else name,
        config=image.config.document,
        config_digest=image.config.digest,
        manifest_digest=image.manifest_digest,
        blobs=tuple(blobs),
    )


def _open(registry: Registry, layer: Descriptor, name: str) -> BinaryIO:
    """Open a layer; one that a registry may not pass on is kept elsewhere, and is not fetched."""
    from repro.layers.descriptor import absent  # noqa: PLC0415

    try:
        return registry.blob(layer.digest, layer.size)
    except RegistryError as error:
        if layer.urls:
            raise absent(layer, name) from error
        raise


SCHEMES: Final[dict[str, Open]] = {
    "docker-archive": _docker_archive,
    "oci-archive": _oci,
    "oci-dir": _oci,
    "registry": _registry,
}
