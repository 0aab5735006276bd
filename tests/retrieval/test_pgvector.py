"""A real PostgreSQL with pgvector says how its columns are searched."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from lab.venvs import interpreter
from repro.manifest import Component
from repro.retrieval import pgvector
from repro.retrieval.asking import Answer, DatabaseError

if TYPE_CHECKING:
    from collections.abc import Iterator

SCHEMA: Final = """\
create extension vector;
create table items (id int, embedding vector(3), "odd, name" vector(2), free vector, body text);
create index on items using hnsw (embedding vector_cosine_ops) with (m = 32, ef_construction = 100);
create index on items using ivfflat (embedding vector_l2_ops) with (lists = 10);
create index on items using hnsw ("odd, name" vector_ip_ops);
create index on items (id);
alter database postgres set hnsw.ef_search = 200;
"""


class Server:
    """PostgreSQL as PyPI's pgserver has it; it refuses to run as root, whose cache is closed."""

    def __init__(self, folder: Path) -> None:
        python = Path(interpreter("pgserver==0.1.4", resolve=False))
        (site,) = python.parents[1].glob("lib/*/site-packages")
        for name in ("pgserver", "pgserver.libs"):
            shutil.copytree(site / name, folder / name, symlinks=True)
        self.bin, self.folder = folder / "pgserver" / "pginstall" / "bin", folder
        self.options = {"user": "nobody", "group": "nogroup"} if os.getuid() == 0 else {}

    def run(self, program: str, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
        path = f"{self.bin}:{os.environ['PATH']}"
        command = [program, *words] if program == "sh" else [str(self.bin / program), *words]
        return subprocess.run(
            command,
            env={"PATH": path, "PGHOST": str(self.folder), "HOME": "/nonexistent", **variables},
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
            cwd="/",
            user=self.options.get("user"),
            group=self.options.get("group"),
        )


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    # Not in pytest's own folders, which are closed to whom it runs as.
    with tempfile.TemporaryDirectory(prefix="repro-lab-postgres-") as name:
        folder = Path(name)
        folder.chmod(0o777)
        yield from started(Server(folder))


def started(made: Server) -> Iterator[Server]:
    data, log = str(made.folder / "data"), str(made.folder / "log")
    made.run("initdb", "-D", data, "-U", "postgres", "-A", "trust", "--no-sync")
    told = f"-k {made.folder} -c listen_addresses='' -c fsync=off -c shared_buffers=16MB"
    made.run("pg_ctl", "-D", data, "-w", "-l", log, "-o", told, "start")
    try:
        made.run("psql", "-X", "-U", "postgres", "-v", "ON_ERROR_STOP=1", "-c", SCHEMA)
        yield made
    finally:
        made.run("pg_ctl", "-D", data, "-m", "immediate", "stop")


def ask(server: Server, query: str = pgvector.QUERY, **variables: str) -> Answer:
    return Answer(server.run("sh", "-c", pgvector.SHELL, query, **variables).stdout)


def test_columns_are_read_with_dimension_distance_and_index(server: Server) -> None:
    found = {fact.name: fact for fact in pgvector.collected("db", ask(server))}
    assert set(found) == {
        "db",
        "db/public.items.embedding",
        "db/public.items.odd, name",
        "db/public.items.free",
    }
    database, embedding = found["db"], found["db/public.items.embedding"]
    assert isinstance(database, Component)
    assert isinstance(embedding, Component)
    assert database.version == "0.6.2"
    assert database.properties["settings"]["hnsw.ef_search"] == "200"
    assert embedding.properties == {
        "dimension": 3,
        "type": "vector",
        "distance": ["cosine", "l2"],
        "index": [
            {"method": "hnsw", "distance": "cosine", "m": "32", "ef_construction": "100"},
            {"method": "ivfflat", "distance": "l2", "lists": "10"},
        ],
    }
    odd, free = found["db/public.items.odd, name"], found["db/public.items.free"]
    assert isinstance(odd, Component)
    assert isinstance(free, Component)
    assert odd.properties["index"] == [{"method": "hnsw", "distance": "ip"}]
    assert free.properties == {"type": "vector"}


def test_what_asks_may_only_read(server: Server) -> None:
    with pytest.raises(subprocess.CalledProcessError) as caught:
        ask(server, "create table owned (x int)")
    assert "read-only transaction" in caught.value.stderr


def test_a_database_without_the_extension_says_so(server: Server) -> None:
    (only,) = pgvector.collected("db", ask(server, POSTGRES_DB="template1"))
    assert isinstance(only, Component)
    assert only.version == "not installed"


@pytest.mark.parametrize("text", ["", "{}", "psql: error", "[]"])
def test_garbage_is_refused(text: str) -> None:
    with pytest.raises(DatabaseError):
        list(pgvector.collected("db", Answer(text)))
