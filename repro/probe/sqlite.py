"""Reads a table of an SQLite file from bytes: the sqlite3 module needs a path, layers have none."""

import struct

MAGIC = b"SQLite format 3\0"
INTERIOR, LEAF = 5, 13
"""Kinds of pages in a table's tree; "Database File Format", 1.6."""

ROW = 4
"""Bytes that a row has besides its values, at least: its place, size, key and header (1.6)."""

SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Bytes of a value by its serial type below 12; the same document, 2.1."""


def rows(data, table):
    """Yield the rows of a table (its name in bytes) as lists of bytes, int or None.

    Texts and blobs are bytes both; a float is its eight bytes. ValueError if the file is malformed.
    """
    try:
        file = _File(data)
        for row in file.rows(1):
            # The schema table: type, name, table name, root page, SQL (2.6).
            if row[0] == b"table" and row[1] == table:
                for found in file.rows(row[3]):
                    yield found
                return
    except (IndexError, struct.error, TypeError, KeyError):
        raise ValueError("a malformed SQLite file") from None
    raise ValueError("an SQLite file without a table %s" % table.decode("ascii", "replace"))


class _File:
    def __init__(self, data):
        if data[:16] != MAGIC:
            raise ValueError("not an SQLite file")
        self._data = data
        size = struct.unpack_from(">H", data, 16)[0]
        self._size = 65536 if size == 1 else size
        self._usable = self._size - data[20]
        self._left = len(data)
        if self._size < 512 or self._usable < 480:
            raise ValueError("an SQLite file with pages of %d bytes" % self._size)

    def rows(self, root):
        """Rows in the order of their keys; pages may not repeat, so a loop in the tree ends."""
        waiting, seen = [root], set()
        while waiting:
            number = waiting.pop()
            if number in seen:
                raise ValueError("an SQLite file whose pages form a loop")
            seen.add(number)
            page = (number - 1) * self._size
            head = page + (100 if number == 1 else 0)  # Page 1 begins with the file's header.
            kind, count = self._data[head], struct.unpack_from(">H", self._data, head + 3)[0]
            if kind not in (INTERIOR, LEAF):
                raise ValueError("an SQLite page of kind %d" % kind)
            cells = struct.unpack_from(
                ">%dH" % count, self._data, head + (12 if kind == INTERIOR else 8)
            )
            if kind == LEAF:
                for cell in cells:
                    yield _record(self._payload(page + cell))
            else:
                last = struct.unpack_from(">I", self._data, head + 8)
                inner = [struct.unpack_from(">I", self._data, page + cell) for cell in cells]
                waiting += [child[0] for child in reversed([*inner, last])]

    def _payload(self, at):
        """The bytes of a cell, with those on overflow pages (1.6, "P <= X … M, K")."""
        size, at = _varint(self._data, at)
        _, at = _varint(self._data, at)
        most, least = self._usable - 35, (self._usable - 12) * 32 // 255 - 23
        # Rows that share bytes would make of a small file as much work as its author likes.
        self._left -= size + ROW
        if self._left < 0:
            raise ValueError("SQLite rows larger than their file")
        local = size
        if size > most:
            local = least + (size - least) % (self._usable - 4)
            local = local if local <= most else least
        parts, left = [self._data[at : at + local]], size - local
        page = struct.unpack_from(">I", self._data, at + local)[0] if left else 0
        while left > 0 and page:
            start = (page - 1) * self._size
            parts.append(self._data[start + 4 : start + 4 + min(left, self._usable - 4)])
            left -= self._usable - 4
            page = struct.unpack_from(">I", self._data, start)[0]
        if left > 0:
            raise ValueError("an SQLite row that ends early")
        return b"".join(parts)


def _record(payload):
    length, at = _varint(payload, 0)
    kinds, values, start = [], [], length
    while at < length:
        kind, at = _varint(payload, at)
        kinds.append(kind)
    for kind in kinds:
        size = (kind - 12) // 2 if kind >= 12 else SIZES[kind]
        values.append(_value(kind, payload[start : start + size]))
        start += size
    return values


def _value(kind, data):
    if kind >= 12 or kind == 7:
        return data
    if kind in (0, 8, 9):
        return {0: None, 8: 0, 9: 1}[kind]
    return int.from_bytes(data, "big", signed=True)


def _varint(data, at):
    """Big endian, seven bits a byte, the ninth byte whole (1.6)."""
    value = 0
    for index in range(9):
        byte = data[at + index]
        if index == 8:
            return value << 8 | byte, at + 9
        value = value << 7 | byte & 0x7F
        if byte < 0x80:
            return value, at + index + 1
    raise IndexError
