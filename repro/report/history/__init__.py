"""Reports on a history: one module a format, pure functions all."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from repro.report.history import json_report, table, terminal

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repro.history import History


class Format(Protocol):
    """One way to write a history; the same history is the same text, everywhere."""

    @property
    def name(self) -> str:
        """What a user calls it."""

    def render(self, history: History) -> str:
        """Write the history; ends in a line feed."""


_ALL: Final[tuple[Format, ...]] = (terminal, json_report, table)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({found.name: found for found in _ALL})
"""The formats by name."""
