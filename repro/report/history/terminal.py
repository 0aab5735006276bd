"""A history for people, in a terminal or a pipe: each subject with the days on which it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report.plain import plain, prose, value
from repro.report.terminal import COLORS
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.history import Entry, History, Step, Timeline
    from repro.report.page import Page

name: Final = "text"

WIDTH: Final = 100
"""Columns in a file."""
ENTRIES: Final = 20
"""Changes of a step that are listed; the others are counted."""
NARROW: Final = 12
"""Columns in which no place is worth to be named."""
LOST: Final = 20
"""Manifests without a place in time, and facts that could not be read, that are listed."""


def render(
    history: History, *, width: int = WIDTH, color: bool = False, everything: bool = False
) -> str:
    """Lay a history out in `width` columns (40 to 120 are used); `everything` bounds no list."""
    from repro.report.page import Page  # noqa: PLC0415 - rich costs 50 ms that `--help` can do without

    page = Page(width=width, color=color)
    _head(page, history)
    for each in history.timelines:
        _timeline(page, each, None if everything else ENTRIES)
    _unplaced(page, history, None if everything else LOST)
    for note in history.notes:
        page.blank()
        page.paragraph(prose(note), "dim")
    return page.text()


def _head(page: Page, history: History) -> None:
    every = history.timelines
    manifests, changed = sum(each.manifests for each in every), sum(map(_changed, every))
    days = [day for each in every for day in (_day(each.first), _day(each.last))]
    span = f", {min(days)} to {max(days)}" if days else ""
    subjects = _count(len(every), "subject")
    page.paragraph(
        f"{_count(manifests, 'manifest')} of {subjects}{span}; {changed:,} changed", "bold"
    )
    if history.unplaced:
        lost = f"{_count(len(history.unplaced), 'manifest')} without a place in time, see below"
        page.paragraph(lost, COLORS[Status.INDETERMINATE])


def _changed(timeline: Timeline) -> bool:
    return any(entry.how != "first" for step in timeline.steps for entry in step.entries)


def _count(count: int, noun: str) -> str:
    return f"{count:,} {noun}{'s' * (count != 1)}"


def _timeline(page: Page, timeline: Timeline, limit: int | None) -> None:
    page.blank()
    page.paragraph(value(str(timeline.subject), 200), "bold")
    span = f"{_time(timeline.first)} to {_time(timeline.last)}"
    page.paragraph(f"{_count(timeline.manifests, 'manifest')}, {span}", "dim", indent=2)
    for step in timeline.steps:
        _step(page, step, limit)
    if not _changed(timeline):
        page.paragraph("no change", "dim", indent=2)
    for text in timeline.unread[:limit]:
        page.paragraph(f"not known: {prose(text, 200)}", COLORS[Status.INDETERMINATE], indent=2)
    _more(page, timeline.unread, limit, "facts that could not be read")


def _step(page: Page, step: Step, limit: int | None) -> None:
    from repro.report.page import clip  # noqa: PLC0415 - as above

    verdict = (f"  {step.status}", COLORS[step.status]) if step.status else ("", "")
    room = page.width - 2 - len(_time(step.at)) - len(verdict[0])
    place = clip(f"  {plain(step.place, 200)}", room) if room > NARROW else ""
    page.line((_time(step.at), "yellow"), verdict, (place, "dim"), indent=2)
    for entry in step.entries[:limit]:
        style = COLORS[entry.status] if entry.status and entry.status.rank > 1 else ""
        codes = f"  {plain(' '.join(entry.codes), 60)}" if entry.codes else ""
        page.paragraph(f"{_said(entry)}{codes}", style, indent=4, label="", label_style="")
    _more(page, step.entries, limit, "changes")


def _said(entry: Entry) -> str:
    about = f"{plain(entry.kind, 60)} {plain(entry.name, 80)}"
    old, new = (value(side, 60) if side else "(none)" for side in (entry.old, entry.new))
    return f"{about}  {new}" if entry.how == "first" else f"{about}  {old} → {new}"


def _more(page: Page, every: tuple[object, ...], limit: int | None, noun: str) -> None:
    if limit is not None and len(every) > limit:
        page.paragraph(f"… {len(every) - limit:,} more {noun}, listed with --all", "dim", indent=4)


def _unplaced(page: Page, history: History, limit: int | None) -> None:
    if not history.unplaced:
        return
    page.blank()
    page.paragraph("without a place in time", f"bold {COLORS[Status.INDETERMINATE]}")
    for each in history.unplaced[:limit]:
        page.paragraph(f"{plain(each.place, 100)}: {prose(each.reason, 300)}", indent=2)
    _more(page, history.unplaced, limit, "manifests")


def _day(at: str) -> str:
    return at[:10]


def _time(at: str) -> str:
    return at[:16].replace("T", " ")
