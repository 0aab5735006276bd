"""Says on standard error what takes longer than a second, and how far it is."""

from __future__ import annotations

import sys
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

EVERY: Final = 10.0
"""Seconds from one line to the next where there is no terminal."""
MEGABYTE: Final = 1_000_000


@contextmanager
def working(text: str) -> Iterator[Shown]:
    """Show what is being done, and by what is yielded how far it is.

    On a terminal that is a line that changes; elsewhere there is one if it takes a second, and
    more while it goes on.
    """
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        with Console(stderr=True).status(Text(text)) as status:
            yield Shown(lambda how_far: status.update(Text(f"{text}: {how_far}")))
        return
    timer = threading.Timer(1.0, lambda: click.echo(f"repro: {text} …", err=True))
    timer.daemon = True
    timer.start()
    try:
        yield Shown(Lines(text))
    finally:
        timer.cancel()


class Shown:
    """Puts how far it is into words."""

    def __init__(self, show: Callable[[str], None]) -> None:
        self._show = show

    def __call__(self, done: int, total: int | None) -> None:
        """Take the bytes that were read."""
        of = f" of {total // MEGABYTE}" if total else ""
        self._show(f"{done // MEGABYTE}{of} MB read")

    def canaries(self, done: int, total: int) -> None:
        """Take the canaries that are done."""
        self._show(f"{done} of {total} canaries done")


class Lines:
    """Prints a line now and then; threads may share it."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._next = time.monotonic() + EVERY
        self._lock = threading.Lock()

    def __call__(self, how_far: str) -> None:
        """Take how far it is."""
        with self._lock:
            if time.monotonic() < self._next:
                return
            self._next = time.monotonic() + EVERY
        click.echo(f"repro: {self._text}: {how_far} …", err=True)
