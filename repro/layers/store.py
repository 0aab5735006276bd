"""Contents in a file without a name instead of in memory: what is kept of layers may be large."""

from __future__ import annotations

import os
import tempfile
import threading
import weakref
from pathlib import Path
from typing import TYPE_CHECKING, Final

from repro.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

PIECE: Final = 1 << 20
"""Bytes that are moved at a time."""


class Kept:
    """Bytes in a store; like `bytes`, a slice of it is what was asked for, and that alone is read.

    OSError where the store cannot be read.
    """

    __slots__ = ("_at", "_size", "_store")

    def __init__(self, store: Store, at: int, size: int) -> None:
        self._store, self._at, self._size = store, at, size

    def __len__(self) -> int:
        return self._size

    def __getitem__(self, part: slice) -> bytes:
        start, stop, _ = part.indices(self._size)
        return self._store.read(self._at + start, max(0, stop - start))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Kept) and self[:] == other[:]

    __hash__ = None  # type: ignore[assignment]  # Equal by content, which is dear to read.

    def within(self, at: int, size: int) -> Kept:
        """Return a part of it that is not read yet; ValueError where it is not within."""
        if at < 0 or size < 0 or at + size > self._size:
            raise ValueError("a part that is not within")
        return Kept(self._store, self._at + at, size)

    def pieces(self) -> Iterator[bytes]:
        """Yield its bytes, not all at once."""
        for at in range(0, self._size, PIECE):
            yield self[at : at + PIECE]


class Store:
    """A temporary file that grows, by several threads at once; it goes when nobody has it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._descriptor: int | None = None
        self._closing: Callable[[], object] = int
        self._end = 0

    def put(self, data: bytes) -> Kept:
        """Keep bytes; TargetError where the disk does not take them."""
        kept = self._reserved(len(data))
        self._write(data, kept._at)
        return kept

    def take(self, read: Callable[[int], bytes], size: int) -> Kept:
        """Keep the next bytes of what is read, as many as there are of `size`."""
        kept = self._reserved(size)
        done = 0
        while done < size and (piece := read(min(PIECE, size - done))):
            self._write(piece, kept._at + done)
            done += len(piece)
        return kept.within(0, done)

    def read(self, at: int, size: int) -> bytes:
        """Return bytes that were kept."""
        return os.pread(self._opened(), size, at)

    def close(self) -> None:
        """Let go of the file; OSError for who reads from it later."""
        with self._lock:
            self._closing()
            self._descriptor = -1

    def _opened(self) -> int:
        with self._lock:
            if self._descriptor is None:
                self._descriptor, name = tempfile.mkstemp(prefix="repro-kept-")
                Path(name).unlink()
                self._closing = weakref.finalize(self, os.close, self._descriptor)
            return self._descriptor

    def _reserved(self, size: int) -> Kept:
        with self._lock:
            at, self._end = self._end, self._end + size
        return Kept(self, at, size)

    def _write(self, data: bytes, at: int) -> None:
        view = memoryview(data)
        try:
            while view:
                count = os.pwrite(self._opened(), view, at)
                view, at = view[count:], at + count
        except OSError as error:
            raise TargetError(
                f"contents of layers cannot be kept in {tempfile.gettempdir()}: {error.strerror}",
                advice="Make room there, or name another folder in TMPDIR.",
            ) from error
