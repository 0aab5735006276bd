"""Hosts with a container engine: what a snapshot there is to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro.fleet.hosts import Host


def arguments(host: Host) -> list[str]:
    """Return the options of `repro snapshot` that reach the engine of a host."""
    return [f"--context={host.context}"] if host.context else [f"--host={host.engine}"]
