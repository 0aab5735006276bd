"""A survey for people, in a terminal or a pipe: who is the odd one out, and in what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report.plain import plain, prose, value
from repro.report.survey import matrix, wording
from repro.report.terminal import COLORS
from repro.report.wording import NO_IMAGE
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.report.page import Page, Span
    from repro.survey import Cluster, Group, Survey

name: Final = "text"
suffixes: Final = (".txt",)

WIDTH: Final = 100
"""Columns in a file."""
CLUSTERS: Final = 20
"""Clusters that are listed; the others are counted."""
ROWS: Final = 30
"""Facts that are listed of a group; the others are counted."""
REASONS: Final = 12
"""Rules that are explained; the others are counted."""
BETWEEN: Final = 8
"""Names that a line of what differs between groups has."""


def render(
    survey: Survey, *, width: int = WIDTH, color: bool = False, everything: bool = False
) -> str:
    """Lay a survey out in `width` columns (40 to 120 are used); `everything` bounds no list."""
    from repro.report.page import Page  # noqa: PLC0415 - rich costs 50 ms that `--help` can do without

    page = Page(width=width, color=color)
    _head(page, survey)
    for group in survey.groups:
        _group(page, group, everything=everything)
    _unjudged(page, survey, everything=everything)
    _between(page, survey)
    _tail(page, survey)
    return page.text()


def _head(page: Page, survey: Survey) -> None:
    word, claim = survey.status.upper(), wording.headline(survey)
    style = f"bold {COLORS[survey.status] if survey.status is not Status.IDENTICAL else 'green'}"
    if len(word) + 2 + len(claim) <= page.width:
        page.line((word, style), ("  " + claim, "bold"))
    else:
        page.line((word, style))
        page.paragraph(claim, "bold")
    if axes := wording.axes(survey):
        page.blank()
        page.paragraph(axes, label="differ    ", label_style="yellow")
    if left_out := wording.left_out(survey):
        page.paragraph(left_out, "bold", label="compared  ", label_style="yellow")


def _group(page: Page, group: Group, *, everything: bool) -> None:
    title = f"group {plain(group.name)} ({group.size:,})" if group.name else ""
    page.blank()
    if title:
        page.paragraph(title, f"bold {COLORS[group.status]}")
    page.paragraph(
        f"{value(group.reference)}: {wording.reference(group)}",
        label="reference ",
        label_style="dim",
    )
    _clusters(page, group, CLUSTERS if not everything else None)
    rows = [row for row in group.rows if everything or row.status is not Status.EQUIVALENT]
    light = len(group.rows) - len(rows)
    if rows:
        heading(page, "what differs", len(rows), COLORS[rows[0].status])
        matrix.write(page, group, rows[: None if everything else ROWS])
        _more(page, len(rows) - ROWS if not everything else 0, "facts")
    if light:
        page.blank()
        page.paragraph(f"{light:,} more differ without effect on outputs, listed with --all", "dim")
    _minority(page, group)
    _reasons(page, group, everything=everything)


def heading(page: Page, title: str, count: int, color: str) -> None:
    """Write a line that begins a section."""
    page.blank()
    head = f"{title} ({count:,}) "
    if len(head) <= page.width:
        page.line((head, color), ("─" * (page.width - len(head)), "dim"))
    else:
        page.paragraph(head, color)
    page.blank()


def _clusters(page: Page, group: Group, limit: int | None) -> None:
    from repro.report.page import clip  # noqa: PLC0415 - as above

    heading(page, "clusters", len(group.clusters), COLORS[group.status])
    shown = group.clusters[:limit]
    digits = max(len(str(each.number)) for each in shown)
    size = max(len(f"{len(each.names):,}") for each in shown) + 1
    word = max(len(each.status) for each in shown)
    kinds = max(len(_variants(each)) for each in shown)
    wide = page.width >= digits + size + word + kinds + 8 + WIDTH // 4
    for each in shown:
        left: list[Span] = [
            (f"{each.number:>{digits}}  ", "bold"),
            (f"×{len(each.names):,}".rjust(size), ""),
            (f"  {each.status:<{word}}", COLORS[each.status]),
        ]
        room = page.width - digits - size - word - 6 - (kinds + 2 if wide else 0)
        who = clip(_names(each, room), max(room, 8))
        middle = [(f"  {_variants(each):<{kinds}}", "dim")] if wide else []
        page.line(*left, *middle, ("  " + who, "bold" if each.status.rank > 1 else ""))
        if not wide:
            page.line((_variants(each), "dim"), indent=digits + size + 4)
    _more(page, len(group.clusters) - len(shown), "clusters")


def _variants(cluster: Cluster) -> str:
    """`image 1 run 1 host 3`: which of the images, runs and hosts; scopes not compared are out."""
    known = [
        (scope, number)
        for scope, number in cluster.variants.items()
        if scope != "image" or cluster.verdict.b.image_digest != NO_IMAGE
    ]
    return " ".join(f"{wording.SAID[scope]} {number}" for scope, number in known)


def _names(cluster: Cluster, room: int) -> str:
    """Name as many as there is room for, and count the others."""
    told, left = "", len(cluster.names)
    for each in cluster.names:
        more = f", {value(each, 60)}" if told else value(each, 60)
        rest = f" and {left - 1:,} more" if left > 1 else ""
        if told and len(told) + len(more) + len(rest) > room:
            return f"{told} and {left:,} more"
        told, left = told + more, left - 1
    return told


def _minority(page: Page, group: Group) -> None:
    """List the facts in which most are like each other, and not like the reference."""
    rows = [row for row in group.rows if any(v.majority for v in row.values[1:])]
    rows = [] if group.baseline else rows
    rows = [row for row in rows if row.status is not Status.EQUIVALENT]
    if not rows:
        return
    heading(page, "where the reference is not like most", len(rows), "yellow")
    for row in rows[:REASONS]:
        values = [f"{value(wording.shown(v), 40)} ×{v.count:,}" for v in row.values if v.count]
        page.paragraph(f"{plain(row.subject, 60)}: {', '.join(values[:6])}", indent=2)
    _more(page, len(rows) - REASONS, "facts")


def _reasons(page: Page, group: Group, *, everything: bool) -> None:
    """Explain each rule once, whoever it is about."""
    found = wording.reasons(group)
    if not found:
        return
    heading(page, "why", len(found), COLORS[group.status])
    margin = max(len(plain(each.finding.code, 12)) for each in found) + 2
    for each in found[: None if everything else REASONS]:
        first = each.finding
        label = plain(first.code, 12).ljust(margin)
        about = f"{', '.join(plain(s, 60) for s in each.subjects)}: {prose(first.title, 200)}"
        page.paragraph(about, label=label, label_style=COLORS[first.status])
        who = f"{wording.subjects(each.count)}; {first.impact} · {first.basis}"
        page.paragraph(who, "dim", indent=margin)
        if first.advice:
            page.paragraph(prose(first.advice), indent=margin, label="do  ")
    _more(page, len(found) - REASONS if not everything else 0, "rules")


def _unjudged(page: Page, survey: Survey, *, everything: bool) -> None:
    if not survey.unjudged:
        return
    heading(page, "not judged", len(survey.unjudged), COLORS[Status.INDETERMINATE])
    for each in survey.unjudged[: None if everything else CLUSTERS]:
        page.paragraph(value(each.name, 100), "bold")
        page.paragraph(prose(each.reason, 300), indent=4)
        if each.advice:
            page.paragraph(prose(each.advice, 300), indent=4, label="do  ")
    _more(page, len(survey.unjudged) - CLUSTERS if not everything else 0, "subjects")


def _between(page: Page, survey: Survey) -> None:
    if not survey.between:
        return
    heading(page, "between groups, which decides nothing", len(survey.between), "")
    for each in survey.between:
        names = [plain(f.subject, 40) for f in each.verdict.findings if f.change]
        every = list(dict.fromkeys(names))
        more = f" and {len(every) - BETWEEN} more" if len(every) > BETWEEN else ""
        said = f"{', '.join(every[:BETWEEN])}{more}" if every else "nothing differs"
        status = f"{plain(each.a)} → {plain(each.b)}: {each.verdict.status}"
        page.paragraph(f"{status}: {said}")


def _more(page: Page, count: int, noun: str) -> None:
    if count > 0:
        page.paragraph(f"… {count:,} more {noun}, listed with --all", "dim")


def _tail(page: Page, survey: Survey) -> None:
    page.blank()
    page.line(("─" * page.width, "dim"))
    for note in survey.notes:
        page.paragraph(prose(note), "dim")
    color = {0: "green", 1: "red"}.get(survey.exit_code, "magenta")
    tally: Span = (wording.tally_line(survey), f"bold {color}")
    meaning: Span = (wording.exit_meaning(survey), "dim")
    if not page.ends([tally], [meaning]):
        page.paragraph(*tally)
        page.paragraph(*meaning)
