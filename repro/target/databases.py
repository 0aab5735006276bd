"""Asks the vector databases of a stack, from where they can be reached: within it."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec

from repro.errors import ReproError
from repro.retrieval import facts, pgvector
from repro.retrieval.asking import Answer, DatabaseError, Request
from repro.retrieval.databases import HTTP, LABEL, PGVECTOR, Known, known
from repro.target import container, pack
from repro.target.answer import whole

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    import docker
    from docker.models.containers import Container

    from repro.manifest import Fact, Manifest
    from repro.retrieval.asking import Ask
    from repro.target.members import Members

SECONDS: Final = 60
"""What all requests of one round may take together."""
NONE: Final = "none"
NOBODY: Final = "no container with Python shares a network with it, so nobody could ask it"


class _Said(msgspec.Struct):
    text: str | None = None
    fault: str = ""


class _Answers(msgspec.Struct):
    answers: list[_Said]


class Asker(NamedTuple):
    """A container that asks, and the address at which it reaches what is asked."""

    container: Container
    host: str


def collected(
    client: docker.DockerClient, found: Members, services: Mapping[str, Manifest]
) -> Iterator[Fact]:
    """Yield what each database among containers that were read says of itself.

    One that gives no answer, or none that can be read, has its rows and never passes.
    """
    for service, each in found.items():
        what = _known(each)
        if what is None or what.name == NONE:
            continue
        try:
            yield from list(_of(client, service, what, found, services))
        except ReproError as error:
            yield from facts.unread(service, error.message)


def _known(each: Container) -> Known | None:
    image = str((each.attrs.get("Config") or {}).get("Image") or "")
    return known(image, each.labels.get(LABEL))


def _of(
    client: docker.DockerClient,
    service: str,
    what: Known,
    found: Members,
    services: Mapping[str, Manifest],
) -> Iterator[Fact]:
    each = found[service]
    if each.status != "running":
        raise DatabaseError(f"its container is {each.status}")
    if what.name == PGVECTOR:
        return pgvector.collected(service, _queried(client, each))
    if what.name not in HTTP:
        raise DatabaseError(f"no database is known as {what.name[:40]!r}")
    live = [name for name, manifest in services.items() if _is_live(manifest)]
    asker = _asker(each, [found[name] for name in sorted(live, key=lambda name: name != service)])
    return HTTP[what.name].collected(service, _ask(client, asker, what.port))


def _is_live(manifest: Manifest) -> bool:
    """Tell whether a container has a Python, for the probe ran in it."""
    return manifest.target.properties.get("mode") != "static"


def _asker(each: Container, others: Sequence[Container]) -> Asker:
    """Choose who asks: the database's own container if it can, else one that shares a network."""
    networks = _networks(each)
    for other in others:
        if other.id == each.id:
            return Asker(other, "127.0.0.1")
        shared = [name for name in _networks(other) if name in networks]
        for name in shared:
            if name == "host" or networks[name]:
                return Asker(other, networks[name] or "127.0.0.1")
    raise DatabaseError(NOBODY)


def _networks(each: Container) -> dict[str, str]:
    """Return the addresses of a container by network: names would need a name server."""
    joined = (each.attrs.get("NetworkSettings") or {}).get("Networks") or {}
    return {name: str((settings or {}).get("IPAddress") or "") for name, settings in joined.items()}


def _ask(client: docker.DockerClient, asker: Asker, port: int) -> Ask:
    def ask(requests: Sequence[Request]) -> list[Answer]:
        if not requests:
            return []
        url = f"http://{asker.host}:{port}"
        asked = [{"url": url + each.path, "body": each.body} for each in requests]
        nonce = secrets.token_hex(8)
        told = {"nonce": nonce, "seconds": SECONDS, "requests": asked}
        output = container.ask(client, asker.container, arguments(told), SECONDS)
        return answers(whole(output, nonce), len(asked))

    return ask


def arguments(told: dict[str, Any]) -> list[str]:
    """Return the command line that asks, behind an interpreter."""
    return pack.arguments(told, "asking")


def answers(data: bytes, count: int) -> list[Answer]:
    """Read what was answered to each request."""
    try:
        said = msgspec.json.decode(data, type=_Answers).answers
    except (msgspec.DecodeError, UnicodeError, RecursionError) as error:
        raise DatabaseError(f"what was answered is malformed: {error}") from error
    if len(said) != count:
        raise DatabaseError(f"{len(said)} answers came to {count} requests")
    return [Answer(each.text, each.fault) for each in said]


def _queried(client: docker.DockerClient, each: Container) -> Answer:
    """Ask PostgreSQL by its own program, in its own container."""
    command = ["sh", "-c", pgvector.SHELL, pgvector.QUERY]
    output, code = container.execute(client, each, command, SECONDS)
    if code != 0:
        return Answer(None, f"psql in its container ended with exit code {code}")
    return Answer(output.decode("utf-8", "replace"))
