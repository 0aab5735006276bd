"""The verdict as a comment on a pull request, in the Markdown that GitHub and GitLab render."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from repro.report import layers, wording
from repro.report.plain import prose, value
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.diff.origin import LayerOrigin
    from repro.rules.finding import Finding
    from repro.verdict import Subject, Verdict

name: Final = "markdown"
suffixes: Final = (".md", ".markdown")

MARKER: Final = "<!-- repro-diff -->"
"""The first line, by which a bot finds its own comment again and updates it in place."""
LIMIT: Final = 65_536
"""Characters of a comment that GitHub takes; it refuses a longer body with status 422."""
TABLE: Final = 24_000
FOLDED: Final = 12_000
"""Characters for the table and for each folded list; details take what is left."""
RESERVE: Final = 1_500
"""Characters for the lines that say how much was left out, and for the end."""
LAYERS: Final = 8
"""Layers that are listed; the others are counted."""
NAMED: Final = 6
"""Subjects that a summary names when several findings say the same."""
ELSEWHERE: Final = "the text and JSON reports list them all"

ACTIVE: Final = re.compile(
    r"[&<>*`\[\]\\|~@#$]|:(?=[/A-Za-z])|(?<![0-9A-Za-z])_|_(?![0-9A-Za-z])|(?<=\b[Ww]{3})\."
)
"""What means something in a line of CommonMark, in a table, to autolinks, emoji, mentions, math."""
BLOCK: Final = re.compile(r"^[-+=0-9]")
"""What at the start of a line may open a list, a heading or a rule."""
SAFE_URL: Final = re.compile(r"https?://[A-Za-z0-9./_~%?&=+#:,-]{1,500}")


def render(verdict: Verdict) -> str:
    """Write the comment in at most `LIMIT` characters; what does not fit is counted."""
    return f"{MARKER}\n{body(verdict)}"


def body(verdict: Verdict, times: int = 1) -> str:
    """Write the comment without its marker, for a place with room for so many comments."""
    apart = (Status.EQUIVALENT, Status.IDENTICAL)
    heavy = [finding for finding in verdict.findings if finding.status not in apart]
    light = [finding for finding in verdict.findings if finding.status is Status.EQUIVALENT]
    shared = [finding for finding in verdict.findings if finding.status is Status.IDENTICAL]
    head, tail = _head(verdict), _tail(verdict)
    table = _table(heavy, times * TABLE)
    folded = _folded(light, times * FOLDED)
    both = _shared(shared, times * FOLDED)
    brought = _waived(verdict) + _brought(verdict)
    used = sum(map(len, (head, table, brought, folded, both, tail)))
    details = _details(heavy, times * LIMIT - RESERVE - used)
    return "\n".join(part for part in (head, table, brought, details, folded, both, tail) if part)


def _head(verdict: Verdict) -> str:
    lines = [f"## {verdict.status.capitalize()}", ""]
    lines += [f"**{_upper(wording.headline(verdict))}.**", ""]
    lines += [f"- {letter}: {_subject(s)}" for letter, s in (("A", verdict.a), ("B", verdict.b))]
    for said in filter(None, (wording.relation(verdict), layers.shared(verdict))):
        lines.append(f"- {_upper(said)}")
    if compared := layers.compared(verdict):
        lines += ["", f"**Compared:** {running(compared)}."]
    if measured := wording.measured(verdict):
        lines += ["", f"**Measured:** {running(measured)}."]
    return "\n".join([*lines, ""])


def _subject(subject: Subject) -> str:
    digests = (f"{label} {code(digest)}" for label, digest in wording.identity(subject))
    return f"{code(subject.name)} ({', '.join([running(wording.kind(subject), 40), *digests])})"


def _table(findings: list[Finding], budget: int) -> str:
    if not findings:
        return ""
    head = ["| Code | What | Old → new | Impact | Basis |", "|:--|:--|:--|:--|:--|"]
    rows, more = fit((_row(finding) for finding in findings), budget)
    lines = [*head, *rows]
    if more:
        lines += ["", f"{more} more not shown in this table; {ELSEWHERE}."]
    return "\n".join([*lines, ""])


def _row(finding: Finding) -> str:
    which = f"{code(finding.code)}<br>{finding.status}"
    what = f"{code(finding.subject)}<br>{running(finding.title, 200)}"
    cells = (which, what, _values(finding), finding.impact, finding.basis)
    return f"| {' | '.join(cells)} |"


def _values(finding: Finding) -> str:
    return " → ".join(code(side) for side in wording.sides(finding))


def _details(findings: list[Finding], budget: int) -> str:
    groups = wording.alike(findings)
    blocks, more = fit((_detail(group) for group in groups), budget)
    if more:
        left = sum(len(group) for group in groups[-more:])
        blocks.append(f"Details not shown for {left} of {len(findings)}; {ELSEWHERE}.\n")
    return "\n".join(blocks)


def _detail(alike: list[Finding]) -> str:
    finding = alike[0]
    subjects = ", ".join(code(one.subject) for one in alike[:NAMED])
    more = f" and {len(alike) - NAMED} more" if len(alike) > NAMED else ""
    summary = f"{code(finding.code)} {subjects}{more}: {running(finding.title, 200)}"
    lines = [
        f"<details><summary>{summary}</summary>",
        "",
        running(finding.why) or "No reason given",
    ]
    points = []
    if finding.advice:
        points.append(f"- **Do:** {running(finding.advice)}")
    if canary := wording.settles(finding):
        points.append(f"- **Canary:** {code(canary)}, run on both sides, would settle it")
    points += [f"- **Layer:** {_layer(*place)}" for place in layers.places(finding.origin)]
    if finding.sources:
        points.append(f"- **Source:** {_source(finding.sources)}")
    return "\n".join([*lines, "", *points, "", "</details>", ""])


def _layer(side: str, layer: LayerOrigin) -> str:
    step = f" {code(layer.step, 200)}" if layer.step else ""
    return f"{side} {layer.layer}/{layer.of} {code(layer.digest)}{step}"


def _waived(verdict: Verdict) -> str:
    lines = [f"- {running(wording.waived(each))}" for each in verdict.waived]
    return "\n".join(["Waived:", "", *lines, "", ""]) if lines else ""


def _brought(verdict: Verdict) -> str:
    groups, unknown = layers.brought(verdict.findings)
    if not groups:
        return ""
    lines = [f"- {_layer(g.side, g.layer)}: {layers.tally(g)}" for g in groups[:LAYERS]]
    if (more := len(groups) - LAYERS) > 0:
        lines.append(f"- {more} more layers")
    if unknown:
        lines.append(f"- {unknown} without a known layer")
    return "\n".join(["Brought by layers:", "", *lines, ""])


def _source(sources: tuple[str, ...]) -> str:
    first, more = sources[0], len(sources) - 1
    link = f"<{first}>" if SAFE_URL.fullmatch(first) else code(first)
    return f"{link} (+{more})" if more else link


def _shared(findings: list[Finding], budget: int) -> str:
    if not findings:
        return ""
    return f"On both sides, so no drift:\n\n{_details(findings, budget)}"


def _folded(findings: list[Finding], budget: int) -> str:
    if not findings:
        return ""
    rows, more = fit((_light_row(finding) for finding in findings), budget)
    lines = [f"<details><summary>{len(findings)} without effect on outputs</summary>", ""]
    lines += ["| What | Old → new | Why |", "|:--|:--|:--|", *rows, ""]
    if more:
        lines += [f"{more} more not shown here; {ELSEWHERE}.", ""]
    return "\n".join([*lines, "</details>", ""])


def _light_row(finding: Finding) -> str:
    why = running(finding.why or finding.title, 300)
    return f"| {code(finding.subject)} | {_values(finding)} | {why} |"


def _tail(verdict: Verdict) -> str:
    lines = [running(note) + "." for note in wording.notes(verdict)]
    tally = code(wording.tally_line(verdict))
    return "\n\n".join([*lines, f"{tally} {running(wording.exit_meaning(verdict))}"]) + "\n"


def fit(items: Iterable[str], budget: int) -> tuple[list[str], int]:
    """Take items from the front while they fit in `budget` characters; count the others."""
    taken: list[str] = []
    more = 0
    for item in items:
        budget -= len(item) + 1
        if more or budget < 0:
            more += 1
        else:
            taken.append(item)
    return taken, more


def code(text: str, limit: int = 120) -> str:
    """One value as code, where nobody is mentioned and nothing is linked; never empty."""
    return f"<code>{ACTIVE.sub(_entity, value(text, limit)) or '(empty)'}</code>"


def running(text: str, limit: int = 1500) -> str:
    """Running text whose every character stands for itself.

    `@`, `#` and `://` become code of their own: mentions and links are looked for in
    the rendered page, where an entity is a plain character again, but never inside code.
    """
    escaped = BLOCK.sub(_entity, ACTIVE.sub(_entity, prose(text, limit)))
    for sign in ("&#58;//", "&#64;", "&#35;"):
        escaped = escaped.replace(sign, f"<code>{sign}</code>")
    return escaped


def _entity(found: re.Match[str]) -> str:
    return f"&#{ord(found[0])};"


def _upper(text: str) -> str:
    return text[:1].upper() + text[1:]
