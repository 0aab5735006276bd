"""Reads the head of a GGUF file: its metadata and what it says of its tensors, front to back."""

import array
import hashlib
import struct
import sys

from . import values

LIMIT = 64 << 20
"""Bytes of a head; that of a model with 250,000 tokens has some 15 MB."""

PAIRS, TENSORS, ITEMS = 1 << 11, 1 << 18, 1 << 22
"""Metadata entries, tensors and items of one array; models have about 100, 30,000 and 500,000."""

SHORT, BRIEF = 64, 1024
"""Items, and bytes of all texts, up to which an array is kept itself: one number a layer."""

STEP = 1 << 20
"""Bytes of one read after the first, which is small: many a file has no tokenizer in it."""

NUMBERS = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 10: "Q", 11: "q", 12: "d"}
BOOLEAN, TEXT, ARRAY = 7, 8, 9
"""Numbers of value types, with the letters of `struct` (ggml, docs/gguf.md)."""

DIMENSIONS = 8
"""GGML_MAX_DIMS is 4 (ggml.h); the format says that it may grow."""


class Items:
    """An array of the metadata: how many items, their digest, and themselves where they are few."""

    def __init__(self, count, digest, values):
        self.count, self.digest, self.values = count, digest, values


class Head:
    """`version`, `big` (endian), `metadata` {key: value or Items}, `tensors` and where data starts.

    Tensors are (name, type, (dimensions)) in the file's order. ValueError says what does not hold
    together; nothing is believed of a count before the bytes for it have come.
    """

    def __init__(self, files, path):
        self._stream = stream = _Stream(files, path)
        if stream.take(4) != b"GGUF":
            raise ValueError("no GGUF file")
        word = stream.take(4)
        little, big = (struct.unpack(order + "I", word)[0] for order in "<>")
        # The version is small, so the order in which it looks small is the file's.
        self.big = little & 0xFFFF == 0
        self.version = big if self.big else little
        if self.version not in (1, 2, 3):
            raise ValueError("GGUF version %d, which is not known" % self.version)
        stream.order = ">" if self.big else "<"
        stream.size = "I" if self.version == 1 else "Q"
        tensors, pairs = stream.length(), stream.length()
        if tensors > TENSORS or pairs > PAIRS:
            raise ValueError("%d tensors and %d metadata entries" % (tensors, pairs))
        self.metadata = {}
        for _ in range(pairs):
            key = stream.text()
            self.metadata[values.text(key)] = stream.value(stream.number("I"))
        self.tensors = [self._tensor() for _ in range(tensors)]
        alignment = self.metadata.get("general.alignment", 32)
        if not isinstance(alignment, int) or not 0 < alignment <= 1 << 20:
            raise ValueError("an alignment of %s" % str(alignment)[:20])
        self.start = -(-stream.position // alignment) * alignment
        """The offset of the tensors' data."""

    def _tensor(self):
        stream = self._stream
        name, count = stream.text(), stream.number("I")
        if count > DIMENSIONS:
            raise ValueError("a tensor of %d dimensions" % count)
        shape = tuple(stream.length() for _ in range(count))
        kind, _ = stream.number("I"), stream.number("Q")
        return name, kind, shape


class _Stream:
    """Takes bytes of a file in their order; never back, and never more than LIMIT."""

    order, size = "<", "Q"

    def __init__(self, files, path):
        self._files, self._path = files, path
        self._data, self._at, self._read = b"", 0, 0

    @property
    def position(self):
        return self._read - len(self._data) + self._at

    def take(self, count):
        self._need(count)
        self._at += count
        return self._data[self._at - count : self._at]

    def _need(self, count):
        missing = count - (len(self._data) - self._at)
        if missing <= 0:
            return
        if self._read + missing > LIMIT:
            raise ValueError("a head of more than %d bytes" % LIMIT)
        pieces = [self._data[self._at :]]
        while missing > 0:
            step = max(missing, STEP if self._read else STEP >> 4)
            piece = self._files.part(self._path, self._read, min(step, LIMIT - self._read))
            if not piece:
                raise ValueError("it ends within its head")
            pieces.append(piece)
            self._read += len(piece)
            missing -= len(piece)
        self._data, self._at = b"".join(pieces), 0

    def number(self, letter):
        return struct.unpack(self.order + letter, self.take(struct.calcsize("=" + letter)))[0]

    def length(self):
        return self.number(self.size)

    def _bytes(self):
        return self.take(self._counted(1))

    def _counted(self, width):
        """A count of things of at least this many bytes, for which there may still be room."""
        count = self.length()
        if count * width > LIMIT - self.position:
            raise ValueError("%d items of %d bytes where no room is" % (count, width))
        return count

    def text(self):
        return self._bytes().decode("utf-8", "backslashreplace")

    def value(self, kind):
        if kind == TEXT:
            return self.text()
        if kind == BOOLEAN:
            return self.number("B") != 0
        if kind == ARRAY:
            return self._array(self.number("I"))
        return self.number(_letter(kind))

    def _array(self, kind):
        if kind == ARRAY:
            raise ValueError("an array of arrays, which no reader of models takes")
        width = struct.calcsize(self.size) if kind == TEXT else 1
        if kind not in (TEXT, BOOLEAN):
            width = struct.calcsize("=" + _letter(kind))
        count = self._counted(width)
        if count > ITEMS:
            raise ValueError("an array of %d items" % count)
        if kind == TEXT:
            return self._texts(count)
        return self._numbers(count, "B" if kind == BOOLEAN else _letter(kind), width)

    def _numbers(self, count, letter, width):
        data = array.array({"I": "I", "i": "i"}.get(letter, letter), self.take(count * width))
        if (self.order == ">") != (sys.byteorder == "big"):
            data.byteswap()
        kept = data.tolist() if count <= SHORT else None
        if sys.byteorder == "big":
            data.byteswap()
        return Items(count, values.digest(data.tobytes()), kept)

    def _texts(self, count):
        """Texts by two streams, of lengths and of bytes: their digest knows no order of bytes."""
        lengths, content, kept, total = hashlib.sha256(), hashlib.sha256(), [], 0
        width, unpack = struct.calcsize(self.size), struct.Struct(self.order + self.size).unpack
        left = count
        while left:
            sizes, pieces = [], []
            while left and len(pieces) < 4096:
                size = unpack(self.take(width))[0]
                sizes.append(size)
                pieces.append(self.take(size) if size <= LIMIT else self._need(size))
                left -= 1
            lengths.update(struct.pack("<%dQ" % len(sizes), *sizes))
            content.update(b"".join(pieces))
            total += sum(sizes)
            kept = pieces if total <= BRIEF and count <= SHORT else None
        texts = kept and [piece.decode("utf-8", "backslashreplace") for piece in kept]
        return Items(count, values.digest(lengths.digest() + content.digest()), texts)


def _letter(kind):
    if kind not in NUMBERS:
        raise ValueError("a value of type %d, which is not known" % kind)
    return NUMBERS[kind]
