"""A page of styled lines of known width; the one module of the reports that imports rich."""

from __future__ import annotations

from io import StringIO
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len, chop_cells, set_cell_size

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

NARROWEST: Final = 40
WIDEST: Final = 120
"""Wider lines are hard to follow with the eye; the rest of a wide terminal stays empty."""
MEASURE: Final = 92
"""Columns of running text at most."""

Span = tuple[str, str]
"""Text, already harmless, with a style of rich's such as `bold red`; empty for none."""


class Page:
    """Collects lines; what is written is never read as markup, and the environment has no say."""

    def __init__(self, *, width: int, color: bool) -> None:
        self.width = min(max(width, NARROWEST), WIDEST)
        self._sink = StringIO()
        self._print = _colored(self._sink, self.width) if color else self._plain

    def _plain(self, spans: Iterable[Span]) -> None:
        line = "".join(text for text, _ in spans)
        self._sink.write(f"{line.rstrip()}\n")

    def line(self, *spans: Span, indent: int = 0) -> None:
        """Write one line as it is."""
        self._print([(" " * indent, ""), *spans])

    def blank(self) -> None:
        """Write an empty line."""
        self._sink.write("\n")

    def ends(self, left: list[Span], right: list[Span]) -> bool:
        """Write one line with something at both ends, if it fits; say whether it did."""
        room = self.width - columns(left) - columns(right)
        if room < 2:
            return False
        self.line(*left, (" " * room, ""), *right)
        return True

    def paragraph(
        self,
        text: str,
        style: str = "",
        *,
        indent: int = 0,
        label: str = "",
        label_style: str = "dim",
    ) -> None:
        """Write running text with a label before its first line and white space before the rest."""
        hang = indent + cell_len(label)
        for number, part in enumerate(wrap(text, min(self.width, MEASURE + hang) - hang)):
            head = label if number == 0 else " " * cell_len(label)
            self.line((head, label_style), (part, style), indent=indent)

    def text(self) -> str:
        """All that was written."""
        return self._sink.getvalue()


def _colored(sink: StringIO, width: int) -> Callable[[Iterable[Span]], None]:
    """Return what writes a line with its styles; rich is large, and only needed for these."""
    from rich.console import Console  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    console = Console(
        file=sink,
        width=width,
        color_system="standard",
        force_terminal=True,
        force_jupyter=False,
        no_color=False,
        markup=False,
        emoji=False,
        highlight=False,
        legacy_windows=False,
    )

    def write(spans: Iterable[Span]) -> None:
        text = Text.assemble(*(span for span in spans if span[0]))
        text.rstrip()
        console.print(text, soft_wrap=True)

    return write


def columns(spans: list[Span]) -> int:
    """The columns that spans take in a terminal."""
    return sum(cell_len(text) for text, _ in spans)


def fill(text: str, width: int) -> str:
    """Cut or pad a text to exactly so many columns; a cut one ends in an ellipsis."""
    return set_cell_size(clip(text, width), width)


def clip(text: str, width: int) -> str:
    """Cut a text that is wider than `width` columns and put an ellipsis at its end."""
    if cell_len(text) <= width:
        return text
    return set_cell_size(text, max(width - 1, 0)).rstrip() + "…"


def packed(parts: Iterable[str], width: int) -> list[str]:
    """Put parts beside each other, as many to a line as fit; one that is wider is cut."""
    lines: list[str] = []
    for part in parts:
        if lines and cell_len(lines[-1]) + 2 + cell_len(part) <= width:
            lines[-1] += "  " + part
        else:
            lines.append(clip(part, width))
    return lines


def wrap(text: str, width: int) -> list[str]:
    """Break text into lines; a URL stays whole, since a broken one leads nowhere."""
    lines: list[str] = []
    for word in text.split(" "):
        if lines and cell_len(lines[-1]) + 1 + cell_len(word) <= width:
            lines[-1] += " " + word
        elif cell_len(word) <= width or word.startswith(("https://", "http://")):
            lines.append(word)
        else:
            lines += chop_cells(word, width)
    return lines
