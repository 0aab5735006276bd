"""Qdrant's storage: a folder a collection, with the configuration that its API tells as well."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from repro.caches import facts
from repro.retrieval.facts import COLLECTION
from repro.retrieval.qdrant import Config, properties

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files, Folder
    from repro.manifest import Fact

KIND: Final = COLLECTION
FILE: Final = "config.json"
BESIDE: Final = "shard_config.json"
"""In each shard of a collection (qdrant, lib/collection/src/shards/shard_config.rs)."""
LIMIT: Final = 1 << 20


def collected(folder: Folder, files: Files) -> Iterator[Fact]:
    """Yield the collections of a storage: folders with a configuration and a shard."""
    if folder.name != "collections":
        return
    for name in folder.folders:
        path = folder.inside(name)
        if files.is_file(f"{path}/{FILE}") and files.is_file(f"{path}/0/{BESIDE}"):
            yield _collection(name, f"{path}/{FILE}", files)


def _collection(name: str, path: str, files: Files) -> Fact:
    try:
        config = msgspec.json.decode(files.read(path, LIMIT), type=Config)
    except OSError as error:
        return facts.unread(KIND, path, error)
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        return facts.malformed(KIND, path, error)
    return facts.known(
        KIND, f"{path.rpartition('/collections/')[0]}/{name}", path, **properties(config)
    )
