"""The verdict for people, in a terminal or a pipe: the worst thing first, one block a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report import layers, wording
from repro.report.plain import plain, prose, value
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.diff.origin import LayerOrigin
    from repro.report.page import Page, Span
    from repro.rules.finding import Finding
    from repro.verdict import Subject, Verdict

name: Final = "text"
suffixes: Final = (".txt",)

WIDTH: Final = 100
"""Columns in a file."""
FOLDED: Final = 8
"""Findings without effect that are listed; the others are counted."""
LAYERS: Final = 8
"""Layers that are listed; the others are counted."""
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
    _waived(page, verdict)
    _brought(page, verdict)
    _tail(page, verdict)
    return page.text()


def _head(page: Page, verdict: Verdict) -> None:
    word = verdict.status.upper()
    style = f"bold {COLORS[verdict.status] if verdict.status is not Status.IDENTICAL else 'green'}"
    claim = wording.headline(verdict)
    if len(word) + 2 + len(claim) <= page.width:
        page.line((word, style), ("  " + claim, "bold"))
    else:
        page.line((word, style))
        page.paragraph(claim, "bold")
    page.blank()
    _subjects(page, (verdict.a, verdict.b))
    for said in filter(None, (wording.relation(verdict), layers.shared(verdict))):
        page.paragraph(said, indent=3)
    if compared := layers.compared(verdict):
        page.blank()
        page.paragraph(compared, "bold", label="compared  ", label_style="yellow")
    if measured := wording.measured(verdict):
        page.blank()
        page.paragraph(measured, label="measured  ", label_style="cyan")


def _subjects(page: Page, subjects: tuple[Subject, Subject]) -> None:
    from repro.report.page import columns, fill, packed  # noqa: PLC0415 - as above

    names = [value(side.name) for side in subjects]
    abouts = [_about(side) for side in subjects]
    name = max(columns([(shown, "")]) for shown in names)
    kind = max(columns([(about[0], "")]) for about in abouts)
    lines = ["  ".join([fill(about[0], kind), *about[1:]]) for about in abouts]
    fit = 3 + name + 2 + max(columns([(line, "")]) for line in lines) <= page.width
    for letter, shown, about, line in zip("AB", names, abouts, lines, strict=True):
        if fit:
            page.line((f"{letter}  ", "dim"), (fill(shown, name), "bold"), ("  " + line, "dim"))
            continue
        page.paragraph(shown, "bold", label=f"{letter}  ")
        for part in packed(about, page.width - 3):
            page.line((part, "dim"), indent=3)


def _about(side: Subject) -> list[str]:
    digests = (f"{label} {value(digest, 40)}" for label, digest in wording.identity(side))
    return [plain(wording.kind(side), 26), *digests]


def _group(page: Page, title: str, findings: list[Finding]) -> None:
    if not findings:
        return
    _heading(page, title, len(findings), COLORS[findings[0].status])
    margin = max(len(plain(finding.code, 12)) for finding in findings) + 2
    for alike in wording.alike(findings):
        page.blank()
        _block(page, alike, margin)


def _heading(page: Page, title: str, count: int, color: str) -> None:
    page.blank()
    head = f"{title} ({count}) "
    page.line((head, color), ("─" * (page.width - len(head)), "dim"))


def _block(page: Page, alike: list[Finding], margin: int) -> None:
    """Write one line a finding, and once what they have in common."""
    from repro.report.page import columns, fill  # noqa: PLC0415 - as above

    first = alike[0]
    code: Span = (plain(first.code, 12).ljust(margin), COLORS[first.status])
    right: list[Span] = [(first.impact.value, ""), (f" · {first.basis}", "dim")]
    folded = [f for f in alike if f.change and f.change.how == "unknown"]
    folded = folded if len(folded) > 2 else []
    rows = [(plain(f.subject), _values(f)) for f in alike if f not in folded]
    if folded:
        rows.append((f"{len(folded)} facts", _values(folded[0])))
    widest = max(columns([(subject, "")]) for subject, _ in rows)
    for subject, shown in rows:
        padded = fill(subject, widest) if widest <= page.width // 3 else subject
        _opening(page, code, (padded, "bold"), shown, right)
        code, right = (" " * margin, ""), []
    if folded:
        page.paragraph(", ".join(plain(f.subject) for f in folded), indent=margin)
    _body(page, first, margin)


def _opening(page: Page, code: Span, subject: Span, shown: list[Span], right: list[Span]) -> None:
    margin = len(code[0])
    if page.ends([code, subject, ("  ", ""), *shown], right):
        return
    if page.ends([code, subject], right):
        page.paragraph(_joined(shown), indent=margin)
        return
    page.paragraph(*subject, label=code[0], label_style=code[1])
    if not page.ends([(" " * margin, ""), *shown], right):
        page.paragraph(_joined(shown), indent=margin)
        if right:
            page.line(*right, indent=margin)


def _body(page: Page, finding: Finding, margin: int) -> None:
    title, why = prose(finding.title, 200), prose(finding.why)
    if title:
        page.paragraph(title, indent=margin)
    if why and why != title:
        page.paragraph(why, "dim", indent=margin)
    if finding.advice:
        page.paragraph(prose(finding.advice), indent=margin, label="do      ")
    if canary := wording.settles(finding):
        text = f"{plain(canary, 40)}, run on both sides, would settle it"
        page.paragraph(text, indent=margin, label="canary  ")
    for number, (side, layer) in enumerate(layers.places(finding.origin)):
        _layer(page, ("layer   " if number == 0 else " " * 8, side), layer, margin)
    if finding.sources:
        more = len(finding.sources) - 1
        text = plain(finding.sources[0], 300) + (f" (+{more})" if more else "")
        page.line((f"source  {text}", "dim"), indent=margin)


def _layer(page: Page, label: tuple[str, str], layer: LayerOrigin, margin: int) -> None:
    from repro.report.page import clip  # noqa: PLC0415 - as above

    number = f"{layer.layer}/{layer.of} {value(layer.digest, 40)}"
    text = f"{''.join(label)} {number}  {value(layer.step or '', 200)}"
    page.line((clip(text, page.width - margin).rstrip(), "dim"), indent=margin)


def _values(finding: Finding) -> list[Span]:
    shown = [value(side) for side in wording.sides(finding)]
    spans: list[Span] = [(shown[0], "")] if shown else []
    return [*spans, (" → ", "dim"), (shown[1], "")] if len(shown) == 2 else spans


def _joined(spans: list[Span]) -> str:
    return "".join(text for text, _ in spans)


def _equivalent(page: Page, findings: list[Finding], limit: int | None) -> None:
    """List what has no effect; a reason that several share is said once, before the others."""
    if not findings:
        return
    _heading(page, "no effect on outputs", len(findings), COLORS[Status.EQUIVALENT])
    page.blank()
    reasons: dict[str, list[Finding]] = {}
    for finding in findings:
        reasons.setdefault(prose(finding.why or finding.title, 400), []).append(finding)
    left = len(findings) if limit is None else limit
    for why, alike in reasons.items():
        if left > 0:
            _alike(page, why, alike, left)
        left -= len(alike)
    if left < 0:
        page.line((f"… {-left} more, listed with --all", "dim"))


def _alike(page: Page, why: str, findings: list[Finding], left: int) -> None:
    from repro.report.page import clip, columns, fill  # noqa: PLC0415 - as above

    page.paragraph(why, "dim")
    rows = [(plain(f.subject), _values(f)) for f in findings[:left]]
    subject = min(max(columns([(row[0], "")]) for row in rows), page.width // 3)
    for about, shown in rows:
        text = "".join(part for part, _ in shown)
        page.line(
            (fill(about, subject), ""), ("  " + clip(text, page.width - subject - 4), ""), indent=2
        )


def _waived(page: Page, verdict: Verdict) -> None:
    """List what does not count, and who answers for it."""
    if not verdict.waived:
        return
    _heading(page, "waived", len(verdict.waived), COLORS[Status.EQUIVALENT])
    page.blank()
    for each in verdict.waived:
        page.paragraph(prose(wording.waived(each)), indent=2)


def _brought(page: Page, verdict: Verdict) -> None:
    """Sum up which layers brought the drift, a line each."""
    from repro.report.page import clip, fill  # noqa: PLC0415 - as above

    groups, unknown = layers.brought(verdict.findings)
    if not groups:
        return
    _heading(page, "brought by layers", len(groups), "")
    page.blank()
    head = max(len(_numbered(group)) for group in groups)
    for group in groups[:LAYERS]:
        tally = layers.tally(group)
        step = value(group.layer.step or group.layer.digest, 200)
        left = (_numbered(group).ljust(head) + "  ", COLORS[group.findings[0].status])
        room = page.width - head - 4 - len(tally)
        if room >= WIDTH // 4:
            page.line(left, (fill(step, room) + "  ", ""), (tally, "dim"))
        else:
            page.line(left, (clip(step, page.width - head - 2), ""))
            page.paragraph(tally, "dim", indent=4)
    if (more := len(groups) - LAYERS) > 0:
        page.line((f"… {more} more", "dim"))
    if unknown:
        page.line((f"{unknown} without a known layer", "dim"))


def _numbered(group: layers.Brought) -> str:
    return f"{group.side} layer {group.layer.layer}/{group.layer.of}"


def _tail(page: Page, verdict: Verdict) -> None:
    page.blank()
    page.line(("─" * page.width, "dim"))
    for note in wording.notes(verdict):
        page.paragraph(prose(note), "dim")
    color = {0: "green", 1: "red", 3: "magenta"}[verdict.exit_code]
    tally: Span = (wording.tally_line(verdict), f"bold {color}")
    meaning: Span = (wording.exit_meaning(verdict), "dim")
    if not page.ends([tally], [meaning]):
        page.paragraph(*tally)
        page.paragraph(*meaning)
