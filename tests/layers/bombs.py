"""Streams that unpack to far more than they are, or never end: made as they are read."""

from __future__ import annotations

import io
import itertools
import zlib
from typing import TYPE_CHECKING, Final

from lab.tar import Entry, checked, octal

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from typing import Any

MIB: Final = 1 << 20
BLOCK: Final = 512
GZIP_HEAD: Final = bytes((0x1F, 0x8B, 8, 0, 0, 0, 0, 0, 0, 255))
ZSTD: Final = b"\x28\xb5\x2f\xfd"
RAW, RUN = 0, 1
"""Types of zstd blocks that need no compressor: RFC 8878, 3.1.1.2.2."""
LONGEST: Final = 128 << 10
"""Bytes that one zstd block may stand for."""


class Produced(io.RawIOBase):
    """A stream of what an iterable gives; nothing of it is held but the piece that is read."""

    def __init__(self, pieces: Iterable[bytes]) -> None:
        super().__init__()
        self._pieces = filter(None, pieces)  # No bytes would be the end.
        self._left = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        view = memoryview(buffer).cast("B")
        if not self._left:
            self._left = next(self._pieces, b"")
        count = min(len(view), len(self._left))
        view[:count] = self._left[:count]
        self._left = self._left[count:]
        return count


def header_only(name: str, size: int) -> bytes:
    """A file's header that announces so many bytes."""
    return Entry(name, size=size).pack()


def gzip_of_zeros(start: bytes, mebibytes: int) -> Iterator[bytes]:
    """Yield a gzip file of some bytes and zeros after them; the zeros are packed once."""
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    yield GZIP_HEAD + packer.compress(start) + packer.flush(zlib.Z_FULL_FLUSH)
    zeros = packer.compress(bytes(MIB)) + packer.flush(zlib.Z_FULL_FLUSH)
    yield from itertools.repeat(zeros, mebibytes)
    yield packer.flush() + bytes(8)  # No reader comes as far as the checksum.


def zstd(*blocks: tuple[int, bytes, int], window: int = 0x38, last: bool = True) -> bytes:
    """Return a zstd frame of (type, bytes, size) without checksum: RFC 8878, 3.1.1."""
    frame = ZSTD + bytes((0, window))
    for number, (kind, data, size) in enumerate(blocks, 1):
        end = last and number == len(blocks)
        frame += (size << 3 | kind << 1 | end).to_bytes(3, "little") + data
    return frame


def zstd_raw(data: bytes) -> bytes:
    """Return a zstd frame that compresses nothing."""
    pieces = [data[at : at + LONGEST] for at in range(0, len(data), LONGEST)] or [b""]
    return zstd(*((RAW, piece, len(piece)) for piece in pieces))


def zstd_of_zeros(start: bytes, mebibytes: int) -> Iterator[bytes]:
    """Yield a zstd file of some bytes and zeros after them: four bytes for 128 KiB."""
    yield zstd((RAW, start, len(start)), last=False)
    run = (LONGEST << 3 | RUN << 1).to_bytes(3, "little") + b"\0"
    yield from itertools.repeat(run * 8, mebibytes)
    yield (1 | RAW << 1).to_bytes(3, "little")


def numbered(count: int, name: bytes = b"") -> Iterator[bytes]:
    """Yield headers of so many empty files, a thousand at a time; their names are numbers."""
    head = bytearray(Entry("00000000").pack())
    rest = sum(head[8:148]) + sum(head[156:]) + 8 * 32
    head[8 : 8 + len(name)] = name
    rest += sum(name)
    for first in range(0, count, 1000):
        block = bytearray()
        for number in range(first, first + 1000):
            digits = b"%08d" % number
            head[:8] = digits
            head[148:156] = b"%06o\0 " % (rest + sum(digits))
            block += head
        yield bytes(block)


def deep(count: int) -> Iterator[bytes]:
    """Yield files each of which implies two thousand folders of its own."""
    for number in range(count):
        yield Entry(f"{number}/" + "d/" * 2000 + "file").pack()


def long_names(count: int, length: int = 4000) -> Iterator[bytes]:
    """Yield files with names of so many bytes, each in folders of 200."""
    tail = "/".join(["n" * 200] * (length // 201))
    for number in range(count):
        yield Entry(f"{number}/{tail}").pack()


def long_links(count: int) -> Iterator[bytes]:
    """Yield symbolic links to four thousand bytes."""
    target = "t" * 4000
    for number in range(count):
        yield Entry(str(number), kind=b"2", target=target).pack()


def scattered(count: int, pieces: int) -> Iterator[bytes]:
    """Yield sparse files of so many empty pieces each, told in PAX records (format 0.1)."""
    index = ",".join(["0,0"] * pieces)
    for number in range(count):
        records = (
            ("GNU.sparse.map", index),
            ("GNU.sparse.numblocks", str(pieces)),
            ("GNU.sparse.size", "0"),
        )
        yield Entry(str(number), pax=records).pack()


def scattered_inside(count: int, pieces: int) -> Iterator[bytes]:
    """Yield the same, told at the start of the contents (format 1.0)."""
    index = b"%d\n" % pieces + b"0\n" * (2 * pieces)
    records = (
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.realsize", "0"),
    )
    content = index + bytes(-len(index) % BLOCK)
    for number in range(count):
        yield Entry(str(number), content, pax=records).pack()


def kept(count: int) -> Iterator[bytes]:
    """Yield a thousandfold what is kept of a layer: metadata of a mebibyte each, of zeros."""
    content = bytes(MIB)
    for number in range(count):
        yield Entry(f"s/{number}.dist-info/METADATA", content).pack()


def packed(pieces: Iterable[bytes]) -> Iterator[bytes]:
    """Yield a gzip file of pieces."""
    packer = zlib.compressobj(6, zlib.DEFLATED, 31)
    for piece in pieces:
        yield packer.compress(piece)
    yield packer.flush()


def endless_gnu_map() -> Iterator[bytes]:
    """Yield a sparse file whose map always says that it goes on."""
    head = bytearray(Entry("sparse", kind=b"S").pack())
    head[482] = 1
    head[483:495] = octal(1 << 30)
    yield checked(head)
    block = bytearray(BLOCK)
    block[504] = 1
    yield from itertools.repeat(bytes(block) * 2048, 1000)
