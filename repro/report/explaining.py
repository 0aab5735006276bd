"""One finding of a report in full: why, on what evidence, what to do, and what would settle it."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING, Final

from repro.report.layers import places
from repro.report.page import columns
from repro.report.plain import plain, prose, value
from repro.report.wording import sides
from repro.rules.finding import Basis, Finding, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from repro.report.json_report import ReportedFinding

FIELDS: Final = 20
"""Differing fields that are listed."""
INDENT: Final = 11
"""Columns before values."""
BASES: Final = {
    Basis.MEASURED: "computed on both sides",
    Basis.DOCUMENTED: "documented at the sources below",
    Basis.INFERRED: "inferred; nothing measured it",
}
ACCEPT: Final = (
    "If it is meant: compare outputs on both sides, then take the snapshot of B for the new "
    "baseline. --impact and --fail-on say what a pipeline cares about."
)


def chosen(findings: Sequence[ReportedFinding], wanted: str) -> list[ReportedFinding]:
    """Pick findings by number (`#2`, counted from 1), code, or what they are about."""
    number = wanted.removeprefix("#")
    if number.isdigit():
        return list(findings[int(number) - 1 : int(number)]) if int(number) else []
    return [f for f in findings if wanted.upper() == f.code or wanted == f.subject]


def listed(findings: Iterable[ReportedFinding]) -> str:
    """List findings with the numbers that `chosen` takes."""
    rows = [
        f"#{number:<4}{plain(f.code, 12):<10}{f.status:<15}{plain(f.subject, 60)}"
        for number, f in enumerate(findings, 1)
    ]
    return "\n".join([*rows, ""])


def explained(finding: ReportedFinding, width: int) -> str:
    """Say all that is known of one finding."""
    return "\n".join([*_lines(finding, width), ""])


def _lines(finding: ReportedFinding, width: int) -> Iterator[str]:
    yield f"{plain(finding.code, 12)}  {plain(finding.subject)}: {prose(finding.title, 200)}"
    yield ""
    yield f"  verdict  {finding.status}"
    yield f"  impact   {finding.impact}, {BASES[finding.basis]}"
    yield from _changed("  values   ", map(value, sides(_as_finding(finding))), width)
    yield from _fields(finding, width)
    for side, layer in places(finding.origin):
        which = f"{side} {layer.layer}/{layer.of} {value(layer.digest, 40)}"
        yield f"  layer    {which}  {value(layer.step or '', 200)}".rstrip()
    yield from ("", "Why:", *_wrapped(finding.why, width))
    if finding.status not in (Status.EQUIVALENT, Status.IDENTICAL):
        yield from ("", "What to do:", *_wrapped(finding.advice, width), *_wrapped(ACCEPT, width))
    if finding.canary and finding.basis is not Basis.MEASURED:
        text = f"The {finding.canary} canary, run on both sides (see --canaries)."
        yield from ("", "What would settle it:", *_wrapped(text, width))
    if finding.sources:
        yield from ("", "Sources:", *(f"  {plain(source, 300)}" for source in finding.sources))


def _changed(head: str, texts: Iterable[str], width: int) -> list[str]:
    """Set what was before what is: in one line, or below each other where that is too long."""
    first, *rest = [*texts] or [""]
    line = head + " → ".join([first, *rest])
    if columns([(line, "")]) <= width:
        return [line]
    return [head + first, *(f"{'→ ':>{INDENT}}{text}" for text in rest)]


def _fields(finding: ReportedFinding, width: int) -> Iterator[str]:
    fields = finding.change.fields if finding.change else ()
    for field in fields[:FIELDS]:
        both = (value(str(side), 60) for side in (field.old, field.new))
        yield from _changed(f"{'':{INDENT}}{plain(field.path, 60)}: ", both, width)
    if len(fields) > FIELDS:
        yield f"           … {len(fields) - FIELDS} more fields"


def _as_finding(finding: ReportedFinding) -> Finding:
    return Finding(**{name: getattr(finding, name) for name in Finding.__struct_fields__})


def _wrapped(text: str, width: int) -> list[str]:
    found = prose(text)
    return textwrap.wrap(found, width, initial_indent="  ", subsequent_indent="  ") if found else []
