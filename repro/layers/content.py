"""The contents of one layer's files: what was kept of them, and a way to the rest."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Any, Final, Protocol

from repro.layers.reading import find, key
from repro.layers.store import Store
from repro.probe import files
from repro.probe.files import CHUNK

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet

    from repro.layers.index import Layer, Node

SMALL: Final = 8 << 20
"""Bytes of a file for which a layer may be passed over again, to search it."""
scan: Any = files.scan


class Fetch(Protocol):
    """Reads bytes of a layer's unpacked tar that were not kept; OSError where that fails."""

    around: int
    """Bytes that are read with what was asked for, since each reading is dear."""

    def __call__(self, at: int, size: int) -> bytes:
        """Return `size` bytes from `at`."""


class Contents:
    """A layer's index with its contents; `grown` tells whether more was kept than before."""

    def __init__(self, layer: Layer, fetch: Fetch, store: Store | None = None) -> None:
        self.layer = layer
        self._store = store or Store()
        self.grown = False
        self._fetch = fetch

    def names(self, folder: str) -> dict[str, Node]:
        """Return what a directory of this layer holds."""
        return self.layer.tree.get(folder, {})

    def hidden(self, folder: str) -> AbstractSet[str]:
        """Return the names that the layer takes away from that directory below."""
        return self.layer.hidden.get(folder, frozenset())

    def is_opaque(self, folder: str) -> bool:
        """Tell whether nothing of that directory below shows."""
        return folder in self.layer.opaque

    def piece(self, path: str, node: Node, offset: int, size: int) -> bytes:  # noqa: ARG002
        """Return a range of a file, which lies within it; what had to be fetched is kept."""
        if size <= 0:
            return b""
        kept = self.layer.content.setdefault(node.at, [])
        data = find(kept, offset, size)
        if data is None:
            start = max(0, offset - self._fetch.around)
            end = min(node.size, offset + size + self._fetch.around)
            piece = self._stored(node, start, end - start)
            kept.append((start, self._store.put(piece)))
            self.grown = True
            data = piece[offset - start : offset - start + size]
        return data

    def find(self, path: str, node: Node, pattern: re.Pattern[bytes], limit: int) -> bytes | None:
        """Return the first match in a file: searched as it passed, or now where it lies at hand."""
        known = self.layer.found.setdefault(node.at, {})
        name = key(pattern)
        if name not in known:
            if self._fetch.around and node.size > SMALL:
                raise OSError(errno.ESPIPE, "its bytes have passed", path)
            known[name] = scan(self._pieces(node), pattern, limit)
            self.grown = True
        return known[name]

    def _pieces(self, node: Node) -> Iterator[bytes]:
        kept = find(self.layer.content.get(node.at, []), 0, node.size)
        if kept is not None:
            yield kept
            return
        for offset in range(0, node.size, CHUNK):
            yield self._stored(node, offset, min(CHUNK, node.size - offset))

    def _stored(self, node: Node, offset: int, size: int) -> bytes:
        where = self.layer.sparse.get(node.at)
        if where is None:
            return self._fetch(node.at + offset, size)
        data = bytearray(size)
        for place, stored, length in where.stored(offset, size):
            data[place : place + length] = self._fetch(node.at + stored, length)
        return bytes(data)
