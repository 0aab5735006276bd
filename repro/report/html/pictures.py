"""Where the parts of a picture lie, of what canaries measured; the templates draw them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from markupsafe import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.rules.evidence import Evidence, Parting, Strip

CELL: Final = 10
"""Units from one cell to the next."""
SIDE: Final = 8
"""Units of a cell's side."""
COLUMNS: Final = 64
"""Cells of a line."""
BAR: Final = 26
"""Units from one bar to the next."""
HEIGHT: Final = 72
"""Units of the highest bar."""


class Grid(NamedTuple):
    """Cells in lines, one a case."""

    label: str
    total: int
    changed: int
    width: int
    height: int
    full: int
    """Units of the height of the lines that are full."""
    rest: int
    """Units of the width of the last line, where that is not full."""
    marked: Markup
    """A path around the cells that changed."""
    other: Markup
    """A path around those that another finding tells of."""


class Bar(NamedTuple):
    """One bar of a spread."""

    x: int
    y: int
    height: int
    cases: int
    label: str


class Spread(NamedTuple):
    """How far numbers are apart."""

    width: int
    same: int
    bars: tuple[Bar, ...]


class Token(NamedTuple):
    """A token of a generation."""

    place: int
    text: str
    parted: bool


def grids(found: Evidence) -> tuple[Grid, ...]:
    """Lay out the strips in which something changed, those with the most first."""
    changed = [_grid(strip) for strip in found.strips if "x" in strip.cases]
    return tuple(sorted(changed, key=lambda grid: -grid.changed))


def unchanged(found: Evidence) -> tuple[str, ...]:
    """Name the strips in which nothing changed."""
    return tuple(strip.aspect for strip in found.strips if "x" not in strip.cases)


def spread(found: Evidence) -> Spread | None:
    """Lay out bars for the numbers that differ; None where none do."""
    same, *powers = found.spread or (0,)
    if not powers:
        return None
    most = max(powers)
    bars = [_bar(place, count, most) for place, count in enumerate(powers)]
    return Spread(width=BAR * len(powers), same=same, bars=tuple(bars))


def tokens(parting: Parting) -> tuple[tuple[str, tuple[Token, ...]], ...]:
    """Number the tokens around a parting, by side."""
    return tuple(
        (side, _tokens(parting, own)) for side, own in (("A", parting.old), ("B", parting.new))
    )


def _grid(strip: Strip) -> Grid:
    total = len(strip.cases)
    lines, rest = divmod(total, COLUMNS)
    return Grid(
        label=strip.aspect,
        total=total,
        changed=strip.cases.count("x"),
        width=CELL * min(total, COLUMNS),
        height=CELL * (lines + bool(rest)),
        full=CELL * lines,
        rest=CELL * rest,
        marked=_path(strip.cases, "x"),
        other=_path(strip.cases, "o"),
    )


def _path(cases: str, sign: str) -> Markup:
    """Go around cells; of numbers alone, so that it may be as long as it has to be."""
    places = (divmod(index, COLUMNS) for index, case in enumerate(cases) if case == sign)
    square = f"h{SIDE}v{SIDE}h-{SIDE}z"
    moves = (f"M{CELL * column} {CELL * line}{square}" for line, column in places)
    return Markup("".join(moves))  # noqa: S704 - as its docstring says


def _bar(place: int, count: int, most: int) -> Bar:
    height = max(round(HEIGHT * count / most), 2) if count else 0
    label = f"{2**place}" if place < 10 else f"2^{place}"
    return Bar(BAR * place, HEIGHT - height, height, count, label if place < 31 else "∞")


def _tokens(parting: Parting, own: Sequence[str]) -> tuple[Token, ...]:
    numbered = enumerate(own, parting.start)
    return tuple(Token(index, text, index >= parting.token) for index, text in numbered)
