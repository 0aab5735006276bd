"""Unpacks a layer as it comes, hashing what is stored and what it unpacks to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, BinaryIO, Final

import zstandard
from zlib_ng import zlib_ng

from repro.errors import TargetError
from repro.hashing import Digest

if TYPE_CHECKING:
    from collections.abc import Iterator

GzipError: Any = zlib_ng.error  # Its stub takes the class for an instance.
CHUNK: Final = 1 << 20
"""Bytes that are read, unpacked and hashed at a time."""
GZIP: Final = b"\x1f\x8b"
"""RFC 1952, 2.3.1."""
ZSTD: Final = (b"\x28\xb5\x2f\xfd", *(bytes([0x50 + n]) + b"\x2a\x4d\x18" for n in range(16)))
"""Magic numbers of a frame and of the 16 kinds of skippable frames: RFC 8878, 3.1."""
OTHERS: Final = {b"\xfd7zXZ\x00": "xz", b"BZh": "bzip2"}
"""What engines once loaded and no image specification allows."""
WINDOW: Final = 128 << 20
"""Memory that a zstd frame may ask for, as the program zstd has it without --long."""
STEP: Final = 64 << 10
"""Packed bytes that are unpacked at a time: each gzip member's end copies what follows it."""
FREE: Final = 1 << 30
"""Bytes that any layer may unpack to."""
RATIO: Final = 250
"""How many times its stored size a larger layer may unpack to: text and code stay below 20."""
TOGETHER: Final = 8 << 30
"""Bytes that all layers of an image may unpack to, whatever their stored size."""


class Spent:
    """Bytes that an image's layers came to: threads may lose a count, which changes no verdict."""

    stored = 0
    unpacked = 0


class Stored:
    """The bytes of a layer as they are stored, hashed on their way; they are read to the end."""

    def __init__(self, stream: BinaryIO, *, hashed: bool) -> None:
        self._stream = stream
        self._digest = Digest() if hashed else None
        self._back = b""
        self.size = 0

    def read(self, size: int = CHUNK) -> bytes:
        """Return the next piece of at most `size` bytes; empty at the end."""
        if self._back:
            piece, self._back = self._back[:size], self._back[size:]
            return piece
        piece = self._stream.read(size)
        self.size += len(piece)
        if self._digest:
            self._digest.update(piece)
        return piece

    def put_back(self, piece: bytes) -> None:
        """Let the next reads return these bytes first."""
        self._back = piece + self._back

    @property
    def digest(self) -> str | None:
        """`sha256:…` of what was read; None where nobody asked."""
        return str(self._digest) if self._digest else None


class Unpacked:
    """The tar inside a layer, as a stream; `digest` is its diff ID once all was read.

    Raises TargetError for what cannot be unpacked, or unpacks to far more than it holds.
    """

    def __init__(
        self, stream: BinaryIO, *, hashed: bool = True, spent: Spent | None = None
    ) -> None:
        self.stored = Stored(stream, hashed=hashed)
        self._digest = Digest()
        self._spent = spent or Spent()
        self._pieces = self._limited(_pieces(self.stored))
        self._left = memoryview(b"")
        self.size = 0

    @property
    def digest(self) -> str:
        """`sha256:…` of the unpacked bytes that were read."""
        return str(self._digest)

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end alone."""
        if size <= len(self._left):
            taken = bytes(self._left[:size])
            self._left = self._left[size:]
            return taken
        return b"".join(self.pieces(size))

    def pieces(self, size: int) -> Iterator[memoryview]:
        """Yield `size` bytes in the pieces in which they come, fewer at the end alone."""
        while size > 0:
            if not self._left:
                self._left = memoryview(next(self._pieces, b""))
                if not self._left:
                    return
            piece = self._left[:size]
            self._left = self._left[len(piece) :]
            size -= len(piece)
            yield piece

    def drain(self) -> None:
        """Read what is left, for the digests."""
        self._left = memoryview(b"")
        for _ in self._pieces:
            pass

    def _limited(self, pieces: Iterator[bytes]) -> Iterator[bytes]:
        known = 0
        for piece in pieces:
            self._digest.update(piece)
            self.size += len(piece)
            self._spent.unpacked += len(piece)
            self._spent.stored += self.stored.size - known
            known = self.stored.size
            if self._spent.unpacked > max(TOGETHER, RATIO * self._spent.stored):
                raise TargetError(
                    f"layers unpack to more than {TOGETHER >> 30} GiB together",
                    advice="Those are decompression bombs: no real image is packed so well.",
                )
            if self.size > max(FREE, RATIO * self.stored.size):
                raise TargetError(
                    f"a layer of {self.stored.size} bytes unpacks to more than {self.size}",
                    advice="That is a decompression bomb, or a file of gigabytes of zeros.",
                )
            yield piece


def _pieces(stored: Stored) -> Iterator[bytes]:
    first = stored.read()
    for magic, name in OTHERS.items():
        if first.startswith(magic) and first[257:262] != b"ustar":
            raise TargetError(
                f"a layer is packed with {name}",
                advice="Image specifications know gzip and zstd; push the image again.",
            )
    try:
        if first.startswith(GZIP):
            stored.put_back(first)
            yield from _gunzip(stored, stored.read(STEP))
        elif first.startswith(ZSTD):
            stored.put_back(first)
            yield from _unzstd(stored)
        else:
            yield from _plain(stored, first)
    except (GzipError, zstandard.ZstdError) as error:
        raise TargetError(
            f"a layer cannot be unpacked: {error}", advice="It is damaged; fetch the image again."
        ) from error


def _plain(stored: Stored, piece: bytes) -> Iterator[bytes]:
    while piece:
        yield piece
        piece = stored.read()


def _gunzip(stored: Stored, data: bytes) -> Iterator[bytes]:
    """Unpack member after member: RFC 1952 lets a file have several."""
    while data:
        member = zlib_ng.decompressobj(wbits=31)
        while not member.eof:
            yield from filter(None, [member.decompress(data, CHUNK)])
            data = member.unconsumed_tail
            if not data and not member.eof:
                data = stored.read(STEP)
                if not data:
                    raise _truncated()
        data = member.unused_data or stored.read(STEP)


def _unzstd(stored: Stored) -> Iterator[bytes]:
    """Unpack frame after frame, skippable ones left out; a cut is found by the tar's end."""
    unpacker = zstandard.ZstdDecompressor(max_window_size=WINDOW)
    source: Any = stored  # All that is asked of it is read(size).
    with unpacker.stream_reader(source, read_size=STEP, read_across_frames=True) as stream:
        while piece := stream.read(CHUNK):
            yield piece


def _truncated() -> TargetError:
    return TargetError("a layer ends early", advice="It was cut short; fetch the image again.")
