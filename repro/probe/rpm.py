"""Reads the package headers in an rpm database."""

import os
import struct

from . import sqlite

DATABASE = "rpmdb.sqlite"
"""Since rpm 4.16."""

OLDER = ("Packages.db", "Packages")
"""ndb (SUSE), and Berkeley DB before."""

TAGS = {1000: "name", 1001: "version", 1002: "release", 1003: "epoch", 1022: "arch", 1044: "source"}
"""include/rpm/rpmtag.h."""

CONTENTS = {**TAGS, 1116: "folder", 1117: "base", 1118: "folders"}
"""DIRINDEXES, BASENAMES and DIRNAMES: a file is the folder of its index and its base name."""

INT32, STRING, STRINGS = 4, 6, 8
"""Types of an entry, same header."""

KINDS = {"epoch": INT32, "folder": INT32, "base": STRINGS, "folders": STRINGS}
"""What is no single text."""

ENTRIES, DATA = 0xFFFF, 256 << 20
"""The most of each that rpm itself accepts (lib/header.c)."""

VALUES = 1 << 20
"""Of one entry at most: the files of one package."""


def packages(files, folder, limit):
    """Yield (name, version, arch, source) as bytes; the version as [EPOCH:]VERSION-RELEASE.

    OSError and ValueError say why the database could not be read.
    """
    for blob in _headers(files, folder, limit):
        yield _package(header(blob))


def contents(files, folder, limit, wanted):
    """Yield (name, version, paths) as text of the packages whose name is wanted."""
    for blob in _headers(files, folder, limit):
        name, version, _, _ = _package(header(blob))
        name = name.decode("utf-8", "replace")
        if wanted(name):
            yield name, version.decode("utf-8", "replace"), _paths(header(blob, CONTENTS))


def _paths(fields):
    folders, indexes = fields.get("folders", []), fields.get("folder", [])
    pairs = zip(fields.get("base", []), [indexes] if isinstance(indexes, int) else indexes)
    paths = [folders[index] + base for base, index in pairs if index < len(folders)]
    return [path.decode("utf-8", "replace") for path in paths]


def _headers(files, folder, limit):
    path = os.path.join(folder, DATABASE)
    if any(name in OLDER for name in files.list(folder)) and not files.exists(path):
        raise ValueError(
            "a Berkeley DB or ndb database, which is not read: convert with rpmdb --rebuilddb"
        )
    if files.exists(path + "-wal") and files.size(path + "-wal"):
        raise ValueError("a write-ahead log is beside the database")
    size = files.size(path)
    if size > limit:
        raise ValueError("larger than %d bytes" % limit)
    for row in sqlite.rows(lambda at, most: files.part(path, at, most), size, b"Packages"):
        blobs = [value for value in row if isinstance(value, bytes)]
        if not blobs:
            raise ValueError("a row without a header")
        yield blobs[-1]


def _package(fields):
    version = fields.get("version", b"") + b"-" + fields.get("release", b"")
    if fields.get("epoch"):
        version = b"%d:%s" % (fields["epoch"], version)
    if not fields.get("name") or version.startswith(b"-"):
        raise ValueError("a header without a name or a version")
    source = fields.get("source", b"")  # NAME-VERSION-RELEASE.src.rpm
    return fields["name"], version, fields.get("arch", b""), source.rsplit(b"-", 2)[0]


def header(blob, tags=TAGS):
    """Return {field: bytes, int or a list of them} of these tags.

    A header is the number of entries, the number of data bytes, entries of tag, type, offset and
    count, then the data, all big endian (rpm's "Package format" manual). ValueError if it is not.
    """
    try:
        entries, size = struct.unpack_from(">II", blob)
        start = 8 + 16 * entries
        if entries > ENTRIES or size > DATA or len(blob) < start + size:
            raise ValueError("a header of other sizes than it says")
        fields = {}
        for tag, kind, offset, count in struct.iter_unpack(">IIII", blob[8:start]):
            name = tags.get(tag)
            if name and name not in fields:  # Each stands once; a value is dear.
                most = 1 if name in TAGS.values() else VALUES
                if kind != KINDS.get(name, STRING) or offset >= size or not 0 < count <= most:
                    raise ValueError("a header whose %s is none" % name)
                fields[name] = _value(blob, kind, start + offset, count)
    except (struct.error, IndexError):
        raise ValueError("a header that ends early") from None
    return fields


def _value(blob, kind, at, count):
    if kind == INT32:
        if count * 4 > len(blob) - at:
            raise ValueError("a header that ends early")
        numbers = struct.unpack_from(">%dI" % count, blob, at)
        return numbers[0] if count == 1 else list(numbers)
    if kind == STRINGS:
        return blob[at:].split(b"\0", count)[:count]
    end = blob.find(b"\0", at)
    if end < 0:
        raise ValueError("a header that ends early")
    return blob[at:end]
