"""Writes an rpm database of package headers, as rpm keeps it in SQLite."""

from __future__ import annotations

import os
import sqlite3
import struct
from contextlib import closing
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def header(
    name: str,
    *,
    epoch: int | None = None,
    pad: int = 0,
    version: str = "1.2",
    paths: tuple[str, ...] = (),
) -> bytes:
    """A header as rpm stores it: sizes, index of (tag, type, offset, count), data."""
    fields: list[tuple[int, int, int, bytes]] = [
        (1000, 6, 1, name.encode() + b"\0"),
        (1001, 6, 1, version.encode() + b"\0"),
        (1002, 6, 1, b"3.el9\0"),
        (1022, 6, 1, b"x86_64\0"),
        (1044, 6, 1, b"src-name-1.2-3.el9.src.rpm\0"),
        (257, 7, pad, os.urandom(pad)),
        *_files(paths),
    ]
    if epoch is not None:
        fields.insert(0, (1003, 4, 1, struct.pack(">I", epoch)))
    index, data = b"", b""
    for tag, kind, count, value in fields:
        index += struct.pack(">IIII", tag, kind, len(data), count)
        data += value
    return struct.pack(">II", len(fields), len(data)) + index + data


def _files(paths: tuple[str, ...]) -> list[tuple[int, int, int, bytes]]:
    """DIRINDEXES, BASENAMES and DIRNAMES: rpm keeps each folder once (include/rpm/rpmtag.h)."""
    if not paths:
        return []
    split = [path.rpartition("/") for path in paths]
    folders = sorted({folder + "/" for folder, _, _ in split})
    indexes = [folders.index(folder + "/") for folder, _, _ in split]
    bases, names = (
        b"".join(t.encode() + b"\0" for t in x) for x in ([b for *_, b in split], folders)
    )
    return [
        (1116, 4, len(paths), struct.pack(f">{len(paths)}I", *indexes)),
        (1117, 8, len(paths), bases),
        (1118, 8, len(folders), names),
    ]


def database(place: Path, blobs: list[bytes]) -> None:
    """Write the headers into a database of rpm's own shape."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute(
            "CREATE TABLE 'Packages' (hnum INTEGER PRIMARY KEY AUTOINCREMENT, blob BLOB NOT NULL)"
        )
        connection.executemany("INSERT INTO Packages(blob) VALUES (?)", [(b,) for b in blobs])
