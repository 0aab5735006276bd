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

INT32, STRING = 4, 6
"""Types of an entry, same header."""

ENTRIES, DATA = 0xFFFF, 256 << 20
"""The most of each that rpm itself accepts (lib/header.c)."""


def packages(files, folder, limit):
    """Yield (name, version, arch, source) as bytes; the version as [EPOCH:]VERSION-RELEASE.

    OSError and ValueError say why the database could not be read.
    """
    path = os.path.join(folder, DATABASE)
    if any(name in OLDER for name in files.list(folder)) and not files.exists(path):
        raise ValueError(
            "a Berkeley DB or ndb database, which is not read: convert with rpmdb --rebuilddb"
        )
    if files.exists(path + "-wal") and files.size(path + "-wal"):
        raise ValueError("a write-ahead log is beside the database")
    for row in sqlite.rows(files.read(path, limit), b"Packages"):
        blobs = [value for value in row if isinstance(value, bytes)]
        if not blobs:
            raise ValueError("a row without a header")
        yield _package(header(blobs[-1]))


def _package(fields):
    version = fields.get("version", b"") + b"-" + fields.get("release", b"")
    if fields.get("epoch"):
        version = b"%d:%s" % (fields["epoch"], version)
    source = fields.get("source", b"")  # NAME-VERSION-RELEASE.src.rpm
    return fields.get("name", b""), version, fields.get("arch", b""), source.rsplit(b"-", 2)[0]


def header(blob):
    """Return {field: bytes or int} of the tags in TAGS.

    A header is the number of entries, the number of data bytes, entries of tag, type, offset and
    count, then the data, all big endian (rpm's "Package format" manual). ValueError if it is not.
    """
    try:
        entries, size = struct.unpack_from(">II", blob)
        start = 8 + 16 * entries
        if entries > ENTRIES or size > DATA or len(blob) < start + size:
            raise ValueError("a header of other sizes than it says")
        fields = {}
        for tag, kind, offset, _ in struct.iter_unpack(">IIII", blob[8:start]):
            if tag in TAGS:
                fields[TAGS[tag]] = _value(blob, kind, start + offset)
    except (struct.error, IndexError):
        raise ValueError("a header that ends early") from None
    return fields


def _value(blob, kind, at):
    if kind == INT32:
        return struct.unpack_from(">I", blob, at)[0]
    if kind == STRING:
        return blob[at : blob.index(b"\0", at)]
    raise ValueError("a header entry of type %d" % kind)
