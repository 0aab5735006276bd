"""A history for programs, under a versioned schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.history.model import Timeline, Unplaced
from repro.report.json_report import dumps

if TYPE_CHECKING:
    from repro.history import History

name: Final = "json"

SCHEMA: Final = "repro/history/1.0"
"""Family, MAJOR.MINOR: a minor adds fields, a major changes or removes some."""


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A history as it is published."""

    schema: str
    timelines: tuple[Timeline, ...]
    unplaced: tuple[Unplaced, ...]
    notes: tuple[str, ...]


def render(history: History) -> str:
    """Write the history as indented JSON with sorted keys."""
    found = Report(
        schema=SCHEMA,
        timelines=history.timelines,
        unplaced=history.unplaced,
        notes=history.notes,
    )
    return dumps(msgspec.to_builtins(found, order="sorted"))


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a history's report (draft 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Report)
