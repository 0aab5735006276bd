"""Says on standard error what takes longer than a second."""

from __future__ import annotations

import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Iterator


@contextmanager
def working(text: str) -> Iterator[None]:
    """Show what is being done: a spinner on a terminal, one line elsewhere if it takes a second."""
    if sys.stderr.isatty():
        from rich.console import Console  # noqa: PLC0415
        from rich.text import Text  # noqa: PLC0415

        with Console(stderr=True).status(Text(text)):
            yield
        return
    timer = threading.Timer(1.0, lambda: click.echo(f"repro: {text} …", err=True))
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
