"""Qdrant: asked by its REST API; https://api.qdrant.tech/api-reference/collections."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote

import msgspec

from repro.retrieval import facts
from repro.retrieval.asking import Request, few, read

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Fact
    from repro.retrieval.asking import Ask

HNSW: Final = ("m", "ef_construct", "full_scan_threshold", "payload_m", "inline_storage")
"""What decides which neighbours are found; the rest says where the graph lies and how fast it is
built."""
VECTOR: Final = ("datatype", "quantization_config", "multivector_config")


class _Root(msgspec.Struct):
    version: str


class _Name(msgspec.Struct):
    name: str


class _Names(msgspec.Struct):
    collections: list[_Name]


class _Listed(msgspec.Struct):
    result: _Names


class _Params(msgspec.Struct):
    vectors: dict[str, Any] = {}
    sparse_vectors: dict[str, Any] | None = None


class Config(msgspec.Struct):
    """How a collection is kept, as its API and its own file have it."""

    params: _Params
    hnsw_config: dict[str, Any] = {}
    quantization_config: dict[str, Any] | None = None


class _Info(msgspec.Struct):
    config: Config


class _Described(msgspec.Struct):
    result: _Info


def collected(service: str, ask: Ask) -> Iterator[Fact]:
    """Yield the server and its collections; DatabaseError where it cannot be read."""
    root, listed = ask([Request("/"), Request("/collections")])
    yield facts.server(service, "qdrant", read(root, _Root).version)
    names = [each.name for each in few(read(listed, _Listed).result.collections)]
    answers = ask([Request(f"/collections/{quote(name, safe='')}") for name in names])
    for name, answer in zip(names, answers, strict=True):
        yield _collection(service, name, read(answer, _Described).result.config)


def _collection(service: str, name: str, config: Config) -> Fact:
    return facts.collection(service, name, **properties(config))


def properties(config: Config) -> dict[str, Any]:
    """Say how a collection is searched: with one vector a point, or with several by name."""
    vectors = config.params.vectors
    named = {"": vectors} if "size" in vectors else vectors
    each = {key: value for key, value in sorted(named.items()) if isinstance(value, dict)}
    return {
        "distance": _of(each, "distance"),
        "dimension": _of(each, "size"),
        "vectors": {key: _vector(value) for key, value in each.items() if _vector(value)},
        "sparse": config.params.sparse_vectors,
        "index": {"hnsw": _chosen(config.hnsw_config)},
        "quantization": config.quantization_config,
    }


def _of(vectors: dict[str, dict[str, Any]], key: str) -> Any:
    """Return what all vectors of a point have: plain for one without a name, else by name."""
    found = {name: value.get(key) for name, value in vectors.items()}
    return found.get("") if list(found) == [""] else found


def _vector(settings: dict[str, Any]) -> dict[str, Any]:
    """Return what a vector has of its own beside distance and size."""
    own = {key: settings[key] for key in VECTOR if settings.get(key) is not None}
    hnsw = settings.get("hnsw_config")
    return {**own, "hnsw": _chosen(hnsw)} if isinstance(hnsw, dict) else own


def _chosen(settings: dict[str, Any]) -> dict[str, Any]:
    return {key: settings[key] for key in HNSW if settings.get(key) is not None}
