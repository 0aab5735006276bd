"""The hosts of a fleet, as a file lists them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

import msgspec
import tomli

from repro.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path

LARGEST: Final = 16 << 20
"""Bytes of a file that are read; what is cut off there is no TOML any more, or no host."""
NAME: Final = r"^[A-Za-z0-9][A-Za-z0-9._-]{0,199}(?!\n)$"
"""A name becomes the name of a file."""


class Host(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A host, and the engine on it."""

    name: str
    engine: str | None = None
    """As in DOCKER_HOST: `ssh://user@host`, `tcp://host:2376`, `unix:///path`."""
    context: str | None = None
    """A Docker context, which knows certificates too."""


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: tuple[Host, ...]


def read(path: Path) -> tuple[Host, ...]:
    """Read the hosts of a TOML file, by name; UsageError for what is wrong in it."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST)
        found = msgspec.convert(tomli.loads(data.decode("utf-8")), _File).host
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}", advice="See docs/fleet.md for its form.") from error
    return tuple(sorted(_checked(found, path), key=lambda host: host.name))


def _checked(hosts: tuple[Host, ...], path: Path) -> tuple[Host, ...]:
    names = [host.name.lower() for host in hosts]
    for host in hosts:
        if not re.match(NAME, host.name):
            raise UsageError(
                f"{path}: {host.name[:80]!r} is no name of a host",
                advice="Letters, digits, `.`, `_` and `-`: it names a file, too.",
            )
        if (host.engine is None) == (host.context is None):
            raise UsageError(
                f"{path}: {host.name} needs an engine or a context, and not both",
                advice='For example engine = "ssh://root@host".',
            )
        if names.count(host.name.lower()) > 1:
            raise UsageError(f"{path}: {host.name} is there twice", advice="Give each its name.")
    if not hosts:
        raise UsageError(
            f"{path}: no host is in it", advice='Write [[host]] name = "…" engine = "…"'
        )
    return hosts
