"""Writes ELF files of a few hundred bytes: headers that say what real ones say, and no code.

Source: elf(5).
"""

from __future__ import annotations

import hashlib
import struct
from typing import Final

MACHINES: Final = {"amd64": 62, "arm64": 183}
"""EM_X86_64 and EM_AARCH64."""
PROGRAM, LIBRARY = 2, 3
"""ET_EXEC and ET_DYN."""
HEADER: Final = struct.Struct("<16sHHIQQQIHHHHHH")
SEGMENT: Final = struct.Struct("<IIQQQQQQ")
LOAD, DYNAMIC, NOTE = 1, 2, 4
END, STRTAB, STRSZ, SONAME = 0, 5, 10, 14
BUILD_ID: Final = 3


def program(architecture: str = "amd64") -> bytes:
    """Return a header with nothing behind it."""
    return _header(PROGRAM, architecture, 0)


def library(soname: str, build: str, architecture: str = "amd64") -> bytes:
    """Return a shared library with a name and a build ID, made of what `build` says."""
    start = HEADER.size + 3 * SEGMENT.size
    strings = b"\0" + soname.encode() + b"\0"
    strings += bytes(-len(strings) % 8)
    identity = hashlib.sha1(build.encode(), usedforsecurity=False).digest()
    note = struct.pack("<III4s", 4, len(identity), BUILD_ID, b"GNU\0") + identity
    pairs = ((SONAME, 1), (STRTAB, start), (STRSZ, len(soname) + 2), (END, 0))
    dynamic = b"".join(struct.pack("<QQ", *pair) for pair in pairs)
    at_dynamic = start + len(strings)
    at_note = at_dynamic + len(dynamic)
    size = at_note + len(note)
    segments = (
        _segment(LOAD, 0, size, 0x1000),
        _segment(DYNAMIC, at_dynamic, len(dynamic), 8),
        _segment(NOTE, at_note, len(note), 4),
    )
    head = _header(LIBRARY, architecture, len(segments))
    return head + b"".join(segments) + strings + dynamic + note


def _header(kind: int, architecture: str, segments: int) -> bytes:
    identity = b"\x7fELF\x02\x01\x01".ljust(16, b"\0")
    table = HEADER.size if segments else 0
    return HEADER.pack(
        *(identity, kind, MACHINES[architecture], 1, 0, table, 0, 0),
        *(HEADER.size, SEGMENT.size, segments, 0, 0, 0),
    )


def _segment(kind: int, at: int, size: int, align: int) -> bytes:
    return SEGMENT.pack(kind, 4, at, at, at, size, size, align)
