"""Images in an archive that `docker save` writes, or another tool in its way.

Source: moby, image/spec/v1.2.md, "Combined Image JSON + Filesystem Changeset Format".
"""

from __future__ import annotations

import re
from contextlib import contextmanager
from typing import TYPE_CHECKING, Annotated, BinaryIO, Final

import msgspec

from repro.errors import TargetError
from repro.layers import archive
from repro.layers.image_config import MOST, count, parse_config
from repro.layers.naming import choose
from repro.layers.outer import Place
from repro.layers.parsing import DAMAGED, parse
from repro.layers.streams import Live, content
from repro.layers.tar import BLOCK, Tar

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from repro.layers.archive import Archive
    from repro.layers.image_config import Config
    from repro.layers.platforms import Selection
    from repro.layers.stored import Receive, StoredImage

NAMED: Final = re.compile(r"(?:.*/)?(?:sha256:)?([0-9a-f]{64})(?:\.json)?")
"""The name of a config that tells its digest."""
BLOB: Final = re.compile(r"blobs/sha256/([0-9a-f]{64})")


class _Entry(msgspec.Struct, rename="pascal"):
    """One image of manifest.json."""

    config: str
    repo_tags: list[str] | None = None
    layers: Annotated[list[str], msgspec.Meta(max_length=MOST)] | None = None


@contextmanager
def images(
    path: Path, chosen: str | None, selection: Selection, *, name: str | None = None
) -> Iterator[list[StoredImage]]:
    """Open the images meant of an archive; their layers can be read until the context ends.

    `chosen` is an image's tag, or `@` and its number; needed where there are several. `name` is
    what the user calls it all. Raises TargetError.
    """
    name = name or str(path)
    with archive.opened(path, name) as store:
        entries = choose(
            [(tuple(entry.repo_tags or ()), entry) for entry in _entries(store)],
            chosen,
            name,
            alike=False,
        )
        configs = [(_config(store, entry), entry) for entry in entries]
        found = selection.pick([(pair[0].platform, pair) for pair in configs], name)
        yield [_stored(*pair, store, several=len(found) > 1) for pair in found]


def deliver_stream(stream: BinaryIO, receive: Receive) -> None:
    """Pass over an archive once, as it comes, and hand over each layer without its digests."""
    tar = Tar(Live(stream))
    for number, entry in enumerate(tar):
        if number >= archive.MEMBERS:
            raise TargetError(
                f"the image comes as more than {archive.MEMBERS} members",
                advice="No image has as many; look after the engine.",
            )
        blob = BLOB.fullmatch(entry.path)
        if entry.kind != "f" or entry.sparse or not (blob or entry.path.endswith(".tar")):
            continue
        with content(tar) as layer:
            if not (blob and archive.is_document(layer.peek(BLOCK))):
                receive(layer, diff_id=None, digest=None)


def _entries(store: Archive) -> list[_Entry]:
    if store.has("manifest.json"):
        return parse(store.read("manifest.json"), list[_Entry], f"{store.name}: manifest.json")
    if store.has("repositories"):
        advice = "It was saved by Docker before 1.10: `docker load` it and save it again."
    elif store.has("oci-layout"):
        advice = "It is an OCI archive: name it oci-archive:PATH."
    else:
        advice = "`docker save` and `podman save` write such archives."
    raise TargetError(f"{store.name} has no manifest.json", advice=advice)


def _config(store: Archive, entry: _Entry) -> Config:
    config = parse_config(store.read(entry.config), store.name)
    named = NAMED.fullmatch(entry.config)
    if named and f"sha256:{named[1]}" != config.digest:
        raise TargetError(
            f"{store.name}: the image's config is not what its digest says", advice=DAMAGED
        )
    count(config, len(entry.layers or ()), store.name)
    return config


def _stored(config: Config, entry: _Entry, store: Archive, *, several: bool) -> StoredImage:
    places = tuple(
        Place(path=path, diff_id=diff_id, digest=_digest(path))
        for path, diff_id in zip(entry.layers or (), config.diff_ids, strict=True)
    )
    return store.image(
        places,
        name=f"{store.name} ({config.platform})" if several else store.name,
        config=config.document,
        config_digest=config.digest,
        tags=tuple(entry.repo_tags or ()),
    )


def _digest(path: str) -> str | None:
    blob = BLOB.fullmatch(path)
    return f"sha256:{blob[1]}" if blob else None
