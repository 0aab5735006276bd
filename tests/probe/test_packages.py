"""The package collector: dpkg, distroless, apk and rpm."""

from __future__ import annotations

import os
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any, cast

import pytest

from repro.probe import packages, sqlite
from tests.probe.asking import ask, known, unread
from tests.probe.rpm_file import database, header

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.probe.rooted import Rooted

STATUS = """Package: libc6
Status: install ok installed
Architecture: amd64
Multi-Arch: same
Source: glibc (2.36-9)
Version: 2.36-9+deb12u4
Description: GNU C Library
 Version: not a field

Package: gone
Status: deinstall ok config-files
Architecture: amd64
Version: 1.0

Package: adduser
Status: hold ok installed
Architecture: all
Version: 3.134
"""


def test_dpkg_tells_what_is_installed(rooted: Rooted) -> None:
    rooted.put("/var/lib/dpkg/status", STATUS)
    found = ask(packages, rooted)
    assert [f["name"] for f in found] == ["libc6", "adduser"]
    fact = known(found, "os.package", "libc6")
    assert (fact["version"], fact["source"]) == ("2.36-9+deb12u4", "dpkg")
    assert fact["properties"] == {"arch": "amd64", "source_package": "glibc"}


def test_distroless_has_a_file_a_package(rooted: Rooted) -> None:
    rooted.put("/var/lib/dpkg/status.d/base", "Package: base-files\nVersion: 12\n")
    rooted.put("/var/lib/dpkg/status.d/base.md5sums", "Package: no\nVersion: 1\n")
    assert [f["name"] for f in ask(packages, rooted)] == ["base-files"]


def test_apk_is_read(rooted: Rooted) -> None:
    text = "C:Q1\nP:musl\nV:1.2.5-r0\nA:x86_64\no:musl\n\nP:so\nV:1\no:other\n\n"
    rooted.put("/lib/apk/db/installed", text)
    found = ask(packages, rooted)
    assert known(found, "os.package", "musl")["properties"] == {"arch": "x86_64"}
    assert known(found, "os.package", "so")["properties"] == {"source_package": "other"}


def test_no_database_is_absent(rooted: Rooted) -> None:
    assert [f["state"] for f in ask(packages, rooted)] == ["absent"]


@pytest.mark.parametrize("path", ["/var/lib/dpkg/status", "/lib/apk/db/installed"])
@pytest.mark.parametrize("how", ["garbage", "fifo", "denied"])
def test_a_database_that_cannot_be_read_is_told(rooted: Rooted, path: str, how: str) -> None:
    if how == "fifo":
        rooted.put_fifo(path)
    else:
        rooted.put(path, b"\xff\x00\n\n" * 1000)
    rooted.denied = {path} if how == "denied" else set()
    found = ask(packages, rooted)
    expected = {"garbage": "no package in", "fifo": "not a regular", "denied": "Permission denied"}
    assert expected[how] in unread(found)[path]


def test_rpm_headers_are_read_from_sqlite(rooted: Rooted) -> None:
    place = rooted.root / "var/lib/rpm/rpmdb.sqlite"
    blobs = [header(f"p{n}", epoch=n or None, pad=(n * 977) % 20000) for n in range(500)]
    database(place, blobs)
    found = ask(packages, rooted)
    assert len(found) == 500
    fact = known(found, "os.package", "p7")
    assert fact["version"] == "7:1.2-3.el9"
    assert fact["properties"] == {"arch": "x86_64", "source_package": "src-name"}
    assert known(found, "os.package", "p0")["version"] == "1.2-3.el9"


@pytest.mark.parametrize("name", ["Packages", "Packages.db"])
def test_an_older_rpm_database_is_told(rooted: Rooted, name: str) -> None:
    rooted.put("/var/lib/rpm/" + name, b"x")
    assert "Berkeley" in unread(ask(packages, rooted))["/var/lib/rpm"]


def test_a_write_ahead_log_is_told(rooted: Rooted) -> None:
    database(rooted.root / "usr/lib/sysimage/rpm/rpmdb.sqlite", [header("a")])
    rooted.put("/usr/lib/sysimage/rpm/rpmdb.sqlite-wal", b"x")
    assert "write-ahead" in unread(ask(packages, rooted))["/usr/lib/sysimage/rpm"]


@pytest.mark.parametrize("blob", [b"", b"\0", b"\xff" * 64, header("a")[:40], header("a")[:-5]])
def test_a_malformed_header_is_told(rooted: Rooted, blob: bytes) -> None:
    database(rooted.root / "var/lib/rpm/rpmdb.sqlite", [header("good"), blob])
    found = ask(packages, rooted)
    assert known(found, "os.package", "good")
    assert "header" in unread(found)["/var/lib/rpm"]


def test_any_damage_to_the_database_ends_in_facts(rooted: Rooted, tmp_path: Path) -> None:
    place = tmp_path / "good.sqlite"
    database(place, [header(f"p{n}", pad=900) for n in range(60)])
    good = place.read_bytes()
    for seed in range(300):
        damaged = bytearray(good)
        for step in range(4):
            damaged[(seed * 7919 + step * 104729) % len(good)] ^= 1 + (seed + step) % 255
        rooted.put("/var/lib/rpm/rpmdb.sqlite", bytes(damaged[: len(good) - seed * 50]))
        assert ask(packages, rooted)


def read(place: Path, table: bytes) -> Iterator[list[Any]]:
    """Read a table of a file by its parts."""
    data, rows = place.read_bytes(), cast("Any", sqlite.rows)
    found: Iterator[list[Any]] = rows(lambda at, size: data[at : at + size], len(data), table)
    return found


def test_the_sqlite_reader_agrees_with_sqlite(tmp_path: Path) -> None:
    place = tmp_path / "x.sqlite"
    rows = [(n, os.urandom(n * 37 % 9000), -n * 10**8, None, "é" * (n % 50)) for n in range(700)]
    with closing(sqlite3.connect(place)) as connection, connection:
        connection.execute("CREATE TABLE other (x)")
        connection.execute("CREATE TABLE t (a INT, b BLOB, c INT, d, e TEXT)")
        connection.executemany("INSERT INTO t VALUES (?, ?, ?, ?, ?)", rows)
    assert [(a, b, c, d, e.decode()) for a, b, c, d, e in read(place, b"t")] == rows


def test_rows_around_the_size_that_overflows_a_page_are_whole(tmp_path: Path) -> None:
    place = tmp_path / "x.sqlite"
    blobs = [os.urandom(size) for size in range(4030, 4110)]
    database(place, blobs)
    assert [blob for _, blob in read(place, b"Packages")] == blobs
