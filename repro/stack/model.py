"""The shape of a stack: a manifest of how it holds together, and one for each of its services."""

from __future__ import annotations

from typing import Final

import msgspec

from repro.manifest import Manifest

SCHEMA: Final = "repro/stack/1.0"
"""Family, MAJOR.MINOR, as a manifest has it."""
WHOLE: Final = "(stack)"
"""What stands for the stack itself beside its services: no service may be called so."""


class Stack(msgspec.Struct, frozen=True, kw_only=True):
    """Several services as one document."""

    name: str
    """The project's or the network's; for people, no digest covers it."""
    schema: str
    services: dict[str, Manifest]
    """By the service's name; a further container of one service has its number: `web/2`."""
    stack: Manifest
    """Services, references, mounts and collections: each service that could not be read, or does
    not run, has its fact here."""
    unread: dict[str, str]
    """Services that have no manifest, and why."""
