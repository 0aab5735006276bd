"""Writes tars entry by entry, with what no folder of the host could hold."""

from __future__ import annotations

import tarfile
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from lab.layer import EPOCH

if TYPE_CHECKING:
    from collections.abc import Iterable

BLOCK: Final = 512
END: Final = bytes(2 * BLOCK)


@dataclass(frozen=True, slots=True)
class Entry:
    """One member; bytes of a name that are not UTF-8 stand as surrogates (os.fsdecode)."""

    name: str
    content: bytes = b""
    mode: int = 0o644
    kind: bytes = tarfile.REGTYPE
    target: str = ""
    size: int | None = None
    """Bytes of content that the header states; those it has where none is given."""
    device: tuple[int, int] = (0, 0)
    pax: tuple[tuple[str, str], ...] = ()

    def pack(self, layout: int = tarfile.PAX_FORMAT) -> bytes:
        """Return the headers and the content in whole blocks."""
        info = tarfile.TarInfo(self.name)
        info.size = len(self.content) if self.size is None else self.size
        info.mode, info.type, info.linkname = self.mode, self.kind, self.target
        info.devmajor, info.devminor = self.device
        info.uname = info.gname = "root"
        info.mtime = EPOCH
        info.pax_headers = dict(self.pax)
        head = info.tobuf(layout, "utf-8", "surrogateescape")
        return head + self.content + bytes(-len(self.content) % BLOCK)


def folder(name: str, mode: int = 0o755) -> Entry:
    """A directory."""
    return Entry(name, mode=mode, kind=tarfile.DIRTYPE)


def link(name: str, target: str) -> Entry:
    """A symbolic link."""
    return Entry(name, mode=0o777, kind=tarfile.SYMTYPE, target=target)


def hard(name: str, target: str) -> Entry:
    """Another name of a file."""
    return Entry(name, kind=tarfile.LNKTYPE, target=target)


def program(name: str, content: bytes) -> Entry:
    """A file that may be executed."""
    return Entry(name, content, mode=0o755)


def tar(entries: Iterable[Entry], layout: int = tarfile.PAX_FORMAT) -> bytes:
    """Return the entries with the blocks that end a tar."""
    return b"".join(entry.pack(layout) for entry in entries) + END


def sparse(name: str, size: int, *pieces: tuple[int, bytes]) -> Entry:
    """A file of which only pieces, at their offsets, are stored.

    Source: GNU tar manual, "Storing Sparse Files", format 1.0; engines refuse GNU's older type S.
    """
    numbers = [len(pieces), *(number for at, data in pieces for number in (at, len(data)))]
    index = "".join(f"{number}\n" for number in numbers).encode()
    content = index + bytes(-len(index) % BLOCK) + b"".join(data for _, data in pieces)
    records = (
        ("GNU.sparse.major", "1"),
        ("GNU.sparse.minor", "0"),
        ("GNU.sparse.name", name),
        ("GNU.sparse.realsize", str(size)),
    )
    return Entry(f"GNUSparseFile.0/{name}", content, pax=records)


def octal(number: int, width: int = 12) -> bytes:
    """A number as headers have it: octal digits and a zero byte."""
    return b"%0*o\0" % (width - 1, number)


def checked(header: bytes | bytearray) -> bytes:
    """A header with the checksum that it should have: pax(1), "ustar Interchange Format"."""
    blank = bytes(header[:148]) + b" " * 8 + bytes(header[156:])
    return blank[:148] + b"%06o\0 " % sum(blank) + blank[156:]
