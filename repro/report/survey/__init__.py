"""Reports on many subjects: a survey as text, one module a format, pure functions all."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Final, Protocol

from repro.report.survey import (
    github,
    html,
    json_report,
    junit,
    markdown,
    prometheus,
    table,
    terminal,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repro.survey import Survey


class Format(Protocol):
    """One way to write a survey; the same survey is the same text, everywhere."""

    @property
    def name(self) -> str:
        """What a user calls it."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """File names that end so mean this format."""

    def render(self, survey: Survey) -> str:
        """Write the survey; ends in a line feed."""


_ALL: Final[tuple[Format, ...]] = (
    terminal,
    json_report,
    markdown,
    junit,
    github,
    table,
    html,
    prometheus,
)
FORMATS: Final[Mapping[str, Format]] = MappingProxyType({found.name: found for found in _ALL})
"""The formats by name."""
