"""The container engine of a host: what a snapshot there is to be told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from repro.fleet.plan import Job

if TYPE_CHECKING:
    from pathlib import Path


class Engine(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An engine, by its address or by a Docker context."""

    name: str
    engine: str | None = None
    """As in DOCKER_HOST: `ssh://user@host`, `tcp://host:2376`, `unix:///path`."""
    context: str | None = None
    """A Docker context, which knows certificates too."""
    certificates: str | None = None
    """A folder with ca.pem, cert.pem and key.pem, as DOCKER_CERT_PATH; beside the file."""

    def __post_init__(self) -> None:
        if (self.engine is None) == (self.context is None):
            raise ValueError("it needs an engine or a context, and not both")
        if self.certificates is not None and not (self.engine or "").startswith("tcp://"):
            raise ValueError("certificates are for an engine at tcp://")

    def job(self, target: str, options: tuple[str, ...], beside: Path) -> Job:
        """Plan the snapshot of a target; certificates lie beside the file that named them."""
        where = f"--context={self.context}" if self.context else f"--host={self.engine}"
        folder = str((beside / self.certificates).absolute()) if self.certificates else ""
        variables = {"DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": folder} if folder else {}
        return Job(self.name, target, (*options, where), tuple(variables.items()))
