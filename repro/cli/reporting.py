"""Where reports go: to standard output, or to files, in the formats that were asked for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repro.verdict import Verdict

FORMATS: Final = (
    "text",
    "json",
    "markdown",
    "sarif",
    "junit",
    "github",
    "github-summary",
    "gitlab",
    "html",
)


MANY: Final = ("text", "json", "markdown", "junit", "github", "csv", "html", "prometheus")
"""The formats of a comparison of many."""


def places(
    formats: tuple[str, ...],
    output: str | None,
    *,
    many: bool = False,
    known: tuple[str, ...] = (),
) -> list[tuple[str, Path | None]]:
    """Pair formats with files; None is standard output.

    `known` are the formats, where they are those of neither two nor many.
    """
    known = known or (MANY if many else FORMATS)
    found: list[tuple[str, Path | None]] = []
    for text in formats:
        name, separator, file = text.partition("=")
        if name not in known or (separator and not file):
            raise UsageError(
                f"--format {text!r}: there is no such format here",
                advice=f"Say {', '.join(known)}, or NAME=FILE.",
            )
        found.append((name, Path(file) if separator else None))
    if output:
        found = [*_with_file(found, Path(output), _suffixes(many=many))]
    if not found:
        found = [("text", None)]
    if sum(path is None for _, path in found) > 1:
        raise UsageError(
            "two reports for standard output", advice="Give all but one a file: -f json=FILE"
        )
    return found


def _with_file(
    places: list[tuple[str, Path | None]], path: Path, ends: Mapping[str, str]
) -> list[tuple[str, Path | None]]:
    """Send the one report without a file to `-o`, or choose its format by the suffix."""
    open_ones = [name for name, place in places if place is None]
    named = [place for place in places if place[1] is not None]
    fitting = [ends[end] for end in sorted(ends, key=len)[::-1] if path.name.endswith(end)]
    return [*named, ([*open_ones, *fitting, "text"][0], path)]


def _suffixes(*, many: bool) -> dict[str, str]:
    """Name the format that each suffix stands for."""
    from repro.report import FORMATS as OF_TWO  # noqa: PLC0415
    from repro.report.survey import FORMATS as OF_MANY  # noqa: PLC0415

    every = [(name, found.suffixes) for name, found in (OF_MANY if many else OF_TWO).items()]
    return {suffix: name for name, suffixes in every for suffix in suffixes}


def write(verdict: Verdict, places: list[tuple[str, Path | None]], *, everything: bool) -> None:
    """Render a verdict for each place."""
    from repro.cli import output  # noqa: PLC0415
    from repro.report import FORMATS as RENDERERS  # noqa: PLC0415
    from repro.report import terminal  # noqa: PLC0415

    folding: dict[str, Any] = {"folded": None} if everything else {}
    for name, path in places:
        if name == "text" and path is None:
            text = terminal.render(verdict, width=output.width(), color=output.color(), **folding)
        else:
            text = RENDERERS[name].render(verdict)
        if path is None:
            output.stdout(text.encode("utf-8"))
        else:
            output.write(path, text.encode("utf-8"))
            click.echo(f"repro: {name} report → {path}", err=True)
