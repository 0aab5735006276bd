"""Reports: a verdict as text, one module a format, pure functions all."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from repro.report import (
    github,
    github_summary,
    gitlab,
    html,
    json_report,
    junit,
    markdown,
    sarif,
    terminal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repro.verdict import Verdict


class Format(Protocol):
    """One way to write a verdict; the same verdict is the same text, everywhere."""

    @property
    def name(self) -> str:
        """What a user calls it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File names that end so mean this format."""

    def render(self, verdict: Verdict) -> str:
        """Write the verdict; ends in a line feed."""


_ALL: Final[tuple[Format, ...]] = (
    terminal,
    json_report,
    markdown,
    sarif,
    junit,
    github,
    github_summary,
    gitlab,
    html,
)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({found.name: found for found in _ALL})
"""The formats by name."""
