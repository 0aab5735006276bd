"""Reads a layer once, from its stored bytes to its index; large files are read as they pass."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from repro.errors import TargetError
from repro.layers import interest
from repro.layers.compression import Unpacked
from repro.layers.index import Builder, Extent, Layer
from repro.layers.tar import Tar, cut
from repro.probe.files import Files

if TYPE_CHECKING:
    from typing import BinaryIO

    from repro.layers.tar import Entry

AHEAD: Final = 4 << 20
"""First bytes of a large file that are held while it passes: what is read backwards lies there."""
FAR: Final = 64 << 20
"""Bytes that one read from a passing file may ask for."""


class Stream:
    """An unpacked layer as a tar's source; nothing in it can be skipped, for it is hashed."""

    def __init__(self, unpacked: Unpacked) -> None:
        self._unpacked = unpacked
        self.read = unpacked.read

    def skip(self, size: int) -> None:
        """Read past bytes; TargetError where there are not as many."""
        if sum(map(len, self._unpacked.pieces(size))) < size:
            raise cut()


def read_layer(
    stream: BinaryIO, *, diff_id: str | None = None, digest: str | None = None
) -> tuple[str, Layer]:
    """Index a layer from its stored bytes; return its diff ID with it.

    `digest` is what the stored bytes have to hash to, `diff_id` what the unpacked ones have to.
    Raises TargetError where they do not, and for what is no layer.
    """
    unpacked = Unpacked(stream, hashed=digest is not None)
    tar, builder = Tar(Stream(unpacked)), Builder()
    for entry in tar:
        path = builder.add(entry)
        if path is not None and entry.sparse is None:
            extents = keep(tar, path, entry)
            if extents:
                builder.layer.content[entry.at] = extents
    unpacked.drain()
    for wanted, found in ((digest, unpacked.stored.digest), (diff_id, unpacked.digest)):
        if wanted is not None and wanted != found:
            raise TargetError(
                f"a layer is not what its digest says: {wanted} was promised, {found} came",
                advice="It was damaged or tampered with; fetch the image again.",
            )
    return unpacked.digest, builder.layer


def keep(tar: Tar, path: str, entry: Entry) -> list[Extent]:
    """Keep of a passing file what collectors will ask for."""
    size = interest.kept(path, entry.size, program=entry.program)
    if size:
        return [(0, tar.content(size))]
    reader = interest.reader(path)
    if reader is None or not entry.size:
        return []
    passing = Passing(tar, entry.size)
    with suppress(OSError, ValueError):  # The collector will meet the same fault.
        reader(passing, f"/{path}")
    return passing.used()


class Passing(Files):
    """One file of a tar that goes by: it is read forwards, and backwards in its first bytes."""

    def __init__(self, tar: Tar, size: int) -> None:
        self._tar = tar
        self._size = size
        self._head = tar.content(min(size, AHEAD))
        self._position = len(self._head)
        self._pieces: list[Extent] = [(0, self._head)]
        self._asked: dict[Extent, None] = {}

    def size(self, path: str) -> int:  # noqa: ARG002  # There is one file alone.
        """Bytes of the file."""
        return self._size

    def is_link(self, path: str) -> bool:  # noqa: ARG002
        """Never: links have no content that could pass."""
        return False

    def read(self, path: str, limit: int = FAR) -> bytes:
        """Return the whole content."""
        if self._size > limit:
            raise OSError(errno.EFBIG, f"larger than {limit} bytes", path)
        return self.part(path, 0, self._size)

    def part(self, path: str, offset: int, size: int) -> bytes:
        """Return at most `size` bytes from `offset`; OSError where they have passed already."""
        size = max(0, min(size, self._size - offset))
        data = next(filter(None, (_inside(piece, offset, size) for piece in self._pieces)), b"")
        if size and not data:
            data = self._forward(path, offset, size)
        self._asked[offset, data] = None
        return data

    def used(self) -> list[Extent]:
        """Return what was read of it, each part once."""
        return list(self._asked)

    def _forward(self, path: str, offset: int, size: int) -> bytes:
        if offset < self._position or size > FAR:
            raise OSError(errno.ESPIPE, "has passed", path)
        while self._position < offset:
            self._position += len(self._tar.content(min(AHEAD, offset - self._position)))
        data = self._tar.content(size)
        self._position += len(data)
        self._pieces.append((offset, data))
        return data


def _inside(piece: Extent, offset: int, size: int) -> bytes | None:
    start, data = piece
    if start <= offset and offset + size <= start + len(data):
        return data[offset - start : offset - start + size]
    return None


def find(extents: list[Extent], offset: int, size: int) -> bytes | None:
    """Return a range of a file from what was kept of it, None where it was not."""
    for piece in extents:
        data = _inside(piece, offset, size)
        if data is not None:
            return data
    return None
