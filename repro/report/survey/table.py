"""A survey as a table for spreadsheets: a line a subject and a fact in which it differs."""

from __future__ import annotations

import csv
from io import StringIO
from typing import TYPE_CHECKING, Final

from repro.report.plain import plain
from repro.report.survey import wording

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.survey import Group, Survey

name: Final = "csv"
suffixes: Final = (".csv",)

HEAD: Final = (
    "group", "subject", "verdict", "cluster", "scope", "kind", "fact", "reference", "value",
    "status", "codes", "reason",
)  # fmt: skip
FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
"""How a cell begins that spreadsheets compute (OWASP, "CSV Injection")."""


def render(survey: Survey) -> str:
    """Write RFC 4180: all subjects, those without a difference in one line.

    A cell that a spreadsheet would compute begins with an apostrophe, which makes it text.
    """
    sink = StringIO()
    writer = csv.writer(sink, lineterminator="\r\n")
    writer.writerow(HEAD)
    writer.writerows([cell(text) for text in line] for line in _lines(survey))
    return sink.getvalue()


def _lines(survey: Survey) -> Iterator[tuple[str, ...]]:
    for group in survey.groups:
        told = _told(group)
        for cluster in group.clusters:
            for each in cluster.names:
                head = (group.name, each, cluster.status.value, str(cluster.number))
                for tail in told.get(cluster.number) or [("",) * 8]:
                    yield (*head, *tail)
    for lost in survey.unjudged:
        yield ("", lost.name, wording.UNJUDGED, *("",) * 8, lost.reason)


def _told(group: Group) -> dict[int, list[tuple[str, ...]]]:
    """Write what is to be said of each cluster once, however many subjects it has."""
    told: dict[int, list[tuple[str, ...]]] = {}
    for row in group.rows:
        own = wording.shown(row.values[0])
        for shown in row.values:
            text = wording.shown(shown)
            about = (row.scope, row.kind, row.name, own, text, shown.status.value)
            for number in shown.clusters if shown.status.rank else ():
                told.setdefault(number, []).append((*about, " ".join(shown.codes), ""))
    return told


def cell(text: str) -> str:
    """Make text fit for a spreadsheet, which computes what begins as a formula does."""
    shown = plain(text, 1000)
    return f"'{shown}" if shown.startswith(FORMULA) else shown
