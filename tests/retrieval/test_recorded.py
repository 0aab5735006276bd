"""Qdrant and Milvus as their documentation shows their answers: neither is on PyPI as a server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

from repro.manifest import Component, Fact, Target, assemble
from repro.retrieval import milvus, qdrant
from repro.retrieval.asking import Answer
from repro.rules.catalog import load
from tests.manifests import verdict

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from repro.retrieval.asking import Request

HNSW: Final = {
    "m": 16,
    "ef_construct": 100,
    "full_scan_threshold": 10000,
    "max_indexing_threads": 0,
    "on_disk": False,
}
ONE: Final = {"size": 384, "distance": "Cosine"}
SEVERAL: Final = {
    "title": {"size": 384, "distance": "Dot", "hnsw_config": {"m": 64, "on_disk": True}},
    "body": {"size": 768, "distance": "Cosine", "datatype": "float16"},
}


def qdrant_answers(vectors: Any, name: str = "a b/c") -> dict[str, Any]:
    config = {"params": {"vectors": vectors, "shard_number": 1}, "hnsw_config": HNSW}
    more = {"optimizer_config": {"flush_interval_sec": 5}, "quantization_config": None}
    described = {"status": "green", "points_count": 7, "config": {**config, **more}}
    return {
        "/": {"title": "qdrant - vector search engine", "version": "1.12.4", "commit": "abc"},
        "/collections": {"result": {"collections": [{"name": name}]}, "status": "ok", "time": 1e-5},
        "/collections/a%20b%2Fc": {"result": described, "status": "ok", "time": 1.5e-4},
    }


def replayed(documents: dict[str, Any]) -> Callable[[Sequence[Request]], list[Answer]]:
    """Answer requests by their path, and by what their body names."""

    def key(request: Request) -> str:
        return "".join([request.path, *(f" {v}" for v in (request.body or {}).values())])

    return lambda requests: [Answer(json.dumps(documents[key(each)])) for each in requests]


def properties(fact: Fact) -> dict[str, Any]:
    assert isinstance(fact, Component)
    return fact.properties


def test_qdrant_with_one_vector_a_point() -> None:
    server, collection = qdrant.collected("db", replayed(qdrant_answers(ONE)))
    assert isinstance(server, Component)
    assert (server.version, server.properties) == ("1.12.4", {"database": "qdrant"})
    assert collection.name == "db/a b/c"
    assert properties(collection) == {
        "distance": "Cosine",
        "dimension": 384,
        "index": {"hnsw": {"m": 16, "ef_construct": 100, "full_scan_threshold": 10000}},
    }


def test_qdrant_with_named_vectors() -> None:
    _, collection = qdrant.collected("db", replayed(qdrant_answers(SEVERAL)))
    found = properties(collection)
    assert found["distance"] == {"body": "Cosine", "title": "Dot"}
    assert found["dimension"] == {"body": 768, "title": 384}
    assert found["vectors"] == {"body": {"datatype": "float16"}, "title": {"hnsw": {"m": 64}}}


def milvus_answers(metric: str = "COSINE") -> dict[str, Any]:
    index = {"fieldName": "vector", "indexName": "v", "metricType": metric}
    vector = {"name": "vector", "type": "FloatVector", "params": [{"key": "dim", "value": "5"}]}
    fields = [{"name": "id", "type": "Int64", "primaryKey": True}, vector]
    described = {"fields": fields, "indexes": [index], "consistencyLevel": "Bounded"}
    return {
        "/v2/vectordb/collections/list": {"code": 0, "data": ["docs"]},
        "/v2/vectordb/collections/describe docs": {"code": 0, "data": described},
        "/v2/vectordb/indexes/describe docs v": {
            "code": 0,
            "data": [{**index, "indexType": "HNSW"}],
        },
    }


def test_milvus() -> None:
    server, collection = milvus.collected("db", replayed(milvus_answers()))
    assert properties(server) == {"database": "milvus", "api": "v2"}
    assert properties(collection) == {
        "distance": {"vector": "COSINE"},
        "dimension": {"vector": "5"},
        "vectors": {"vector": "FloatVector"},
        "index": {"vector": "HNSW"},
        "consistency": "Bounded",
    }


def codes(one: dict[str, Any], other: dict[str, Any], database: Any) -> set[str]:
    sides = [
        assemble(Target(kind="stack", name="x"), database("db", replayed(documents)))
        for documents in (one, other)
    ]
    return {finding.code for finding in verdict(sides[0], sides[1], load()).findings}


def test_drift_that_changes_retrieval_is_judged() -> None:
    dot = {**ONE, "distance": "Dot"}
    large = {**ONE, "size": 768}
    graph = {**SEVERAL, "title": {**SEVERAL["title"], "hnsw_config": {"m": 8}}}
    asked = qdrant.collected
    assert codes(qdrant_answers(ONE), qdrant_answers(ONE), asked) == set()
    assert codes(qdrant_answers(ONE), qdrant_answers(dot), asked) == {"RET009"}
    assert codes(qdrant_answers(ONE), qdrant_answers(large), asked) == {"RET010"}
    assert codes(qdrant_answers(SEVERAL), qdrant_answers(graph), asked) == {"RET010"}
    assert codes(milvus_answers(), milvus_answers("L2"), milvus.collected) == {"RET009"}
