"""`repro diff --watch`: compares many again whenever a file is new, changed or gone."""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

from repro.cli import many, output
from repro.cli.subjects import listed
from repro.errors import ReproError, UsageError
from repro.manifest.pool import Pool

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from repro.cli.many import Asked, Places
    from repro.manifest import Manifest
    from repro.survey import Survey

EVERY: Final = 1.0
"""Seconds from one look at the files to the next."""
Stamp = tuple[int, int, int]
"""When a file changed, how long it is, and which it is: another one in its place is seen too."""
ABSENT: Final[Stamp] = (0, 0, 0)


class Remembering(Pool):
    """Reads a file again only when it changed."""

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[Path, tuple[Stamp, Manifest]] = {}

    def load(self, path: Path) -> Manifest:
        """Read a manifest file, or remember it; ManifestError says what is wrong with it."""
        stamp = _stamp(path)
        if path not in self._read or self._read[path][0] != stamp:
            self._read[path] = stamp, super().load(path)
        return self._read[path][1]


def watched(what: Asked, places: Places, *, everything: bool) -> int:
    """Compare until Ctrl-C, which is how it ends; return the exit code of the last comparison.

    On a terminal the report stands in a screen of its own. Elsewhere each one follows the last.
    """
    pool, code, before = Remembering(), 0, None
    live = ("text", None) in places and sys.stdout.isatty()
    others = [place for place in places if not (live and place == ("text", None))]
    try:
        with _screen(everything=everything) if live else _nowhere() as show:
            while True:
                now = _stamps(what)
                if now != before:
                    survey = _look(what, pool, first=before is None)
                    if survey is not None:
                        code = survey.exit_code
                        show(survey)
                        many.write(survey, others, everything=everything)
                before = now
                time.sleep(EVERY)
    except KeyboardInterrupt:
        click.echo("repro: no longer watching", err=True)
        return code


def _look(what: Asked, pool: Pool, *, first: bool) -> Survey | None:
    """Compare; what cannot be compared for now, such as an emptied folder, is said and awaited."""
    try:
        return many.look(what, pool)
    except ReproError as error:
        if first:
            raise
        click.echo(f"repro: {error.message}", err=True)
        return None


def _stamps(what: Asked) -> dict[Path, Stamp]:
    """Stamp all files that are compared; none where there are none for now."""
    from pathlib import Path  # noqa: PLC0415

    try:
        paths = [source.path for source in listed(what.arguments).sources if source.path]
    except UsageError:
        paths = []
    return {path: _stamp(path) for path in (*paths, *(Path(text) for _, text in what.baselines))}


def _stamp(path: Path) -> Stamp:
    try:
        found = path.stat()
    except OSError:
        return ABSENT
    return found.st_mtime_ns, found.st_size, found.st_ino


@contextmanager
def _screen(*, everything: bool) -> Iterator[Callable[[Survey], None]]:
    """Show a report in a screen of its own, and print the last one when that is gone."""
    from rich.console import Console  # noqa: PLC0415
    from rich.live import Live  # noqa: PLC0415
    from rich.text import Text  # noqa: PLC0415

    from repro.report.survey import terminal  # noqa: PLC0415

    last: list[Survey] = []

    def rendered(survey: Survey) -> str:
        return terminal.render(
            survey, width=output.width(), color=output.color(), everything=everything
        )

    def show(survey: Survey) -> None:
        last[:] = [survey]
        live.update(Text.from_ansi(rendered(survey)), refresh=True)

    try:
        with Live(console=Console(), screen=True, auto_refresh=False) as live:
            yield show
    finally:
        for survey in last:
            output.stdout(rendered(survey).encode("utf-8"))


@contextmanager
def _nowhere() -> Iterator[Callable[[Survey], None]]:
    yield lambda _: None
