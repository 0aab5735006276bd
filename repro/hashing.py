"""A digest that another thread computes while more is fetched and unpacked."""

from __future__ import annotations

import hashlib
import threading
from typing import Final

BATCH: Final = 2 << 20
"""Bytes that are handed over at a time: a millisecond of hashing, many times a thread's start."""
LEAST: Final = 4 << 10
"""Bytes that each piece counts as: a hostile layer may come in millions of tiny ones."""


class Digest:
    """The hash of what passes, one batch behind; `algorithm` is a name of hashlib's.

    A thread ends with its batch: who gives up in the middle has nothing to end, and no more than
    two batches are ever held.
    """

    def __init__(self, algorithm: str = "sha256") -> None:
        self._hash = hashlib.new(algorithm)
        self._batch: list[bytes] = []
        self._size = 0
        self._thread: threading.Thread | None = None

    def update(self, piece: bytes) -> None:
        """Take what comes next."""
        self._batch.append(piece)
        self._size += max(len(piece), LEAST)
        if self._size >= BATCH:
            self._settle()
            self._thread = threading.Thread(target=self._add, args=(self._batch,), daemon=True)
            self._thread.start()
            self._batch, self._size = [], 0

    def __str__(self) -> str:
        """Return `ALGORITHM:…` of all that came."""
        self._settle()
        self._add(self._batch)
        self._batch, self._size = [], 0
        return f"{self._hash.name}:{self._hash.hexdigest()}"

    def _settle(self) -> None:
        """Wait for the batch before."""
        if self._thread is not None:
            self._thread.join()
            self._thread = None

    def _add(self, batch: list[bytes]) -> None:
        for piece in batch:
            self._hash.update(piece)
