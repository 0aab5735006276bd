"""What a long snapshot tells whoever waits for it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable

    Watch = Callable[[bytes], None]
    """Takes what a program writes to standard error, as it comes."""

MARK: Final = re.compile(rb"@repro-at (\d{1,6}) (\d{1,6})\n")
"""What the canaries' program writes after each of them; repro/probe/canary/main.py."""
TAIL: Final = 64


class Progress(Protocol):
    """How far it is."""

    def __call__(self, done: int, total: int | None) -> None:
        """Take the bytes that were read, and those in all where that is known."""

    def canaries(self, done: int, total: int) -> None:
        """Take the number of canaries that are done, and of all."""


def watching(progress: Progress | None) -> Watch | None:
    """Return what finds the canaries' marks in chunks of standard error, and passes them on."""
    if progress is None:
        return None
    tail = bytearray()

    def watch(chunk: bytes) -> None:
        tail.extend(chunk)
        found = MARK.findall(tail)
        if found:
            progress.canaries(*map(int, found[-1]))
            del tail[: tail.rfind(b"@repro-at")]
        del tail[:-TAIL]

    return watch
