"""Which containers make a stack: those of a compose project, or those on a network."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import requests
from docker.errors import DockerException, NotFound

from repro.errors import EngineError, UsageError
from repro.stack.codec import NAME

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

PROJECT: Final = "com.docker.compose.project"
SERVICE: Final = "com.docker.compose.service"
NUMBER: Final = "com.docker.compose.container-number"
ONE_OFF: Final = "com.docker.compose.oneoff"
"""Labels that Compose puts on its containers (docker/compose, pkg/api/labels.go)."""
MOST: Final = 1000
"""Containers of one stack."""

Members = dict[str, "Container"]
"""Containers by the names that they have in the stack."""


def of_project(client: docker.DockerClient, project: str) -> Members:
    """Find the containers of a compose project; UsageError where there is none."""
    found = _listed(client, {"label": f"{PROJECT}={project}"})
    kept = [each for each in found if str(each.labels.get(ONE_OFF)).lower() != "true"]
    if not kept:
        raise UsageError(
            f"the engine has no containers of the compose project {project!r}",
            advice="See `docker compose ls --all`, or name the stack's network: --network NAME.",
        )
    return _named({_of_compose(each): each for each in kept})


def of_network(client: docker.DockerClient, network: str) -> Members:
    """Find the containers on a network by their names; UsageError where there is none."""
    try:
        client.networks.get(network)
    except NotFound:
        raise UsageError(
            f"the engine has no network {network!r}", advice="See `docker network ls`."
        ) from None
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine cannot look up {network!r}: {error}") from error
    found = _listed(client, {"network": network})
    if not found:
        raise UsageError(
            f"no container is on the network {network!r}", advice="See `docker ps --all`."
        )
    return _named({str(each.name): each for each in found})


def _listed(client: docker.DockerClient, filters: dict[str, Any]) -> list[Container]:
    """List containers, also those that do not run: they are rows of the stack.

    One that goes away meanwhile is an EngineError, for it would be missing.
    """
    try:
        found = client.containers.list(all=True, filters=filters)
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine cannot list containers: {error}") from error
    if len(found) > MOST:
        raise UsageError(
            f"{len(found)} containers are no single stack", advice="Name a smaller project."
        )
    return sorted(found, key=lambda each: str(each.name))


def _of_compose(container: Container) -> str:
    service = str(container.labels.get(SERVICE) or container.name)
    number = str(container.labels.get(NUMBER) or "1")
    return service if number == "1" else f"{service}/{number}"


def _named(found: Members) -> Members:
    """Refuse names that a stack cannot have: labels may hold anything."""
    if odd := [name for name in found if not NAME.fullmatch(name)]:
        raise UsageError(
            f"no service can be called {odd[0][:80]!r}", advice="Look at the container's labels."
        )
    return found
