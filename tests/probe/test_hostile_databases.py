"""Package databases that nobody means well with: bounded work, a reason, never a wrong package."""

from __future__ import annotations

import re
import struct
import time
import tracemalloc
from typing import TYPE_CHECKING, Any, Final

import pytest

from repro.probe import packages, rpm, sqlite
from tests.probe.asking import ask, unread
from tests.probe.rpm_file import database, header

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from tests.probe.rooted import Rooted

PLACE: Final = "/var/lib/rpm/rpmdb.sqlite"
PAGE: Final = 512
SECONDS: Final = 10
"""Of a processor."""
MEMORY: Final = 64 << 20


def varint(value: int) -> bytes:
    """Encode a number as SQLite does ("Database File Format", 1.6)."""
    if value >= 1 << 56:
        return _sevens(value >> 8, 8, last=False) + bytes([value & 0xFF])
    return _sevens(value, max(1, -(-value.bit_length() // 7)), last=True)


def _sevens(value: int, count: int, *, last: bool) -> bytes:
    found = bytearray(0x80 | value >> 7 * (count - 1 - n) & 0x7F for n in range(count))
    found[-1] &= 0x7F if last else 0xFF
    return bytes(found)


def record(*values: bytes | int) -> bytes:
    """Encode a row of texts, blobs and numbers."""
    kinds = b"".join(varint(6 if isinstance(v, int) else 12 + 2 * len(v)) for v in values)
    body = b"".join(struct.pack(">q", v) if isinstance(v, int) else v for v in values)
    return varint(len(kinds) + 1) + kinds + body


def cell(key: int, payload: bytes, size: int | None = None, more: int | None = None) -> bytes:
    after = b"" if more is None else struct.pack(">I", more)
    return varint(len(payload) if size is None else size) + varint(key) + payload + after


def leaf(cells: Iterable[bytes], *, first: bool = False, repeat: int = 1) -> bytes:
    """Make a page of rows; each cell is pointed at `repeat` times."""
    return _page(13, b"", cells, first=first, repeat=repeat)


def interior(children: Iterable[int], right: int) -> bytes:
    cells = [struct.pack(">I", child) + varint(1) for child in children]
    return _page(5, struct.pack(">I", right), cells)


def _page(
    kind: int, right: bytes, cells: Iterable[bytes], *, first: bool = False, repeat: int = 1
) -> bytes:
    head, page, at = (100 if first else 0), bytearray(PAGE), PAGE
    pointers = b""
    for one in cells:
        at -= len(one)
        page[at : at + len(one)] = one
        pointers += struct.pack(">H", at) * repeat
    page[head : head + 8] = struct.pack(">BHHHB", kind, 0, len(pointers) // 2, at & 0xFFFF, 0)
    page[head + 8 : head + 8 + len(right) + len(pointers)] = right + pointers
    assert head + 8 + len(right) + len(pointers) <= at
    return bytes(page)


def made(*pages: bytes, root: int = 2, size: int = PAGE, table: bytes = b"Packages") -> bytes:
    """Make a file: the schema's page, then others from number 2 on."""
    schema = leaf([cell(1, record(b"table", table, table, root, b"sql"))], first=True)
    start = b"SQLite format 3\0" + struct.pack(">H", size) + bytes([1, 1, 0, 64, 32, 32])
    return start.ljust(100, b"\0") + schema[100:] + b"".join(pages)


def overflow(following: int) -> bytes:
    return struct.pack(">I", following).ljust(PAGE, b"x")


GOOD: Final = leaf([cell(1, record(0, header("good")))])
FEW: Final = (PAGE - 12) * 32 // 255 - 23
"""Bytes of a large row that stay in its page at least: M in the document's 1.6."""


def large(size: int, following: int, start: bytes = b"") -> bytes:
    """Make a page with a row that goes on elsewhere, of zeros but for its start."""
    local = FEW + (size - FEW) % (PAGE - 4)
    local = local if local <= PAGE - 35 else FEW
    return leaf([cell(1, start.ljust(local, b"\0"), size, following)])


SPARE: Final = [bytes(PAGE)] * 9
"""Pages that nothing leads to: rows have to be smaller than their file."""
TREES: Final = {
    "a page that is its own child": (made(interior([], 2)), "loop"),
    "two pages that lead to each other": (made(interior([3], 3), interior([2], 2)), "loop"),
    "a child that is not there": (made(interior([], 900)), "ends early"),
    "page zero": (made(interior([], 0)), "ends early"),
    "the schema as a table": (made(root=1), "header"),
    "a root that is not there": (made(root=1 << 40), "ends early"),
    "a root below nothing": (made(root=-5), "ends early"),
    "a page of no kind": (made(bytes(PAGE)), "kind 0"),
    "more cells than a page holds": (made(b"\x0d\0\0\xff\xff".ljust(PAGE, b"\0")), "malformed"),
    "a row that comes twice": (made(leaf([cell(1, record(0, header("good")))], repeat=2)), "order"),
    "rows in no order": (
        made(interior([4], 3), GOOD, leaf([cell(5, record(0, header("good")))])),
        "order",
    ),
    "a row larger than its file": (made(leaf([cell(1, b"x" * 50, 1 << 62)])), "larger"),
    "a row that ends early": (made(leaf([cell(1, b"x" * 50, 400)])), "header|early"),
    "a chain that ends": (made(large(1500, 3), overflow(0), *SPARE), "ends early"),
    "a chain out of the file": (made(large(1500, 77), *SPARE), "ends early"),
    "a chain in a circle": (made(large(100_000, 3), overflow(3), *[bytes(PAGE)] * 300), "header"),
    "columns without end": (
        made(
            large(70_000, 3, varint(60_000)),
            *(struct.pack(">I", n + 4) + bytes(PAGE - 4) for n in range(200)),
        ),
        "columns",
    ),
    "no such table": (made(GOOD, table=b"Other"), "without a table"),
    "pages of no size": (made(GOOD, size=0), "pages of 0"),
    "pages of an odd size": (made(GOOD, size=513), "pages of 513"),
    "pages that are too small": (made(GOOD, size=256), "pages of 256"),
    "pages larger than the file": (made(GOOD, size=1), "early|malformed"),
    "nothing": (b"", "not an SQLite"),
    "a head alone": (made()[:17], "malformed|early"),
}


def bounded(work: Callable[[], Any]) -> Any:
    """Do a work and return what it gives; AssertionError where it took too much."""
    began = time.process_time()
    tracemalloc.start()
    try:
        found = work()
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert time.process_time() - began < SECONDS
    assert peak < MEMORY
    return found


def names(found: list[dict[str, Any]]) -> set[str]:
    return {fact["name"] for fact in found if fact.get("version")}


@pytest.mark.parametrize("case", TREES)
def test_a_hostile_tree_is_told(case: str, rooted: Rooted) -> None:
    data, why = TREES[case]
    rooted.put(PLACE, data)
    found = bounded(lambda: ask(packages, rooted))
    assert names(found) <= {"good"}
    assert re.search(why, unread(found)["/var/lib/rpm"])


def test_children_without_end_are_not_all_held(rooted: Rooted) -> None:
    """Each page leads 30,000 times to the next one, by one cell."""
    size, count = 1 << 16, 30_000
    pointers = struct.pack(">H", size - 5) * count
    pages = [made(size=1).ljust(size, b"\0")]
    for number in range(3, 203):
        head = struct.pack(">BHHHBI", 5, 0, count, 0, 0, number)
        pages.append((head + pointers).ljust(size - 5, b"\0") + struct.pack(">IB", number, 1))
    rooted.put(PLACE, b"".join(pages))
    found = bounded(lambda: ask(packages, rooted))
    assert "loop" in unread(found)["/var/lib/rpm"]


def test_the_tables_good_page_is_good(rooted: Rooted) -> None:
    rooted.put(PLACE, made(GOOD))
    assert names(ask(packages, rooted)) == {"good"}


def test_a_database_cut_anywhere_has_no_wrong_package(rooted: Rooted, tmp_path: Path) -> None:
    database(tmp_path / "whole", [header(f"p{n}", pad=n * 300) for n in range(40)])
    whole = (tmp_path / "whole").read_bytes()
    for size in range(0, len(whole), 997):
        rooted.put(PLACE, whole[:size])
        found = ask(packages, rooted)
        assert names(found) <= {f"p{n}" for n in range(40)}
        assert "/var/lib/rpm" in unread(found), size


def entries(*rows: tuple[int, int, int, int], data: bytes = b"") -> bytes:
    index = b"".join(struct.pack(">IIII", *row) for row in rows)
    return struct.pack(">II", len(rows), len(data)) + index + data


TEXT: Final = b"name\x001\x002\0"
NEEDED: Final = ((1000, 6, 0, 1), (1001, 6, 5, 1), (1002, 6, 7, 1))
HEADERS: Final = {
    "no name": entries(*NEEDED[1:], data=TEXT),
    "no version": entries(NEEDED[0], data=TEXT),
    "a name that is a number": entries((1000, 4, 0, 1), *NEEDED[1:], data=TEXT),
    "a name that is a list": entries((1000, 8, 0, 2), *NEEDED[1:], data=TEXT),
    "an epoch that is a text": entries((1003, 6, 0, 1), *NEEDED, data=TEXT),
    "two epochs": entries((1003, 4, 0, 2), *NEEDED, data=TEXT),
    "an epoch of too many": entries((1003, 4, 0, 1 << 31), *NEEDED, data=TEXT),
    "a name behind the data": entries((1000, 6, 900, 1), *NEEDED[1:], data=TEXT),
    "a name in what follows": (
        entries((1000, 6, 12, 1), *NEEDED[1:], data=TEXT).ljust(84, b"x") + b"evil\0"
    ),
    "a name without an end": entries((1000, 6, 9, 1), *NEEDED[1:], data=TEXT[:-1] + b"xxx"),
    "more entries than there are": struct.pack(">II", 1000, 9) + TEXT,
    "more entries than rpm takes": struct.pack(">II", 1 << 31, 9) + TEXT,
    "more data than there is": struct.pack(">II", 0, 1 << 31) + TEXT,
}


@pytest.mark.parametrize("case", HEADERS)
def test_a_hostile_header_is_told(case: str, rooted: Rooted) -> None:
    database(rooted.root / PLACE.lstrip("/"), [header("good"), HEADERS[case]])
    found = bounded(lambda: ask(packages, rooted))
    assert names(found) == {"good"}
    assert "header" in unread(found)["/var/lib/rpm"]


def test_the_tables_entries_are_a_header(rooted: Rooted) -> None:
    database(rooted.root / PLACE.lstrip("/"), [entries(*NEEDED, data=TEXT)])
    assert names(ask(packages, rooted)) == {"name"}


def test_a_package_of_more_files_than_any_has_is_refused(rooted: Rooted) -> None:
    rows = (*NEEDED, (1117, 8, 0, rpm.VALUES + 1))
    blob = entries(*rows, data=TEXT + b"\0" * (8 << 20))
    database(rooted.root / PLACE.lstrip("/"), [blob])
    contents: Any = rpm.contents

    def read() -> list[Any]:
        return list(contents(rooted, "/var/lib/rpm", 1 << 30, lambda _: True))

    with pytest.raises(ValueError, match="header"):
        bounded(read)


def test_a_large_database_takes_the_memory_of_one_package(rooted: Rooted) -> None:
    database(
        rooted.root / PLACE.lstrip("/"),
        [header(f"p{n}", pad=100_000, paths=(f"/usr/lib/{n}.so",)) for n in range(1000)],
    )
    place = rooted.root / PLACE.lstrip("/")
    assert place.stat().st_size > 90 << 20
    assert len(names(bounded(lambda: ask(packages, rooted)))) == 1000


def test_a_row_larger_than_any_package_is_refused(rooted: Rooted) -> None:
    database(rooted.root / PLACE.lstrip("/"), [bytes(sqlite.LARGEST + 1)])
    assert "larger" in unread(bounded(lambda: ask(packages, rooted)))["/var/lib/rpm"]


def test_a_database_larger_than_any_is_refused(
    rooted: Rooted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(packages, "LARGEST", 1000)
    database(rooted.root / PLACE.lstrip("/"), [header("a")])
    assert "larger than 1000" in unread(ask(packages, rooted))["/var/lib/rpm"]


@pytest.mark.parametrize("path", ["/var/lib/dpkg/status", "/lib/apk/db/installed"])
def test_stanzas_without_end_take_little(path: str, rooted: Rooted) -> None:
    stanza = b"Package: a\nVersion: 1\n\n" if "dpkg" in path else b"P:a\nV:1\n\n"
    rooted.put(path, stanza + b"\n" * (8 << 20))
    assert names(bounded(lambda: ask(packages, rooted))) == {"a"}
