"""A server that answers garbage, too much, too slowly or elsewhere is a fault, and quickly one."""

from __future__ import annotations

import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any

import pytest

from repro.errors import ProbeError
from repro.retrieval import chroma, facts, milvus, qdrant
from repro.retrieval.asking import MOST, Answer, DatabaseError, Request, few, read
from repro.retrieval.databases import Known, known
from repro.target.databases import answers
from tests.retrieval.carrying import asking

if TYPE_CHECKING:
    from collections.abc import Iterator


class Hostile(BaseHTTPRequestHandler):
    """Answers each path in a way of its own."""

    def log_message(self, *_: Any) -> None:
        """Say nothing."""

    def do_GET(self) -> None:
        """Answer as the path says."""
        if self.path == "/elsewhere":
            self.send_response(302)
            self.send_header("Location", "/fine")
            self.end_headers()
            return
        if self.path == "/refused":
            self.send_error(401)
            return
        self.send_response(200)
        self.end_headers()
        if self.path == "/fine":
            self.wfile.write(b'"fine"')
        elif self.path == "/huge":
            self.wfile.write(b"x" * (2 << 20))
        elif self.path == "/bytes":
            self.wfile.write(b"\xff\xfe")
        elif self.path == "/slow":
            self.trickle()

    def trickle(self) -> None:
        """Send a byte now and then, so that no single read takes too long."""
        for _ in range(200):
            try:
                self.wfile.write(b" ")
                self.wfile.flush()
            except OSError:
                return
            time.sleep(0.05)


@pytest.fixture
def port() -> Iterator[int]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), Hostile)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    yield server.server_port
    server.shutdown()
    thread.join()
    server.server_close()


def test_each_request_has_its_answer_or_its_fault(port: int) -> None:
    paths = ("/fine", "/elsewhere", "/refused", "/huge", "/bytes", "/slow", "/fine")
    began = time.monotonic()
    found = asking(port, seconds=3)([Request(path) for path in paths])
    assert time.monotonic() - began < 8
    assert found == [
        Answer('"fine"'),
        Answer(None, "it answered with HTTP status 302"),
        Answer(None, "it answered with HTTP status 401"),
        Answer(None, "it answered with more than 1048576 bytes"),
        Answer("\\xff\\xfe"),
        Answer(None, "OSError: no whole answer in 5 s"),
        Answer(None, "there was no time left to ask"),
    ]


def test_nobody_there_is_a_fault() -> None:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        (found,) = asking(free.getsockname()[1])([Request("/")])
    assert found.text is None
    assert "refused" in found.fault


@pytest.mark.parametrize("database", [chroma.collected, qdrant.collected, milvus.collected])
@pytest.mark.parametrize(
    "text", ["", "null", "[]", "{}", "<html>", '{"code": 7}', '"x"', "[" * 5000, '{"code": 0}']
)
def test_garbage_from_any_database_is_never_a_fact(database: Any, text: str) -> None:
    with pytest.raises(DatabaseError, match="it "):
        list(database("db", lambda requests: [Answer(text) for _ in requests]))


@pytest.mark.parametrize("database", [chroma.collected, qdrant.collected, milvus.collected])
def test_a_fault_of_any_database_is_told(database: Any) -> None:
    with pytest.raises(DatabaseError, match="timed out"):
        list(database("db", lambda requests: [Answer(None, "timed out") for _ in requests]))


def test_too_many_collections_are_no_part_of_them() -> None:
    with pytest.raises(DatabaseError, match=f"more than {MOST} collections"):
        few(range(MOST + 1))


def test_a_database_that_could_not_be_read_hides_every_collection() -> None:
    assert [(f.kind, f.name) for f in facts.unread("db", "gone")] == [
        ("retrieval.server", "db"),
        ("retrieval.collection", "*"),
    ]


@pytest.mark.parametrize(
    "data", [b"", b"{}", b"[]", b'{"answers": []}', b'{"answers": [{"text": 1}]}']
)
def test_an_answer_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises((DatabaseError, ProbeError)):
        answers(data, 1)


@pytest.mark.parametrize("text", ["null", '{"a": 1}'])
def test_another_shape_is_refused(text: str) -> None:
    with pytest.raises(DatabaseError, match="it answered something else"):
        read(Answer(text), str)


@pytest.mark.parametrize(
    ("image", "label", "expected"),
    [
        ("chromadb/chroma:1.0.0", None, Known("chroma", 8000)),
        ("ghcr.io/x/qdrant/qdrant:v1.12@sha256:ab", None, Known("qdrant", 6333)),
        ("localhost:5000/milvusdb/milvus", None, Known("milvus", 19530)),
        ("pgvector/pgvector:pg16", None, Known("pgvector", 0)),
        ("postgres:16", None, None),
        ("my/chroma-client:1", None, None),
        ("mine:1", "chroma:9000", Known("chroma", 9000)),
        ("mine:1", "qdrant", Known("qdrant", 6333)),
        ("mine:1", "chroma:x", Known("chroma", 8000)),
        ("chroma:1", "none", Known("none", 0)),
        ("", None, None),
    ],
)
def test_databases_are_known_by_label_or_image(
    image: str, label: str | None, expected: Known | None
) -> None:
    assert known(image, label) == expected
