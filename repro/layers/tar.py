"""Reads the entries of a tar as they come, and nothing that a hostile one would make it read."""

from __future__ import annotations

import re
import struct
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from repro.errors import TargetError
from repro.layers import sparse
from repro.layers.sparse import Map, malformed, number

if TYPE_CHECKING:
    from collections.abc import Iterator

BLOCK: Final = 512
HEADER: Final = struct.Struct("100s8s16x12s12x8sc100s6s82x155s12x")
"""name, mode, size, checksum, type, link name, magic, prefix: pax(1), "ustar Interchange"."""
ZEROS: Final = bytes(BLOCK)
EXTENSION: Final = 1 << 20
"""Bytes that a PAX header or a GNU long name may have; a path has 4096 at most."""
LONGEST: Final = 4096
"""PATH_MAX (linux/limits.h)."""
LARGEST: Final = 1 << 50
"""Bytes of a file beyond which its size is a lie."""
KINDS: Final = {
    **dict.fromkeys((b"0", b"\0", b"7", b"S"), "f"),
    b"1": "h",
    b"2": "l",
    b"5": "d",
}
"""Regular files (of today, of before POSIX, contiguous, GNU's sparse), links, directories."""
BARE: Final = frozenset(b"123456")
"""Types that have no content, whatever their size says: links, devices, directories, FIFOs."""
RECORD: Final = re.compile(rb"(\d{1,7}) ([^=\0]{1,4096})=")
"""The beginning of a PAX record: its length in decimal, its keyword."""


class Source(Protocol):
    """Where a tar comes from: a stream, or a file that can skip."""

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end alone."""

    def skip(self, size: int) -> None:
        """Leave bytes out; TargetError where there are not as many."""


class Entry(NamedTuple):
    """One member of a tar."""

    path: str
    """As it stands there; bytes that are not UTF-8 as surrogates (os.fsdecode)."""
    kind: str
    """`f`ile, `d`irectory, symbolic `l`ink, `h`ard link, or `o`ther: a device, a FIFO."""
    size: int
    """Bytes of the file."""
    link: str
    at: int
    """Where the content begins in the tar."""
    sparse: Map | None
    """Where the content belongs in the file, if not one piece after the other."""
    program: bool
    """Whether anyone may execute it."""


class Tar:
    """The entries of a tar, one by one; between two, `content` reads that of the first.

    Raises TargetError for what is no tar, ends early, or claims what no file has.
    """

    def __init__(self, source: Source) -> None:
        self._source = source
        self._position = 0
        self._content = 0
        """Bytes of the current entry that were not read."""
        self._padding = 0

    def __iter__(self) -> Iterator[Entry]:
        extended: dict[str, str] = {}
        while (block := self._block()) is not None:
            kind = block[156:157]
            self._begin(_size(block))
            if kind in (b"L", b"K"):
                extended["path" if kind == b"L" else "linkpath"] = _text(self._extension())
            elif kind == b"x":
                extended.update(_records(self._extension()))
            elif kind == b"g":
                self._extension()  # Engines pay no heed to global headers either.
            else:
                yield self._entry(block, extended)
                extended = {}

    def content(self, size: int) -> bytes:
        """Return the next `size` bytes of the current entry as they are stored."""
        data = self._take(min(size, self._content))
        self._content -= len(data)
        return data

    def _take(self, size: int) -> bytes:
        data = self._source.read(size)
        self._position += len(data)
        if len(data) < size:
            raise cut()
        return data

    def _begin(self, size: int) -> None:
        """Note that so many bytes of content follow, and what fills their last block."""
        self._content, self._padding = size, -size % BLOCK

    def _block(self) -> bytes | None:
        """Return the next header; None at the end, which is a block of zeros or of nothing."""
        if rest := self._content + self._padding:
            self._source.skip(rest)
            self._position += rest
        block = self._source.read(BLOCK)
        self._position += len(block)
        self._begin(0)
        if not block or block == ZEROS:
            return None
        if len(block) < BLOCK:
            raise cut()
        _check(block)
        return block

    def _extension(self) -> bytes:
        if self._content > EXTENSION:
            raise malformed(f"a header of {self._content} bytes")
        return self.content(self._content)

    def _entry(self, block: bytes, extended: dict[str, str]) -> Entry:
        name, mode, _, _, kind, link, magic, prefix = HEADER.unpack(block)
        path = _text(name)
        if magic == b"ustar\0" and prefix[0]:
            path = f"{_text(prefix)}/{path}"
        path = extended.get("GNU.sparse.name") or extended.get("path") or path
        target = extended.get("linkpath") or _text(link)
        letter = KINDS.get(kind, "o")
        if letter == "f" and path.endswith("/"):
            letter = "d"  # As tars had it before POSIX.
        if len(path) > LONGEST or len(target) > LONGEST:
            raise malformed(f"a path of {max(len(path), len(target))} characters")
        self._begin(0 if kind[0] in BARE or letter == "d" else self._stored(extended))
        where = self._sparse(block, extended) if letter == "f" else None
        size = where.size if where else self._content
        program = letter == "f" and number(mode) & 0o111 != 0
        return Entry(path, letter, size, target, self._position, where, program)

    def _stored(self, extended: dict[str, str]) -> int:
        said = extended.get("size")
        if said is None:
            return self._content
        if not said.isascii() or not said.isdigit() or int(said[:20]) > LARGEST:
            raise malformed(f"a file of {said[:40]} bytes")
        return int(said)

    def _sparse(self, block: bytes, extended: dict[str, str]) -> Map | None:
        if block[156:157] == b"S":
            # GNU's own maps go on in blocks that the size does not count.
            return sparse.gnu(block, lambda: self._take(BLOCK), self._content)
        if "GNU.sparse.major" in extended or "GNU.sparse.map" in extended:
            return sparse.pax(extended, lambda: self.content(BLOCK), lambda: self._content)
        return None


def cut() -> TargetError:
    """Describe a tar that ends before what it announced."""
    return TargetError("a layer ends early", advice="It was cut short; fetch the image again.")


def _size(block: bytes) -> int:
    size = number(block[124:136])
    if size > LARGEST:
        raise malformed(f"a file of {size} bytes")
    return size


def _check(block: bytes) -> None:
    """Compare the checksum, which counts its own eight bytes as spaces; some summed signed."""
    said = number(block[148:156])
    found = sum(block) - sum(block[148:156]) + 256
    if said == found:
        return
    if said != found - 256 * sum(byte > 127 for byte in block[:148] + block[156:]):
        raise malformed("no header where one has to be")


def _text(field: bytes) -> str:
    return field.split(b"\0", 1)[0].decode("utf-8", "surrogateescape")


def _records(data: bytes) -> dict[str, str]:
    """Read PAX records, "LENGTH KEYWORD=VALUE\\n": pax(1), "pax Extended Header"."""
    found: dict[str, str] = {}
    at = 0
    while at < len(data) and data[at]:
        head = RECORD.match(data, at)
        end = at + int(head[1]) if head else 0
        if not head or end > len(data) or end <= head.end() or data[end - 1 : end] != b"\n":
            raise malformed("a PAX header that cannot be read")
        key = head[2].decode("utf-8", "replace")
        value = data[head.end() : end - 1]
        if key in ("path", "linkpath", "GNU.sparse.name") and b"\0" in value:
            raise malformed("a path with a zero byte")
        text = value.decode("utf-8", "surrogateescape")
        if key in ("GNU.sparse.offset", "GNU.sparse.numbytes"):
            # Format 0.0 repeats them; 0.1 has the same numbers in one record.
            found["GNU.sparse.map"] = f"{found.get('GNU.sparse.map', '')},{text}".lstrip(",")
        else:
            found[key] = text
        at = end
    return found
