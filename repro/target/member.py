"""How an engine describes one container of a stack, put so that two stacks can be compared."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from repro.probe import context
from repro.stack.facts import Mount, Running

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from docker.models.containers import Container

ANONYMOUS: Final = re.compile(r"[0-9a-f]{64}")
"""The name of a volume that nobody named (moby, volume/service/service.go)."""
pairs: Any = context.pairs


def described(service: str, container: Container, project: str) -> Running:
    """Describe a container; names lose that of its project, which is another one elsewhere."""
    attributes = container.attrs
    config = attributes.get("Config") or {}
    return Running(
        service=service,
        names=(str(container.name),),
        variables=pairs(config.get("Env")),
        words=tuple(_words(config)),
        networks=_networks(container, project),
        ports=tuple(sorted(_ports(attributes))),
        mounts=tuple(_mount(each, project) for each in attributes.get("Mounts") or ()),
    )


def without(project: str, name: str) -> str:
    """Return the name of a network or volume without that of its project."""
    return re.sub(rf"^{re.escape(project)}[_-]", "", name) if project else name


def _words(config: dict[str, Any]) -> Iterator[str]:
    for key in ("Entrypoint", "Cmd"):
        said = config.get(key) or ()
        yield from [said] if isinstance(said, str) else map(str, said)


def _networks(container: Container, project: str) -> dict[str, tuple[str, ...]]:
    joined = (container.attrs.get("NetworkSettings") or {}).get("Networks") or {}
    return {
        without(project, name): _aliases(container, (settings or {}).get("Aliases") or ())
        for name, settings in joined.items()
    }


def _aliases(container: Container, names: Iterable[str]) -> tuple[str, ...]:
    """Keep the names that were meant: not the container's own, nor its id."""
    meant = (name for name in map(str, names) if name != container.name)
    return tuple(sorted({name for name in meant if not str(container.id).startswith(name)}))


def _ports(attributes: dict[str, Any]) -> Iterator[str]:
    ports = (attributes.get("NetworkSettings") or {}).get("Ports") or {}
    for port, places in ports.items():
        yield port
        for place in places or ():
            yield f"{port} {place.get('HostIp')}:{place.get('HostPort')}"


def _mount(mount: dict[str, Any], project: str) -> Mount:
    name = str(mount.get("Name") or "")
    source = without(project, name) if name else str(mount.get("Source") or "")
    return Mount(
        path=str(mount.get("Destination")),
        type=str(mount.get("Type")),
        source="a volume without a name" if ANONYMOUS.fullmatch(name) else source,
        read_only=not mount.get("RW", True),
    )
