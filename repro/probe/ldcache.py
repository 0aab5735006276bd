"""Reads the loader's cache of library names, which says where ldconfig found them."""

import struct

MAGIC = b"glibc-ld.so.cache1.1"
HEADER = 48
"""Bytes of `struct cache_file_new` (glibc, sysdeps/generic/dl-cache.h)."""
ENTRY = struct.Struct("<iIIIQ")
"""`struct file_entry_new`: flags, offset of the name, offset of the path, OS version, hwcap."""


def entries(data):
    """Yield (name, path) of a cache of format 1.1, also behind the older format.

    Offsets count from the magic. Raises ValueError with a reason.
    """
    start = data.find(MAGIC)
    if start < 0:
        raise ValueError("not a loader cache of format 1.1")
    cache = data[start:]
    if len(cache) < HEADER:
        raise ValueError("truncated: no whole header")
    count = struct.unpack_from("<I", cache, len(MAGIC))[0]
    end = HEADER + count * ENTRY.size
    if end > len(cache):
        raise ValueError("truncated: %d entries do not fit into %d bytes" % (count, len(cache)))
    for _, name, path, _, _ in ENTRY.iter_unpack(cache[HEADER:end]):
        yield _text(cache, name), _text(cache, path)


def _text(cache, offset):
    end = cache.find(b"\0", offset)
    if end < 0 or offset < HEADER:
        raise ValueError("an entry points to no text")
    return cache[offset:end].decode("utf-8", "backslashreplace")
