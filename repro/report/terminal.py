"""The verdict for people, in a terminal or a pipe: the worst thing first, one block a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report import wording
from repro.report.plain import plain, prose, value
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.report.page import Page, Span
    from repro.rules.finding import Finding
    from repro.verdict import Subject, Verdict

name: Final = "text"
suffixes: Final = (".txt",)

WIDTH: Final = 100
"""Columns in a file."""
FOLDED: Final = 8
"""Findings without effect that are listed; the others are counted."""
COLORS: Final = {
    Status.DIVERGENT: "red",
    Status.INDETERMINATE: "magenta",
    Status.SUSPECT: "yellow",
    Status.EQUIVALENT: "green",
    Status.IDENTICAL: "cyan",
}
GROUPS: Final = {
    Status.DIVERGENT: "divergent",
    Status.INDETERMINATE: "unreadable",
    Status.SUSPECT: "suspect",
}


def render(
    verdict: Verdict, *, width: int = WIDTH, color: bool = False, folded: int | None = FOLDED
) -> str:
    """Lay the verdict out in `width` columns (40 to 120 are used).

    `folded` bounds the list of differences without effect; None lists them all.
    """
    from repro.report.page import Page  # noqa: PLC0415 - rich costs 50 ms that `--help` can do without

    page = Page(width=width, color=color)
    _head(page, verdict)
    for status, title in GROUPS.items():
        _group(page, title, [f for f in verdict.findings if f.status is status])
    _equivalent(page, [f for f in verdict.findings if f.status is Status.EQUIVALENT], folded)
    shared = [f for f in verdict.findings if f.status is Status.IDENTICAL]
    _group(page, "on both sides, so no drift", shared)
    _tail(page, verdict)
    return page.text()


def _head(page: Page, verdict: Verdict) -> None:
    word = verdict.status.upper()
    style = f"bold {COLORS[verdict.status] if verdict.status is not Status.IDENTICAL else 'green'}"
    claim = wording.headline(verdict)
    if page.width < 60:
        page.line((word, style))
        page.paragraph(claim, "bold")
    else:
        page.line((word, style), ("  " + claim, "bold"))
    page.blank()
    _subjects(page, (verdict.a, verdict.b))
    if relation := wording.relation(verdict):
        page.line((relation, ""), indent=3)


def _subjects(page: Page, subjects: tuple[Subject, Subject]) -> None:
    from repro.report.page import clip, columns, fill  # noqa: PLC0415 - as above

    rows = [(plain(s.name), plain(s.kind, 20), value(s.digest, 40)) for s in subjects]
    kind = max(len(row[1]) for row in rows)
    digest = max(len(row[2]) for row in rows)
    room = page.width - 3 - kind - digest - 4
    widest = min(max(columns([(row[0], "")]) for row in rows), max(room, 0))
    for letter, row in zip("AB", rows, strict=True):
        if widest >= 16:
            spans = (
                (fill(row[0], widest), "bold"),
                ("  " + row[1].ljust(kind) + "  " + row[2], "dim"),
            )
            page.line((f"{letter}  ", "dim"), *spans)
        else:
            page.line((f"{letter}  ", "dim"), (clip(row[0], page.width - 3), "bold"))
            page.line((f"{row[1]}  {row[2]}", "dim"), indent=3)


def _group(page: Page, title: str, findings: list[Finding]) -> None:
    if not findings:
        return
    _heading(page, title, len(findings), COLORS[findings[0].status])
    margin = max(len(plain(finding.code, 12)) for finding in findings) + 2
    for finding in findings:
        page.blank()
        _finding(page, finding, margin)


def _heading(page: Page, title: str, count: int, color: str) -> None:
    page.blank()
    head = f"{title} ({count}) "
    page.line((head, color), ("─" * (page.width - len(head)), "dim"))


def _finding(page: Page, finding: Finding, margin: int) -> None:
    from repro.report.page import clip, columns  # noqa: PLC0415 - as above

    code: Span = (plain(finding.code, 12).ljust(margin), COLORS[finding.status])
    right: list[Span] = [(finding.impact.value, ""), (f" · {finding.basis}", "dim")]
    subject: Span = (plain(finding.subject), "bold")
    shown = _values(finding)
    if not page.ends([code, subject, ("  ", ""), *shown], right):
        room = page.width - margin - columns(right) - 2
        page.ends([code, (clip(subject[0], room), "bold")], right)
        page.paragraph("".join(text for text, _ in shown), indent=margin)
    _body(page, finding, margin)


def _body(page: Page, finding: Finding, margin: int) -> None:
    title, why = prose(finding.title, 200), prose(finding.why)
    if title:
        page.paragraph(title, indent=margin)
    if why and why != title:
        page.paragraph(why, "dim", indent=margin)
    if finding.advice:
        page.paragraph(prose(finding.advice), indent=margin, label="do      ")
    if canary := wording.settles(finding):
        text = f"the {plain(canary, 40)} canary on both sides would settle it"
        page.paragraph(text, indent=margin, label="measure ")
    if finding.sources:
        more = len(finding.sources) - 1
        text = plain(finding.sources[0], 300) + (f" (+{more})" if more else "")
        page.paragraph(text, "dim", indent=margin, label="source  ")


def _values(finding: Finding) -> list[Span]:
    shown = [value(side) for side in wording.sides(finding)]
    spans: list[Span] = [(shown[0], "")] if shown else []
    return [*spans, (" → ", "dim"), (shown[1], "")] if len(shown) == 2 else spans


def _equivalent(page: Page, findings: list[Finding], limit: int | None) -> None:
    from repro.report.page import clip, columns, fill  # noqa: PLC0415 - as above

    if not findings:
        return
    _heading(page, "no effect on outputs", len(findings), COLORS[Status.EQUIVALENT])
    listed = findings if limit is None else findings[:limit]
    rows = [(plain(f.subject), _values(f), prose(f.why or f.title, 400)) for f in listed]
    subject = min(max(columns([(row[0], "")]) for row in rows), 28) if rows else 0
    values = min(max(columns(row[1]) for row in rows), 28) if rows else 0
    for about, shown, why in rows:
        text = "".join(part for part, _ in shown)
        if page.width < 72:
            page.line((clip(f"{about}  {text}", page.width - 2), ""), indent=2)
            page.line((clip(why, page.width - 4), "dim"), indent=4)
            continue
        room = page.width - 2 - subject - values - 4
        spans = (fill(text, values) + "  ", ""), (clip(why, room), "dim")
        page.line((fill(about, subject) + "  ", ""), *spans, indent=2)
    if more := len(findings) - len(listed):
        page.line((f"… and {more} more (--all lists them)", "dim"), indent=2)


def _tail(page: Page, verdict: Verdict) -> None:
    page.blank()
    page.line(("─" * page.width, "dim"))
    if note := wording.left_out(verdict):
        page.paragraph(note, "dim")
    color = {0: "green", 1: "red", 3: "magenta"}[verdict.exit_code]
    page.paragraph(wording.tally_line(verdict), f"bold {color}")
    page.paragraph(wording.exit_meaning(verdict), "dim")
