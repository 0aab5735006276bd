"""A survey as a comment, in the Markdown that GitHub and GitLab render."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report.markdown import ELSEWHERE, code, fit, running
from repro.report.survey import wording
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.survey import Cluster, Group, Row, Survey

name: Final = "markdown"
suffixes: Final = (".md", ".markdown")

MARKER: Final = "<!-- repro-survey -->"
"""The first line, by which a bot finds its own comment again and updates it in place."""
ROOM: Final = 48_000
"""Characters for all groups together; a comment has 65,536 at most, and all else is short."""
SHORT: Final = 8_000
"""Characters for what was not judged."""
NAMED: Final = 12
"""Subjects that a line names; the others are counted."""
VALUES: Final = 6
"""Values of a fact that a line shows; the others are counted."""


def render(survey: Survey) -> str:
    """Write the comment; what does not fit is counted."""
    lines = [MARKER, f"### {survey.status.upper()}: {running(wording.headline(survey))}", ""]
    lines += [f"{running(text)}\n" for text in (_axes(survey), wording.left_out(survey)) if text]
    room = ROOM // max(len(survey.groups), 1)
    groups, more = fit((_group(group, room) for group in survey.groups), ROOM)
    lines += groups
    if more:
        lines.append(f"{more} more groups are not shown; {ELSEWHERE}.\n")
    lines += [*_unjudged(survey), *_between(survey)]
    lines += [f"{running(note)}.\n" for note in survey.notes]
    tally = code(wording.tally_line(survey))
    return "\n".join([*lines, f"{tally} {running(wording.exit_meaning(survey))}", ""])


def _axes(survey: Survey) -> str:
    axes = wording.axes(survey)
    return f"Differing {axes}." if axes else ""


def _group(group: Group, room: int) -> str:
    head = [f"#### {code(group.name)} ({group.size:,})", ""] if group.name else []
    head += [f"Reference: {code(group.reference)}, {running(wording.reference(group))}.", ""]
    clusters, left = fit(map(_cluster, group.clusters), room // 2)
    lines = ["| # | Subjects | Verdict | Differs in |", "|--:|:--|:--|:--|", *clusters]
    lines += _rest(left, "clusters")
    heavy = [row for row in group.rows if row.status is not Status.EQUIVALENT]
    rows, left = fit(map(_row, heavy), room // 2)
    if heavy:
        lines += ["", "| Code | What | Values |", "|:--|:--|:--|", *rows, *_rest(left, "facts")]
    if light := len(group.rows) - len(heavy):
        lines += ["", f"{light:,} more differ without effect on outputs."]
    return "\n".join([*head, *lines, ""])


def _cluster(cluster: Cluster) -> str:
    names = ", ".join(code(each, 80) for each in cluster.names[:NAMED])
    more = f" and {len(cluster.names) - NAMED:,} more" if len(cluster.names) > NAMED else ""
    count = f"**{len(cluster.names):,}**: {names}{more}"
    return f"| {cluster.number} | {count} | {cluster.status} | {wording.differs(cluster)} |"


def _row(row: Row) -> str:
    shown = [
        f"{code(wording.shown(each), 80)} ×{each.count:,}"
        + (" (reference)" if each.reference else f" ({_numbers(each.clusters)})")
        for each in row.values[:VALUES]
    ]
    more = [f"{len(row.values) - VALUES} more"] if len(row.values) > VALUES else []
    first = f"{code(row.codes[0])}<br>{row.status}"
    return f"| {first} | {code(row.subject)} | {'<br>'.join([*shown, *more])} |"


def _numbers(clusters: tuple[int, ...]) -> str:
    more = f" and {len(clusters) - NAMED} more" if len(clusters) > NAMED else ""
    return ", ".join(f"{number}" for number in clusters[:NAMED]) + more


def _rest(count: int, noun: str) -> list[str]:
    return ["", f"{count:,} more {noun} are not shown; {ELSEWHERE}."] if count else []


def _unjudged(survey: Survey) -> Iterator[str]:
    if not survey.unjudged:
        return
    yield f"Not judged ({len(survey.unjudged):,}):\n"
    told = (f"- {code(each.name)}: {running(each.reason, 300)}" for each in survey.unjudged)
    lines, more = fit(told, SHORT)
    yield from [*lines, *_rest(more, "subjects"), ""]


def _between(survey: Survey) -> Iterator[str]:
    if not survey.between:
        return
    yield "Between groups, which decides nothing:\n"
    told = []
    for each in survey.between:
        subjects = list(dict.fromkeys(f.subject for f in each.verdict.findings if f.change))
        more = f" and {len(subjects) - NAMED} more" if len(subjects) > NAMED else ""
        what = ", ".join(code(text, 60) for text in subjects[:NAMED]) or "nothing differs"
        told.append(f"- {code(each.a)} → {code(each.b)}: {each.verdict.status}: {what}{more}")
    lines, left = fit(told, SHORT)
    yield from [*lines, *_rest(left, "groups"), ""]
