"""What is said of a stack: who refers to whom, and never what else a value holds."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from repro.manifest import Absent, Component, Unreadable
from repro.stack.facts import Mount, Running, facts
from repro.stack.references import Speaker, references

HOSTS = {"db": "db", "cache": "cache", "shop-db-1": "db", "Web": "web", "1.2.3.4": "db"}


def found(by: str, value: str, *words: str) -> list[tuple[str, int | None, str]]:
    said = references([Speaker("web", {by: value}, words)], HOSTS)
    return [(each.target, each.port, each.by) for each in said]


@pytest.mark.parametrize(
    ("value", "port"),
    [
        ("http://db:6333/collections", 6333),
        ("http://db", None),
        ("postgresql+psycopg://me:word@DB:5432/x?sslmode=off", 5432),
        ("shop-db-1:6333", 6333),
        ("x,db:1,y", 1),
        ('{"hosts": ["db:9200"]}', 9200),
        ("http://db/?q=cache", None),
    ],
)
def test_a_value_refers_to_the_host_in_it(value: str, port: int | None) -> None:
    assert found("ANY", value) == [("db", port, "ANY")]


@pytest.mark.parametrize(
    "value",
    ["db", "mydb:1", "db.example.com:1", "/db:/x", "db:x", "redis://db:12345@other", "web:1"],
)
def test_what_only_looks_like_a_service_is_none(value: str) -> None:
    assert found("MODE", value) == []


@pytest.mark.parametrize("name", ["QDRANT_HOST", "DB_URL", "hosts", "OLLAMA_SERVER"])
def test_a_variable_for_a_place_may_name_a_host_alone(name: str) -> None:
    assert found(name, "db") == [("db", None, name)]


def test_arguments_speak_too() -> None:
    words = ("serve", "--db-url=http://db:1", "--cache-host", "cache", "cache:2")
    assert found("X", "", *words) == [
        ("cache", None, "--cache-host"),
        ("cache", 2, "argument"),
        ("db", 1, "--db-url"),
    ]


def test_a_long_value_costs_little() -> None:
    assert found("X", "a" * 10_000_000 + " http://db:1") == []
    assert found("X", "a:" * 8000) == []


def running(service: str, **fields: Any) -> Running:
    base = Running(
        service=service,
        names=(f"shop-{service}-1",),
        variables={},
        words=(),
        networks={"default": (service,)},
        ports=(),
        mounts=(),
    )
    return msgspec.structs.replace(base, **fields)


def test_every_service_has_its_fact_whatever_its_state() -> None:
    web = running("web", variables={"DB_URL": "http://me:secret@db:6333", "TOKEN": "secret"})
    made = facts(
        [web, running("db"), running("job")], {"db": "gone"}, {"job": "ended", "gpu": "no"}
    )
    states = {fact.name: type(fact) for fact in made if fact.kind == "stack.service"}
    assert states == {"web": Component, "db": Unreadable, "job": Absent, "gpu": Absent}
    assert b"secret" not in msgspec.json.encode(made)
    (reference,) = (fact for fact in made if fact.kind == "stack.reference")
    assert isinstance(reference, Component)
    assert (reference.name, reference.properties) == (
        "web → db",
        {"by": ["DB_URL"], "ports": [6333]},
    )


def test_mounts_are_named_by_service_and_path() -> None:
    mount = Mount(path="/models", type="bind", source="/srv/models", read_only=True)
    (_, made) = facts([running("web", mounts=(mount,))], {}, {})
    assert (made.kind, made.name) == ("stack.mount", "web:/models")
