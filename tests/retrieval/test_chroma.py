"""A real Chroma server says how its collections search."""

from __future__ import annotations

import json
import socket
import subprocess
import time
import urllib.request
from typing import TYPE_CHECKING, Any, Final

import pytest

from lab.venvs import interpreter
from repro.manifest import Component
from repro.retrieval import chroma
from repro.target import volume
from repro.target.options import Options
from tests.retrieval.carrying import asking

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SERVER: Final = "import sys, chromadb_rust_bindings as b; b.cli(['chroma', 'run', *sys.argv[1:]])"
"""Chroma's server is a Rust library: of its wheel no Python dependency is needed."""
TENANT: Final = "/api/v2/tenants/default_tenant/databases"


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        port: int = found.getsockname()[1]
        return port


@pytest.fixture
def data(tmp_path: Path) -> Path:
    return tmp_path / "data"


@pytest.fixture
def port(data: Path, tmp_path: Path) -> Iterator[int]:
    python, port = interpreter("chromadb==1.5.9", resolve=False), free_port()
    where = ("--path", str(data), "--host", "127.0.0.1", "--port", str(port))
    with (tmp_path / "log").open("wb") as log:
        server = subprocess.Popen([python, "-c", SERVER, *where], stdout=log, stderr=log)
    try:
        await_answer(port)
        yield port
    finally:
        server.kill()
        server.wait()


def await_answer(port: int) -> None:
    end = time.monotonic() + 30
    while True:
        try:
            urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v2/heartbeat").close()
        except OSError:
            assert time.monotonic() < end
            time.sleep(0.05)
        else:
            return


def post(port: int, path: str, **body: Any) -> None:
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        json.dumps(body).encode(),
        {"Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()  # noqa: S310 - it is ours.


def test_collections_are_read_with_distance_index_and_embedding_model(
    port: int, data: Path
) -> None:
    model = {"model_name": "all-MiniLM-L6-v2", "device": "cpu", "api_key_env_var": "KEY"}
    function = {"type": "known", "name": "sentence_transformer", "config": model}
    hnsw = {"space": "cosine", "ef_construction": 200, "max_neighbors": 32}
    told = {"hnsw": hnsw, "embedding_function": function}
    post(port, f"{TENANT}/default_database/collections", name="docs", configuration=told)
    post(port, TENANT, name="other")
    post(port, f"{TENANT}/other/collections", name="plain")
    found = {fact.name: fact for fact in chroma.collected("db", asking(port))}
    assert set(found) == {"db", "db/docs", "db/other/plain"}
    server, docs, plain = found["db"], found["db/docs"], found["db/other/plain"]
    assert isinstance(server, Component)
    assert isinstance(docs, Component)
    assert isinstance(plain, Component)
    assert server.version
    assert server.version[0].isdigit()
    assert docs.properties == {
        "distance": "cosine",
        "index": {"hnsw.ef_construction": 200, "hnsw.ef_search": 100, "hnsw.max_neighbors": 32},
        "embedding": {
            "type": "known",
            "name": "sentence_transformer",
            "model_name": "all-MiniLM-L6-v2",
        },
    }
    assert plain.properties["distance"] == "l2"
    # The database's own files say the same, without a server.
    held = {f.name: f for f in volume.snapshot(str(data), Options()).facts if f.kind == docs.kind}
    assert set(held) == {"/docs", "/other/plain"}
    for name, fact in (("/docs", docs), ("/other/plain", plain)):
        outside = held[name]
        assert isinstance(outside, Component)
        assert outside.properties == fact.properties
