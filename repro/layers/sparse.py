"""Where the stored pieces of a sparse file belong: GNU tar's own maps, and those in PAX headers.

Source: GNU tar manual, "Storing Sparse Files", formats oldgnu, 0.0, 0.1 and 1.0.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from repro.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable

MOST: Final = 10_000
"""Pieces of one file."""
LARGEST: Final = 1 << 50
"""Bytes of a file beyond which its size is a lie."""
DIGITS: Final = 20


class Map(NamedTuple):
    """The size of a file, and its pieces: (offset in the file, bytes), in order, apart."""

    size: int
    pieces: tuple[tuple[int, int], ...]

    def stored(self, offset: int, size: int) -> list[tuple[int, int, int]]:
        """List what of a range is stored: (offset in the range, offset in the store, bytes)."""
        found, began = [], 0
        for start, length in self.pieces:
            low, high = max(start, offset), min(start + length, offset + size)
            if low < high:
                found.append((low - offset, began + low - start, high - low))
            began += length
        return found


def malformed(what: str) -> TargetError:
    """Describe a tar that no tool would write."""
    return TargetError(
        f"a layer holds {what}", advice="It is damaged or hostile; build or fetch the image again."
    )


def number(field: bytes) -> int:
    """Read a number of a header: octal digits, or binary where the first bit is set (GNU)."""
    if field[:1] >= b"\x80":
        if field[0] & 0x40:
            raise malformed("a negative number")
        return int.from_bytes(bytes([field[0] & 0x7F]) + field[1:], "big")
    digits = field.split(b"\0", 1)[0].strip()
    if digits.strip(b"01234567"):
        raise malformed("a number that is none")
    return int(digits or b"0", 8)


def gnu(block: bytes, more: Callable[[], bytes], stored: int) -> Map:
    """Read the map in a header of type S; `more` gives the blocks in which it goes on."""
    pieces = _pairs(block[386:482])
    goes_on, size = block[482], number(block[483:495])
    while goes_on:
        following = more()
        found = _pairs(following[:504])
        if not found:
            raise malformed("a sparse file whose map goes on with nothing")
        pieces += found
        goes_on = following[504]
        _bound(len(pieces))
    return _checked(size, pieces, stored)


def pax(records: dict[str, str], content: Callable[[], bytes], left: Callable[[], int]) -> Map:
    """Read the map in PAX records, or of format 1.0 at the start of the content."""
    size = _decimal(records.get("GNU.sparse.realsize") or records.get("GNU.sparse.size") or "")
    if "GNU.sparse.major" in records:
        numbers = _leading(content)
    else:
        numbers = [_decimal(text) for text in records["GNU.sparse.map"].split(",") if text]
    if len(numbers) % 2:
        raise malformed("a sparse file with half a piece")
    return _checked(size, list(zip(numbers[::2], numbers[1::2], strict=True)), left())


def _leading(content: Callable[[], bytes]) -> list[int]:
    """Read format 1.0: lines of decimal numbers, the count first, filled up to whole blocks."""
    text, wanted = content(), None
    while True:
        lines = text.count(b"\n")
        if wanted is None and lines:
            first = text.partition(b"\n")[0]
            wanted = 2 * _bound(_decimal(first.decode("ascii", "replace")))
        if wanted is not None and lines > wanted:
            numbers = text.split(b"\n")[1 : wanted + 1]
            return [_decimal(number.decode("ascii", "replace")) for number in numbers]
        block = content()
        if not block or len(text) > 2 * MOST * DIGITS:
            raise malformed("a sparse file whose map has no end")
        text += block


def _pairs(data: bytes) -> list[tuple[int, int]]:
    fields = [data[at : at + 24] for at in range(0, len(data) // 24 * 24, 24)]
    pairs = [(number(field[:12]), number(field[12:])) for field in fields]
    return [pair for pair in pairs if pair != (0, 0)]


def _decimal(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > DIGITS:
        raise malformed("a sparse file with a number that is none")
    return int(text)


def _bound(count: int) -> int:
    if count > MOST:
        raise malformed(f"a sparse file of {count} pieces")
    return count


def _checked(size: int, pieces: list[tuple[int, int]], stored: int) -> Map:
    """Refuse maps that do not fit: pieces out of order, beyond the end, or not what is stored."""
    _bound(len(pieces))
    end = 0
    for offset, length in pieces:
        if offset < end:
            raise malformed("a sparse file whose pieces overlap")
        end = offset + length
    if end > size or size > LARGEST or sum(length for _, length in pieces) != stored:
        raise malformed("a sparse file whose map does not fit")
    return Map(size, tuple(pieces))
