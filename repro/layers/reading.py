"""Reads a layer once, from its stored bytes to its index; large files are read as they pass."""

from __future__ import annotations

import errno
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final

from repro.errors import TargetError
from repro.layers import interest
from repro.layers.compression import Unpacked
from repro.layers.index import Builder, Layer
from repro.layers.store import Store
from repro.layers.streams import Region
from repro.layers.tar import BLOCK, Tar, cut
from repro.probe import files
from repro.probe.cuda import SCANNED
from repro.probe.files import Files

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence
    from typing import BinaryIO

    from repro.layers.compression import Spent
    from repro.layers.index import Extent
    from repro.layers.tar import Entry

Search: Any = files.Search
Piece = tuple[int, bytes]
"""Bytes of a passing file, and where in it they begin."""
AHEAD: Final = 8 << 20
"""First bytes of a large file that are held while it passes: what is read backwards lies there."""
KEPT: Final = 256 << 20
"""Bytes of contents that are kept of one layer as it passes; what is beyond is read on demand."""
BUFFER: Final = 32 << 10
"""Bytes that are read at a time where the next header is looked for."""
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


class Seekable:
    """A plain tar in a file as a source: what nobody reads is skipped, and so not hashed."""

    def __init__(self, region: Region) -> None:
        self._region = region
        self._position = 0
        self._ahead = b""

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end alone."""
        if len(self._ahead) < size:
            self._region.seek(self._position)
            self._ahead = self._region.read(max(size, BUFFER)) or b""
        data, self._ahead = self._ahead[:size], self._ahead[size:]
        self._position += len(data)
        return data

    def skip(self, size: int) -> None:
        """Leave bytes out; TargetError where there are not as many."""
        self._position += size
        self._ahead = self._ahead[size:]
        if self._position > self._region.size:
            raise cut()


def plain(stream: BinaryIO) -> Region | None:
    """Return the part of a file in which a layer lies unpacked, so that any byte can be read."""
    region = getattr(stream, "raw", None)
    if not isinstance(region, Region):
        return None
    head = region.read(BLOCK) or b""
    region.seek(0)
    return region if head[257:262] == b"ustar" else None


def scan_layer(region: Region) -> Layer:
    """Index a plain layer by its headers alone; TargetError for what is no layer."""
    builder = Builder()
    for entry in Tar(Seekable(region)):
        builder.add(entry)
    return builder.layer


def read_layer(
    stream: BinaryIO,
    *,
    diff_id: str | None = None,
    digest: str | None = None,
    started: frozenset[str] = frozenset(),
    spent: Spent | None = None,
    store: Store | None = None,
) -> tuple[str, Layer]:
    """Index a layer from its stored bytes; return its diff ID with it.

    `digest` is what the stored bytes have to hash to, `diff_id` what the unpacked ones have to;
    `started` are names of programs that the image starts, `spent` counts for all its layers,
    and contents go into `store`.
    Raises TargetError where digests differ, and for what is no layer.
    """
    unpacked = Unpacked(stream, hashed=digest is not None, spent=spent)
    tar, builder, left = Tar(Stream(unpacked)), Builder(), KEPT
    store = store or Store()
    for entry in tar:
        path = builder.add(entry)
        if path is not None and entry.sparse is None and left > 0:
            left -= keep(tar, path, entry, builder.layer, store=store, started=started)
    unpacked.drain()
    for wanted, found in ((digest, unpacked.stored.digest), (diff_id, unpacked.digest)):
        if wanted is not None and wanted != found:
            raise TargetError(
                f"a layer is not what its digest says: {wanted} was promised, {found} came",
                advice="It was damaged or tampered with; fetch the image again.",
            )
    return unpacked.digest, builder.layer


def keep(
    tar: Tar, path: str, entry: Entry, layer: Layer, *, store: Store, started: frozenset[str]
) -> int:
    """Keep of a passing file what collectors will ask for; return how many bytes that were."""
    readers = interest.readers(path, started, executable=entry.program)
    pattern = interest.text(path)
    size = interest.kept(path, entry.size, executable=entry.program)
    if size == entry.size or not (readers or pattern):
        extents = [(0, store.take(tar.content, size))] if size else []
    else:
        passing = Passing(tar, entry.size, Search(pattern, SCANNED) if pattern else None)
        for reader in readers:
            with suppress(OSError, ValueError):  # The collector will meet the same fault.
                reader(passing, f"/{path}")
        extents = [(at, store.put(data)) for at, data in passing.used()]
        if pattern:
            layer.found[entry.at] = {key(pattern): passing.searched()}
    if extents:
        layer.content[entry.at] = extents
    return sum(len(data) for _, data in extents)


def key(pattern: re.Pattern[bytes]) -> str:
    """Return what stands for a pattern in an index."""
    return pattern.pattern.decode("latin-1")


class Passing(Files):
    """One file of a tar that goes by: it is read forwards, and backwards in its first bytes."""

    def __init__(self, tar: Tar, size: int, search: Any = None) -> None:
        self._tar = tar
        self._size = size
        self._search = search
        self._searching = search is not None
        self._position = 0
        self._pieces: list[Piece] = [(0, self._next(min(size, AHEAD)))]
        self._asked: dict[Piece, None] = {}

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

    def used(self) -> list[Piece]:
        """Return what was read of it, each part once."""
        return list(self._asked)

    def searched(self) -> bytes | None:
        """Return what the search found, after the rest of the file has passed as well."""
        while self._searching and self._position < self._size:
            self._next(AHEAD)
        found: bytes | None = self._search.end()
        return found

    def _next(self, size: int) -> bytes:
        data = self._tar.content(size)
        self._position += len(data)
        if self._searching:
            self._searching = self._search.feed(data)
        return data

    def _forward(self, path: str, offset: int, size: int) -> bytes:
        start, last = self._pieces[-1]
        if size > FAR or (offset < self._position and not start <= offset <= self._position):
            raise OSError(errno.ESPIPE, "has passed", path)
        while self._position < offset:
            self._next(min(AHEAD, offset - self._position))
        kept = last[offset - start :] if offset < start + len(last) else b""
        data = kept + self._next(size - len(kept))
        self._pieces.append((offset, data))
        return data


def _inside(piece: Extent | Piece, offset: int, size: int) -> bytes | None:
    start, data = piece
    if start <= offset and offset + size <= start + len(data):
        return data[offset - start : offset - start + size]
    return None


def find(extents: Sequence[Extent], offset: int, size: int) -> bytes | None:
    """Return a range of a file from what was kept of it, None where it was not."""
    for piece in extents:
        data = _inside(piece, offset, size)
        if data is not None:
            return data
    return None
