"""Images in an OCI layout: a folder, or a tar of one.

Source: OCI image specification 1.1, image-layout.md; `PATH:REF` and `PATH:@INDEX` are chosen by as
containers-transports(5) has it.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Final, Literal

import msgspec

from repro.errors import TargetError
from repro.layers import archive
from repro.layers.descriptor import check_digest
from repro.layers.documents import Documents, parse_index
from repro.layers.folder import Folder
from repro.layers.naming import choose
from repro.layers.outer import Place
from repro.layers.parsing import parse

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from repro.layers.descriptor import Descriptor
    from repro.layers.documents import Described
    from repro.layers.outer import Store
    from repro.layers.platforms import Selection
    from repro.layers.stored import StoredImage

REF: Final = "org.opencontainers.image.ref.name"
"""OCI image specification, annotations.md."""
CONTAINERD: Final = "io.containerd.image.name"
"""The whole name, of which REF has the tag alone: containerd and Docker write both."""


class _Version(msgspec.Struct):
    version: Literal["1.0.0"] = msgspec.field(name="imageLayoutVersion")


@contextmanager
def images(
    path: Path, chosen: str | None, selection: Selection, *, name: str | None = None
) -> Iterator[list[StoredImage]]:
    """Open the images meant of a layout; their layers can be read until the context ends.

    `chosen` is an image's reference name, or `@` and its number; needed where there are several.
    `name` is what the user calls it all. Raises TargetError.
    """
    name = name or str(path)
    if os.path.isdir(path):  # noqa: PTH112  # Path raises for names that are too long.
        yield _images(Folder(path, name), chosen, selection)
        return
    with archive.opened(path, name) as store:
        yield _images(store, chosen, selection)


def _images(store: Store, chosen: str | None, selection: Selection) -> list[StoredImage]:
    _check(store)
    listed = [
        each
        for each in parse_index(store.read("index.json"), store.name)
        if not each.is_attestation
    ]
    meant = choose(
        [(_names(each), each) for each in listed],
        chosen,
        store.name,
        alike=all(each.platform for each in listed),
    )
    documents = Documents(partial(_document, store), store.name)
    found = documents.among(meant, selection)
    tags = tuple(sorted({tag for each in meant for tag in _names(each)}))
    return [_stored(each, store, tags, several=len(found) > 1) for each in found]


def _check(store: Store) -> None:
    if store.has("oci-layout") and store.has("index.json"):
        parse(store.read("oci-layout"), _Version, f"{store.name}: oci-layout")
        return
    docker = store.has("manifest.json")
    raise TargetError(
        f"{store.name} is no OCI layout: it has no oci-layout and index.json",
        advice="It was written by `docker save`: name it docker-archive:PATH."
        if docker
        else "`skopeo copy` and `podman save --format oci-archive` write layouts.",
    )


def _names(descriptor: Descriptor) -> tuple[str, ...]:
    names = (descriptor.annotation(CONTAINERD), descriptor.annotation(REF))
    return tuple(filter(None, names))


def _document(store: Store, descriptor: Descriptor) -> bytes:
    path = _path(descriptor, store)
    if not store.has(path):
        raise TargetError(
            f"{store.name}: the document {descriptor.digest} is not there",
            advice="The layout is incomplete: copy or save the image again.",
        )
    return store.read(path)


def _path(descriptor: Descriptor, store: Store) -> str:
    algorithm, digits = check_digest(descriptor.digest, store.name)
    return f"blobs/{algorithm}/{digits}"


def _stored(found: Described, store: Store, tags: tuple[str, ...], *, several: bool) -> StoredImage:
    config = found.config
    places = tuple(
        Place(
            path=_path(layer, store),
            diff_id=diff_id,
            digest=layer.sha256,
            descriptor=layer,
        )
        for layer, diff_id in zip(found.layers, config.diff_ids, strict=True)
    )
    return store.image(
        places,
        name=f"{store.name} ({config.platform})" if several else store.name,
        config=config.document,
        config_digest=config.digest,
        manifest_digest=found.manifest_digest,
        tags=tags,
    )
