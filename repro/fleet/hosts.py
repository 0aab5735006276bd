"""The hosts of a fleet, as a TOML file lists them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import tomli

from repro.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 16 << 20
"""Bytes of a file that are read; what is cut off there is no TOML any more, or no host."""


class Host(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A host, and the engine on it."""

    name: str
    engine: str | None = None
    """As in DOCKER_HOST: `ssh://user@host`, `tcp://host:2376`, `unix:///path`."""
    context: str | None = None
    """A Docker context, which knows certificates too."""

    @property
    def options(self) -> tuple[str, ...]:
        """What `repro snapshot` is told to reach the engine."""
        return (f"--context={self.context}",) if self.context else (f"--host={self.engine}",)


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: tuple[Host, ...]


def read(path: Path) -> tuple[Host, ...]:
    """Read the hosts of a TOML file; UsageError for what is wrong in it."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST)
        found = msgspec.convert(tomli.loads(data.decode("utf-8")), _File).host
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}", advice="See docs/fleet.md for its form.") from error
    if not found:
        raise UsageError(
            f"{path}: no host is in it", advice='Write [[host]] name = "…" engine = "…"'
        )
    for host in found:
        if (host.engine is None) == (host.context is None):
            raise UsageError(
                f"{path}: {host.name} needs an engine or a context, and not both",
                advice='For example engine = "ssh://root@host".',
            )
    return found
