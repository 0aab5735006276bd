"""What is known of a stack as a whole, as facts that two stacks can be compared by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from repro.manifest import Absent, Component, Fact, Unreadable
from repro.stack.references import Reference, Speaker, grouped, references

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SERVICE, REFERENCE, MOUNT = "stack.service", "stack.reference", "stack.mount"


class Mount(msgspec.Struct, frozen=True, kw_only=True):
    """What a container has mounted."""

    path: str
    type: str
    """`volume`, `bind` or `tmpfs`."""
    source: str
    """A volume's name without that of the project, or a path of the host."""
    read_only: bool


class Running(msgspec.Struct, frozen=True, kw_only=True):
    """One container of a stack, as its engine describes it."""

    service: str
    names: tuple[str, ...]
    """By which it is reached everywhere, and which are no part of what is compared."""
    variables: dict[str, str]
    words: tuple[str, ...]
    networks: dict[str, tuple[str, ...]]
    """Names without that of the project, each with the names that reach the service there."""
    ports: tuple[str, ...]
    """`6333/tcp`, and where it is published: `6333/tcp 127.0.0.1:6333`."""
    mounts: tuple[Mount, ...]


def facts(
    running: Iterable[Running], unread: Mapping[str, str], idle: Mapping[str, str]
) -> list[Fact]:
    """Describe a stack: what runs, what could not be read, and what is declared and does not run.

    A value of a variable is never kept: of one that names a service, that service and the port.
    """
    there = list(running)
    return [
        *(_service(each) for each in there if each.service not in {*unread, *idle}),
        *(_unread(name, reason) for name, reason in unread.items()),
        *(_idle(name, reason) for name, reason in idle.items()),
        *_references(there),
        *(_mount(each.service, mount) for each in there for mount in each.mounts),
    ]


def _service(each: Running) -> Fact:
    properties: dict[str, Any] = {
        "networks": {name: list(aliases) for name, aliases in sorted(each.networks.items())},
        "ports": list(each.ports),
    }
    return _known(SERVICE, each.service, properties)


def _unread(name: str, reason: str) -> Fact:
    return Unreadable(scope="process", kind=SERVICE, name=name, reason=reason)


def _idle(name: str, reason: str) -> Fact:
    return Absent(scope="process", kind=SERVICE, name=name, reason=reason)


def _references(there: list[Running]) -> Iterator[Fact]:
    speakers = [Speaker(each.service, each.variables, each.words) for each in there]
    for (source, target), said in grouped(references(speakers, _hosts(there))).items():
        yield _known(REFERENCE, f"{source} → {target}", _said(said))


def _said(found: list[Reference]) -> dict[str, Any]:
    ports = {each.port for each in found if each.port is not None}
    return {"by": sorted({each.by for each in found}), "ports": sorted(ports)}


def _hosts(there: list[Running]) -> dict[str, str]:
    """Map each name that reaches a service to it; a service's own name comes first."""
    found = {
        alias: each.service
        for each in reversed(there)
        for aliases in (each.names, *each.networks.values())
        for alias in aliases
    }
    return {**found, **{each.service: each.service for each in there}}


def _mount(service: str, mount: Mount) -> Fact:
    properties = {"type": mount.type, "source": mount.source, "read_only": mount.read_only}
    return _known(MOUNT, f"{service}:{mount.path}", properties)


def _known(kind: str, name: str, properties: dict[str, Any]) -> Fact:
    return Component(scope="process", kind=kind, name=name, source="engine", properties=properties)
