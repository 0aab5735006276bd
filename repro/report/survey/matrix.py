"""The facts in which clusters differ as a table, in as many blocks as the width asks for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report.plain import plain, value
from repro.report.survey import wording
from repro.report.terminal import COLORS

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from repro.report.page import Page, Span
    from repro.survey import Cluster, Group, Row

NARROW: Final = 11
"""Columns of a cell at least."""
BROAD: Final = 20
"""Columns of a cell at most."""
SUBJECT: Final = 26
"""Columns of a fact's name at most."""
SAME: Final = "·"
"""Stands for what is as in the reference."""
BLOCKS: Final = 4
"""Blocks that are written; further clusters are counted."""


def write(page: Page, group: Group, rows: Sequence[Row]) -> None:
    """Write a table: a line a fact, a column a cluster that has another value somewhere."""
    from repro.report.page import columns  # noqa: PLC0415 - rich costs time

    lines = list(map(_Line, rows))
    odd = [c for c in group.clusters if any(c.number in line.cells for line in lines)]
    margin = min(max(columns([(line.subject, "")]) for line in lines), SUBJECT, page.width // 3)
    code = max(len(line.code) for line in lines)
    margin, code = (margin, code) if page.width >= 60 else (margin, 0)
    room = page.width - margin - (code + 2 if code else 0)
    count = max(room // (NARROW + 2) - 1, 1)
    for number, start in enumerate(range(0, len(odd), count)):
        if number == BLOCKS:
            text = f"… {len(odd) - start:,} more clusters; the JSON report has all of them"
            page.paragraph(text, "dim")
            return
        block = odd[start : start + count]
        width = min(room // (len(block) + 1) - 2, BROAD)
        if number:
            page.blank()
        _block(page, lines, block, (code, margin, width))


class _Line:
    """A row as it is written."""

    def __init__(self, row: Row) -> None:
        self.row = row
        self.code = plain(row.codes[0], 8)
        self.subject = plain(row.subject, 60)
        self.own, *_ = texts = wording.cells(row)
        self.cells = _cells(row, texts)


def _cells(row: Row, texts: Sequence[str]) -> dict[int, tuple[str, str]]:
    """Find the value of each cluster that has another than the reference, and its colour.

    Where the reference could not be read, nobody is known to be like it.
    """
    told = zip(row.values, texts, strict=True)
    other = [(v, text) for v, text in told if not v.reference or v.status.rank]
    return {number: (text, COLORS[v.status]) for v, text in other for number in v.clusters}


def _block(
    page: Page,
    lines: Sequence[_Line],
    block: Sequence[Cluster],
    widths: tuple[int, int, int],
) -> None:
    from repro.report.page import fill  # noqa: PLC0415 - as above

    code, margin, width = widths
    before = " " * (margin + (code + 2 if code else 0))
    heads = ["reference", *(f"{each.number} ×{len(each.names):,}" for each in block)]
    page.line((before, ""), *((f"  {fill(head, width)}", "bold") for head in heads))
    for line in lines:
        if not any(each.number in line.cells for each in block):
            continue
        first: list[Span] = (
            [(line.code.ljust(code) + "  ", COLORS[line.row.status])] if code else []
        )
        own = fill(value(line.own, 80), width)
        rest = list(_spans(line.cells, block, width))
        page.line(*first, (fill(line.subject, margin), "bold"), (f"  {own}", ""), *rest)


def _spans(
    found: dict[int, tuple[str, str]], block: Sequence[Cluster], width: int
) -> Iterator[Span]:
    from repro.report.page import fill  # noqa: PLC0415 - as above

    for each in block:
        text, color = found.get(each.number, (SAME, "dim"))
        yield f"  {fill(value(text, 80), width)}", color
