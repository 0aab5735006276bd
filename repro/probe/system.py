"""Finds the operating system: release, C library, kernel, CPU and how much of it there is."""

import os
import re
import shlex
import struct

from . import facts, files as disk, values

OS_RELEASE = ("/etc/os-release", "/usr/lib/os-release")
"""In the order of os-release(5)."""

MACHINES = {3: "i386", 21: "ppc64", 22: "s390x", 40: "arm", 62: "x86_64", 183: "aarch64", 243: "riscv64"}
"""e_machine of an ELF header; the kernel's include/uapi/linux/elf-em.h."""

EXECUTABLES = ("/bin/sh", "/usr/bin/env", "/sbin/ldconfig", "/lib64/ld-linux-x86-64.so.2")

LIBC = ("/lib/*-linux-gnu*/libc.so.6", "/usr/lib/*-linux-gnu*/libc.so.6", "/lib64/libc.so.6",
        "/usr/lib64/libc.so.6", "/lib/libc.so.6", "/usr/lib/libc.so.6")
"""Debian's multiarch folders first, then those of Red Hat, SUSE and Arch."""

GLIBC = re.compile(rb"GNU C Library[^\n]{0,200}? version (\d+\.\d+(?:\.\d+)?)")
"""The banner that libc.so.6 prints when it is run."""

LEVELS = (
    ("x86-64-v1", "cmov cx8 fpu fxsr mmx syscall sse sse2"),
    ("x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("x86-64-v3", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"),
    ("x86-64-v4", "avx512f avx512bw avx512cd avx512dq avx512vl"),
)
"""x86-64 psABI, table 3.1, in the names of /proc/cpuinfo: pni is SSE3, abm is LZCNT."""


def collect(files, context):
    """Yield the image's release and C library; and live, those of the process and the host."""
    yield _release(files)
    for fact in _libc(files):
        yield fact
    if context.live:
        yield _libc_called()
        yield _kernel(files)
        yield _cpu(files)
        yield _threads(files, "1" if context.running else "self")


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


def _cpu(files):
    try:
        # The first processor's block is enough, and the whole file is slow on large hosts.
        text = files.part("/proc/cpuinfo", 0, 16384).decode("utf-8", "replace")
    except OSError as error:
        return facts.unreadable(facts.HOST, "cpu", "cpu", values.reason(error))
    pairs = (line.partition(":") for line in text.split("\n\n")[0].splitlines())
    fields = {name.strip(): value.strip() for name, colon, value in pairs if colon}
    flags = sorted(set((fields.get("flags") or fields.get("Features") or "").split()))
    if not flags:
        return facts.unreadable(facts.HOST, "cpu", "cpu", "no flags in /proc/cpuinfo")
    return facts.component(
        facts.HOST,
        "cpu",
        "cpu",
        "proc",
        vendor=fields.get("vendor_id") or fields.get("CPU implementer"),
        model=fields.get("model name") or fields.get("CPU part"),
        family=fields.get("cpu family") or fields.get("CPU architecture"),
        number=fields.get("model") or fields.get("CPU variant"),
        stepping=fields.get("stepping") or fields.get("CPU revision"),
        flags=flags,
        level=level(flags),
    )


def level(flags):
    """The highest microarchitecture level whose features, and all below it, are there; or None."""
    reached = None
    for name, needed in LEVELS:
        if not set(needed.split()) <= set(flags):
            break
        reached = name
    return reached


def _threads(files, process):
    """Processors that the process may run on, and the share of time that its cgroup has."""
    try:
        status = files.text("/proc/%s/status" % process, 1 << 16)
    except OSError as error:
        return facts.unreadable(facts.PROCESS, "cpu.threads", "threads", values.reason(error))
    match = re.search(r"^Cpus_allowed_list:\s*(\S+)", status, re.MULTILINE)
    count = sum(map(_span, match.group(1).split(","))) if match else None
    return facts.component(
        facts.PROCESS, "cpu.threads", "threads", "proc", affinity=count, quota=_quota(files, process)
    )


def _span(text):
    first, _, last = text.partition("-")
    return int(last or first) - int(first) + 1


def _quota(files, process):
    """`MICROSECONDS/PERIOD` or `max`, of cgroup v2 (cpu.max) or v1 (cpu.cfs_*); None without."""
    for folder in _cgroups(files, process):
        limit = _text(files, folder + "/cpu.max")
        if limit:
            quota, _, period = limit.partition(" ")
            if quota != "max":
                return "%s/%s" % (quota, period)
        quota = _text(files, folder + "/cpu.cfs_quota_us")
        if quota and quota != "-1":
            return "%s/%s" % (quota, _text(files, folder + "/cpu.cfs_period_us"))
    return "max"


def _cgroups(files, process):
    """The process's own cgroup folder and those above it, the tightest first."""
    for line in _text(files, "/proc/%s/cgroup" % process).splitlines():
        number, _, rest = line.partition(":")
        controllers, _, path = rest.partition(":")
        if number != "0" and "cpu" not in controllers.split(","):
            continue
        top = "/sys/fs/cgroup" if number == "0" else "/sys/fs/cgroup/cpu"
        path = os.path.normpath("/" + path.strip("/")).rstrip("/")
        while path:
            yield top + path
            path = path.rpartition("/")[0]
        yield top


def _text(files, path):
    try:
        return values.text(files.text(path, 1 << 16).strip())
    except OSError:
        return ""
