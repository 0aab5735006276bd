"""Chroma: asked by its API of version 2; https://docs.trychroma.com/reference/server-api."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from repro.retrieval import facts
from repro.retrieval.asking import Answer, Request, few, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Fact
    from repro.retrieval.asking import Ask

TENANT: Final = "/api/v2/tenants/default_tenant/databases"
"""The tenant of who names none; a server does not tell which others it has."""
DEFAULT: Final = "default_database"
INDEX: Final = (
    *("space", "ef_construction", "ef_search", "max_neighbors", "quantize"),
    *("search_nprobe", "write_nprobe", "num_replicas"),
)
"""What decides which neighbours are found; threads and batches only decide how fast."""
MODEL: Final = (
    *("model_name", "model", "model_id", "dimensions", "dimension", "task", "task_type"),
    *("normalize_embeddings", "preferred_providers", "instruction"),
)
"""What an embedding function's configuration says of its model, and nothing of who may ask it."""


class _Database(msgspec.Struct):
    name: str


class _Collection(msgspec.Struct):
    name: str
    configuration_json: dict[str, Any] | None = None
    metadata: dict[str, Any] | None = None
    dimension: int | None = None


def collected(service: str, ask: Ask) -> Iterator[Fact]:
    """Yield the server and its collections; DatabaseError where it cannot be read."""
    version, listed = ask([Request("/api/v2/version"), Request(TENANT)])
    yield facts.server(service, "chroma", read(version, str))
    names = [each.name for each in few(read(listed, list[_Database]))]
    answers = ask([Request(f"{TENANT}/{quote(name, safe='')}/collections") for name in names])
    for name, answer in zip(names, answers, strict=True):
        yield from _collections(service, name, answer)


def _collections(service: str, database: str, answer: Answer) -> Iterator[Fact]:
    for each in few(read(answer, list[_Collection])):
        said = properties(each.configuration_json or {}, each.dimension, each.metadata)
        yield facts.collection(service, named(database, each.name), **said)


def named(database: str, collection: str) -> str:
    """Name a collection, with its database where that is not the usual one."""
    return collection if database == DEFAULT else f"{database}/{collection}"


def properties(
    configuration: dict[str, Any], dimension: int | None, metadata: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Say how a collection is searched, by its configuration; what it does not say is None."""
    index = {
        f"{kind}.{name}": value
        for kind in ("hnsw", "spann")
        if isinstance(configuration.get(kind), dict)
        for name, value in _index(configuration[kind])
    }
    spaces = [value for name, value in index.items() if name.endswith(".space")]
    return {
        "distance": spaces[0] if spaces else (metadata or {}).get("hnsw:space"),
        "dimension": dimension,
        "index": {name: value for name, value in index.items() if not name.endswith(".space")},
        "embedding": _embedding(configuration.get("embedding_function")),
    }


def _index(settings: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    yield from ((name, settings[name]) for name in INDEX if settings.get(name) is not None)


def _embedding(function: Any) -> dict[str, Any] | None:
    """Say which function makes embeddings; a legacy one is only known to whoever calls it."""
    if not isinstance(function, dict):
        return None
    config = function.get("config")
    model = config if isinstance(config, dict) else {}
    return {
        key: value
        for key, value in (
            *((key, function.get(key)) for key in ("type", "name")),
            *((key, model.get(key)) for key in MODEL),
        )
        if value is not None
    }
