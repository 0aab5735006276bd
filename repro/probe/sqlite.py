"""Reads a table of an SQLite file by pages: the sqlite3 module needs a path, layers have none."""

import struct

MAGIC = b"SQLite format 3\0"
INTERIOR, LEAF = 5, 13
"""Kinds of pages in a table's tree; "Database File Format", 1.6."""

ROW = 4
"""Bytes that a row has besides its values, at least: its place, size, key and header (1.6)."""

SIZES = {0: 0, 1: 1, 2: 2, 3: 3, 4: 4, 5: 6, 6: 8, 7: 8, 8: 0, 9: 0}
"""Bytes of a value by its serial type below 12; the same document, 2.1."""


BLOCK = 1 << 16
"""Bytes that are read at a time: the largest page (1.2); pages of a row mostly lie together."""

LARGEST, COLUMNS = 32 << 20, 32767
"""Of a row: that of a package with 100,000 files has 20 MB; https://sqlite.org/limits.html."""


def rows(part, size, table):
    """Yield the rows of a table (its name in bytes) as lists of bytes, int or None.

    `part(offset, size)` gives bytes of the file of `size` bytes. Texts and blobs are bytes both; a
    float is its eight bytes. ValueError if the file is malformed.
    """
    try:
        file = _File(part, size)
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
    def __init__(self, part, size):
        head = part(0, 100)
        if head[:16] != MAGIC:
            raise ValueError("not an SQLite file")
        self._part, self._block, self._at = part, b"", -1
        said = struct.unpack_from(">H", head, 16)[0]
        self._size = 65536 if said == 1 else said
        self._usable = self._size - head[20]
        self._left, self._pages = size, size // self._size if said else 0
        if self._size < 512 or BLOCK % self._size or self._usable < 480:
            raise ValueError("an SQLite file with pages of %d bytes" % self._size)

    def _page(self, number):
        if not 0 < number <= self._pages:
            raise ValueError("an SQLite file that ends early")
        at, start = divmod((number - 1) * self._size, BLOCK)
        if at != self._at:
            self._block, self._at = self._part(at * BLOCK, BLOCK), at
        return self._block[start : start + self._size]

    def rows(self, root):
        """Rows in the order of their keys; pages may not repeat, so a loop in the tree ends."""
        waiting, seen, last = [root], set(), -(1 << 63)
        while waiting:
            number = waiting.pop()
            if number in seen:
                raise ValueError("an SQLite file whose pages form a loop")
            seen.add(number)
            page = self._page(number)
            head = 100 if number == 1 else 0  # Page 1 begins with the file's header.
            kind, count = page[head], struct.unpack_from(">H", page, head + 3)[0]
            if kind not in (INTERIOR, LEAF):
                raise ValueError("an SQLite page of kind %d" % kind)
            cells = struct.unpack_from(">%dH" % count, page, head + (12 if kind == INTERIOR else 8))
            if kind == LEAF:
                for cell in cells:
                    key, payload = self._cell(page, cell)
                    if key <= last:
                        raise ValueError("an SQLite file whose rows are in no order")
                    last = key
                    yield _record(payload)
            else:
                inner = [struct.unpack_from(">I", page, cell) for cell in [*cells, head + 8]]
                waiting += [child[0] for child in reversed(inner)]
            if len(waiting) > self._pages:
                raise ValueError("an SQLite file whose pages form a loop")

    def _cell(self, page, at):
        """The key and the bytes of a row, with those on overflow pages (1.6, "P <= X … M, K")."""
        size, at = _varint(page, at)
        key, at = _varint(page, at)
        most, least = self._usable - 35, (self._usable - 12) * 32 // 255 - 23
        # Rows that share bytes would make of a small file as much work as its author likes.
        self._left -= size + ROW
        if self._left < 0 or size > LARGEST:
            raise ValueError("SQLite rows larger than their file, or than %d bytes" % LARGEST)
        local = size
        if size > most:
            local = least + (size - least) % (self._usable - 4)
            local = local if local <= most else least
        parts, left = [page[at : at + local]], size - local
        number = struct.unpack_from(">I", page, at + local)[0] if left else 0
        while left > 0 and number:
            page = self._page(number)
            parts.append(page[4 : 4 + min(left, self._usable - 4)])
            left -= self._usable - 4
            number = struct.unpack_from(">I", page)[0]
        payload = b"".join(parts)
        if len(payload) < size:
            raise ValueError("an SQLite row that ends early")
        return key - (key >> 63 << 64), payload


def _record(payload):
    length, at = _varint(payload, 0)
    kinds, values, start = [], [], length
    while at < length:
        kind, at = _varint(payload, at)
        kinds.append(kind)
        if len(kinds) > COLUMNS:
            raise ValueError("an SQLite row of more than %d columns" % COLUMNS)
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
