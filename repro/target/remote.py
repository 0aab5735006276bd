"""An image in a registry: its documents, and its layers as they are fetched."""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from repro.errors import RegistryError
from repro.layers.descriptor import Descriptor, absent
from repro.layers.documents import Described, Documents
from repro.layers.stored import Blob, StoredImage
from repro.registry.client import Registry
from repro.registry.reference import Reference

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.layers.platforms import Selection
    from repro.target.options import Options


@dataclass(frozen=True, kw_only=True, slots=True)
class Remote:
    """The images that a name means in a registry; their layers are not fetched yet."""

    name: str
    registry: Registry
    root: str
    """The digest that the name means: of an image, or of an index of several."""
    images: tuple[Described, ...]

    def called(self, image: Described) -> str:
        """Name an image, by its platform where there are several."""
        several = len(self.images) > 1
        return f"{self.name} ({image.config.platform})" if several else self.name

    def stored(self, image: Described) -> StoredImage:
        """Return an image whose layers are fetched when they are read."""
        blobs = [
            Blob(
                diff_id=diff_id,
                digest=None,  # The registry's stream checks it, before it gives out the last byte.
                size=layer.size,
                open=partial(_open, self.registry, layer, self.name),
            )
            for diff_id, layer in zip(image.config.diff_ids, image.layers, strict=True)
        ]
        return StoredImage(
            name=self.called(image),
            config=image.config.document,
            config_digest=image.config.digest,
            manifest_digest=image.manifest_digest,
            blobs=tuple(blobs),
        )


@contextmanager
def opened(
    text: str, options: Options, selection: Selection, *, writing: bool = False
) -> Iterator[Remote]:
    """Look an image up in its registry; raises RegistryError, or TargetError for what is none."""
    reference = Reference.parse(text)
    with Registry(
        reference,
        ca_file=Path(options.ca_file) if options.ca_file else None,
        plain_http=options.plain_http,
        writing=writing,
    ) as registry:

        def fetch(descriptor: Descriptor) -> bytes:
            if descriptor.is_manifest:
                return registry.manifest(descriptor.digest).data
            return registry.config(descriptor.digest, descriptor.size)

        name = f"registry:{text}"
        root = registry.manifest(reference.wanted)
        described = Documents(fetch, name).images(
            Descriptor(media_type=root.media_type, digest=root.digest, size=len(root.data)),
            root.data,
            selection,
        )
        yield Remote(name=name, registry=registry, root=root.digest, images=tuple(described))


def _open(registry: Registry, layer: Descriptor, name: str) -> BinaryIO:
    """Open a layer; one that a registry may not pass on is kept elsewhere, and is not fetched."""
    try:
        return registry.blob(layer.digest, layer.size)
    except RegistryError as error:
        if layer.urls:
            raise absent(layer, name) from error
        raise
