"""What an engine says of itself; apart, so that local snapshots need not import its SDK."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    from repro.manifest import Fact


class About(NamedTuple):
    """Facts of an engine, and which host it runs on."""

    facts: list[Fact]
    host: str | None = None
    machine: str | None = None
    """As `machine.own` has it; None where it cannot be told from here."""
