"""A history as a table for spreadsheets: a line a change."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

from repro.report.survey.table import cell

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.history import History, Timeline

name: Final = "csv"

HEAD: Final = (
    "subject", "host", "machine", "mode", "at", "place", "scope", "kind", "fact", "how", "old",
    "new", "status", "codes", "reason",
)  # fmt: skip


def render(history: History) -> str:
    """Write RFC 4180: a subject without a change has one line, and so has what has no time."""
    sink = StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows([cell(text) for text in line] for line in _lines(history))
    return sink.getvalue()


def _lines(history: History) -> Iterator[tuple[str, ...]]:
    for each in history.timelines:
        yield from _of_subject(each)
    for lost in history.unplaced:
        yield ("", "", "", "", "", lost.place, *[""] * 8, lost.reason)


def _of_subject(timeline: Timeline) -> Iterator[tuple[str, ...]]:
    who = timeline.subject
    head = (who.name, who.host, who.machine, who.mode)
    if not timeline.steps:
        yield (*head, timeline.last, *[""] * 10)
    for step in timeline.steps:
        for entry in step.entries:
            yield (
                *head,
                step.at,
                step.place,
                entry.scope,
                entry.kind,
                entry.name,
                entry.how,
                entry.old or "",
                entry.new or "",
                entry.status or "",
                " ".join(entry.codes),
                "",
            )
