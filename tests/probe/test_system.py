"""The system collector: release, C library, kernel."""

from __future__ import annotations

import os
import struct
from typing import TYPE_CHECKING

from repro.probe import system
from tests.probe.asking import ask, known, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

DEBIAN = 'PRETTY_NAME="Debian GNU/Linux 12 (bookworm)"\nID=debian\nVERSION_ID="12"\n# x\nbroken\n'
BANNER = b"\0GNU C Library (Debian GLIBC 2.36-9+deb12u4) stable release version 2.36.\n\0"


def elf(machine: int, order: str = "<") -> bytes:
    return (
        b"\x7fELF\x02"
        + (b"\x01" if order == "<" else b"\x02")
        + bytes(12)
        + struct.pack(order + "H", machine)
    )


def test_the_release_is_read_with_the_architecture(rooted: Rooted) -> None:
    rooted.put("/usr/lib/os-release", DEBIAN)
    rooted.put_link("/etc/os-release", "../usr/lib/os-release")
    rooted.put("/bin/sh", elf(183))
    fact = known(ask(system, rooted), "os.release", "os")
    assert fact["version"] == "12"
    assert fact["properties"] == {
        "id": "debian",
        "pretty_name": "Debian GNU/Linux 12 (bookworm)",
        "architecture": "aarch64",
    }


def test_byte_order_tells_powers_apart(rooted: Rooted) -> None:
    rooted.put("/etc/os-release", DEBIAN)
    rooted.put("/bin/sh", elf(21))
    little = known(ask(system, rooted), "os.release", "os")["properties"]["architecture"]
    rooted.put("/bin/sh", elf(21, ">"))
    big = known(ask(system, rooted), "os.release", "os")["properties"]["architecture"]
    assert (little, big) == ("ppc64le", "ppc64")


def test_a_release_that_is_garbage_or_a_fifo_harms_nothing(rooted: Rooted) -> None:
    rooted.put("/etc/os-release", b"\xff\x00ID='open\nVERSION_ID=1")
    assert known(ask(system, rooted), "os.release", "os")["version"] == "1"
    rooted.put_fifo("/other")
    (rooted.root / "etc/os-release").unlink()
    rooted.put_link("/etc/os-release", "/other")
    assert unread(ask(system, rooted))["os"] == "not a regular file"


def test_glibc_is_known_by_its_banner(rooted: Rooted) -> None:
    rooted.put("/lib/x86_64-linux-gnu/libc.so.6", b"\x7fELF" + BANNER)
    rooted.put_link("/usr/lib/x86_64-linux-gnu", "/lib/x86_64-linux-gnu")
    fact = next(f for f in ask(system, rooted) if f["kind"] == "libc" and f["scope"] == "image")
    assert (fact["name"], fact["version"]) == ("glibc", "2.36")
    assert fact["location"] == "/lib/x86_64-linux-gnu/libc.so.6"


def test_a_libc_without_banner_is_told(rooted: Rooted) -> None:
    rooted.put("/lib64/libc.so.6", os.urandom(1000))
    assert unread(ask(system, rooted))["glibc"] == "no version text in /lib64/libc.so.6"


def test_musl_is_known_by_its_loader_and_package(rooted: Rooted) -> None:
    rooted.put("/lib/ld-musl-x86_64.so.1", b"\x7fELF")
    rooted.put("/lib/apk/db/installed", "C:x\nP:musl\nV:1.2.5-r0\n\n")
    assert known(ask(system, rooted, live=False), "libc", "musl")["version"] == "1.2.5-r0"


def test_an_empty_image_has_neither(rooted: Rooted) -> None:
    found = ask(system, rooted, live=False)
    assert {(f["state"], f["kind"]) for f in found} == {
        ("absent", "os.release"),
        ("absent", "libc"),
    }


def test_live_the_kernel_and_the_called_libc_are_told(rooted: Rooted) -> None:
    rooted.put("/proc/sys/kernel/osrelease", "6.1.0-18-amd64\n")
    rooted.put("/proc/sys/kernel/version", "#1 SMP Debian\n")
    found = ask(system, rooted)
    assert known(found, "kernel", "linux")["version"] == "6.1.0-18-amd64"
    called = [f for f in found if f["kind"] == "libc" and f["scope"] == "process"]
    assert [(f["name"], f["version"]) for f in called] == [
        tuple((os.confstr("CS_GNU_LIBC_VERSION") or "").split())
    ]


def test_a_kernel_that_cannot_be_seen_is_told(rooted: Rooted) -> None:
    assert "linux" in unread(ask(system, rooted))
