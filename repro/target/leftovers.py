"""Finds and removes containers that a crash left behind."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import requests
from docker.errors import DockerException, NotFound

from repro.errors import EngineError
from repro.target.sandbox import DEADLINE, LABEL

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker


def remove(client: docker.DockerClient, *, everything: bool = False) -> Iterator[str]:
    """Remove containers of repro that are past their time, or all; yield their short ids."""
    try:
        for container in client.containers.list(all=True, filters={"label": LABEL}):
            if everything or _expired(container.labels.get(DEADLINE, ""), container.status):
                try:
                    container.remove(force=True, v=True)
                except NotFound:
                    continue
                yield str(container.short_id)
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine did not remove it: {error}") from error


def _expired(deadline: str, status: str) -> bool:
    """Tell a leftover from a snapshot that is under way beside us."""
    if status in ("exited", "dead"):
        return not deadline.isdigit() or int(deadline) - 30 < time.time()
    return not deadline.isdigit() or int(deadline) < time.time()
