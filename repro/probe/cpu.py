"""Finds the CPU, and how much of it the process may use: both decide which kernels run, and how."""

import os
import re

from . import facts, values

LEVELS = (
    ("x86-64-v1", "cmov cx8 fpu fxsr mmx syscall sse sse2"),
    ("x86-64-v2", "cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"),
    ("x86-64-v3", "avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"),
    ("x86-64-v4", "avx512f avx512bw avx512cd avx512dq avx512vl"),
)
"""x86-64 psABI, table 3.1, in the names of /proc/cpuinfo: pni is SSE3, abm is LZCNT."""


def collect(files, context):
    """Yield the host's CPU and the process's threads, where the target runs."""
    if context.live:
        yield _cpu(files)
        yield _threads(files, "1" if context.running else "self")


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
    match = re.search(r"^Cpus_allowed_list:\s*([\d,-]+)$", status, re.MULTILINE)
    if not match:
        reason = "no list of processors in /proc/%s/status" % process
        return facts.unreadable(facts.PROCESS, "cpu.threads", "threads", reason)
    count = sum(map(_span, match.group(1).split(",")))
    return facts.component(
        facts.PROCESS,
        "cpu.threads",
        "threads",
        "proc",
        affinity=count,
        quota=_quota(files, process),
    )


def _span(text):
    first, _, last = text.partition("-")
    return int(last or first or 0) - int(first or 0) + 1


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
