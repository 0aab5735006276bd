"""Finds the operating system: release, C library, kernel."""

import os
import re
import shlex
import struct

from . import facts, values
from . import files as disk

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
"""In the order of os-release(5)."""

MACHINES = {
    3: "i386",
    21: "ppc64",
    22: "s390x",
    40: "arm",
    62: "x86_64",
    183: "aarch64",
    243: "riscv64",
}
"""e_machine of an ELF header; the kernel's include/uapi/linux/elf-em.h."""

EXECUTABLES = (
    "/bin/sh",
    "/usr/bin/env",
    "/sbin/ldconfig",
    "/lib64/ld-linux-x86-64.so.2",
    "/lib/ld-linux-aarch64.so.1",
)
"""One of these is in every image; of the first three none in a distroless one."""

LIBC = (
    "/lib/*-linux-gnu*/libc.so.6",
    "/usr/lib/*-linux-gnu*/libc.so.6",
    "/lib64/libc.so.6",
    "/usr/lib64/libc.so.6",
    "/lib/libc.so.6",
    "/usr/lib/libc.so.6",
)
"""Debian's multiarch folders first, then those of Red Hat, SUSE and Arch."""

GLIBC = re.compile(rb"GNU C Library[^\n]{0,200}? version (\d+\.\d+(?:\.\d+)?)")
"""The banner that libc.so.6 prints when it is run."""


def collect(files, context):
    """Yield the image's release and C library; and live, those of the process and the host."""
    yield _release(files)
    for fact in _libc(files):
        yield fact
    if context.live:
        yield _libc_called()
        yield _kernel(files)


def _release(files):
    for path in OS_RELEASE:
        try:
            fields = _assignments(files.text(path, 1 << 16))
        except (FileNotFoundError, NotADirectoryError):
            continue
        except OSError as error:
            return facts.unreadable(facts.IMAGE, "os.release", "os", values.reason(error))
        return facts.component(
            facts.IMAGE,
            "os.release",
            "os",
            "file",
            fields.get("VERSION_ID"),
            id=fields.get("ID", "linux"),  # The default that os-release(5) gives.
            pretty_name=fields.get("PRETTY_NAME"),
            codename=fields.get("VERSION_CODENAME"),
            architecture=_architecture(files),
        )
    return facts.absent(facts.IMAGE, "os.release", "os", "neither " + " nor ".join(OS_RELEASE))


def _assignments(text):
    fields = {}
    for line in text.splitlines():
        name, equals, value = line.strip().partition("=")
        if equals and not name.startswith("#"):
            try:
                fields[name] = values.text(" ".join(shlex.split(value)))
            except ValueError:
                fields[name] = values.text(value)  # An open quote; the text says enough.
    return fields


def _architecture(files):
    for path in EXECUTABLES:
        try:
            head = files.part(path, 0, 20)
        except OSError:
            continue
        if head[:4] == b"\x7fELF" and len(head) == 20:
            # Byte 5 is the data encoding, e_machine the half word at 18 (elf(5)).
            number = struct.unpack("<H" if head[5:6] == b"\x01" else ">H", head[18:20])[0]
            name = MACHINES.get(number, "machine %d" % number)
            return name + "le" if number == 21 and head[5:6] == b"\x01" else name
    return None


def _libc(files):
    found = False
    real = set()
    for pattern in LIBC:
        for path in disk.expand(files, pattern):
            if files.real(path) not in real:
                real.add(files.real(path))
                found = True
                yield _glibc(files, path)
    for path in disk.expand(files, "/lib/ld-musl-*"):
        found = True
        version = _musl_version(files)
        yield facts.component(facts.IMAGE, "libc", "musl", "file", version, path)
    if not found:
        reason = "no libc.so.6 and no ld-musl where distributions put them"
        yield facts.absent(facts.IMAGE, "libc", "libc", reason)


def _glibc(files, path):
    try:
        match = GLIBC.search(files.read(path))
    except OSError as error:
        return facts.unreadable(facts.IMAGE, "libc", "glibc", values.reason(error))
    if not match:
        return facts.unreadable(facts.IMAGE, "libc", "glibc", "no version text in " + path)
    return facts.component(facts.IMAGE, "libc", "glibc", "file", match.group(1).decode(), path)


def _musl_version(files):
    try:
        text = files.text("/lib/apk/db/installed")
    except OSError:
        return None
    match = re.search(r"^P:musl\nV:(\S+)", text, re.MULTILINE)
    return values.text(match.group(1)) if match else None


def _libc_called():
    try:
        name, version = os.confstr("CS_GNU_LIBC_VERSION").split()
    except (AttributeError, OSError, ValueError):
        reason = "confstr does not know CS_GNU_LIBC_VERSION"
        return facts.absent(facts.PROCESS, "libc", "glibc", reason)
    return facts.component(facts.PROCESS, "libc", name, "call", version)


def _kernel(files):
    try:
        release = files.text("/proc/sys/kernel/osrelease", 4096).strip()
        version = files.text("/proc/sys/kernel/version", 4096).strip()
    except OSError as error:
        return facts.unreadable(facts.HOST, "kernel", "linux", values.reason(error))
    return facts.component(facts.HOST, "kernel", "linux", "proc", release, build=version)
