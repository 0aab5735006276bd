"""The CPU collector: which one, which level, and how many threads."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import cpu
from tests.probe.asking import ask, known, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

V1 = "cmov cx8 fpu fxsr mmx syscall sse sse2"
V2 = V1 + " cx16 lahf_lm popcnt pni sse4_1 sse4_2 ssse3"
V3 = V2 + " avx avx2 bmi1 bmi2 f16c fma abm movbe xsave"
V4 = V3 + " avx512f avx512bw avx512cd avx512dq avx512vl"


def block(flags: str) -> str:
    return (
        "processor\t: 0\nvendor_id\t: GenuineIntel\ncpu family\t: 6\nmodel\t\t: 143\n"
        "model name\t: Xeon\nstepping\t: 8\nmicrocode\t: 0x2b\ncpu MHz\t\t: 2000.1\n"
        f"flags\t\t: {flags}\nbogomips\t: 4000.0\n\n"
    )


def test_the_first_processor_is_read_without_what_never_stays(rooted: Rooted) -> None:
    rooted.put("/proc/cpuinfo", (block(V3) + block("none")) * 200)
    assert known(ask(cpu, rooted), "cpu", "cpu")["properties"] == {
        "vendor": "GenuineIntel",
        "model": "Xeon",
        "family": "6",
        "number": "143",
        "stepping": "8",
        "flags": sorted(V3.split()),
        "level": "x86-64-v3",
    }


@pytest.mark.parametrize(
    ("flags", "level"),
    [
        ("sse", None),
        (V1, "x86-64-v1"),
        (V2, "x86-64-v2"),
        (V3, "x86-64-v3"),
        (V4, "x86-64-v4"),
        (V4.replace(" fma", ""), "x86-64-v2"),
    ],
)
def test_a_level_needs_all_below_it(flags: str, level: str | None) -> None:
    asked: Any = cpu.level
    assert asked(flags.split()) == level


def test_an_arm_processor_has_features_and_no_level(rooted: Rooted) -> None:
    rooted.put("/proc/cpuinfo", "processor: 0\nFeatures : fp asimd\nCPU part : 0xd40\n\n")
    properties = known(ask(cpu, rooted), "cpu", "cpu")["properties"]
    assert properties == {"flags": ["asimd", "fp"], "model": "0xd40"}


@pytest.mark.parametrize("content", ["", b"\xff\x00\xfe", "flags"])
def test_a_cpuinfo_without_flags_is_told(rooted: Rooted, content: bytes | str) -> None:
    rooted.put("/proc/cpuinfo", content)
    assert unread(ask(cpu, rooted))["cpu"] == "no flags in /proc/cpuinfo"


def threads(rooted: Rooted, **options: Any) -> dict[str, Any]:
    found: dict[str, Any] = known(ask(cpu, rooted, **options), "cpu.threads", "threads")
    return found["properties"]  # type: ignore[no-any-return]  # Facts are plain dicts.


def test_threads_are_the_affinity_and_the_tightest_quota_of_cgroup_v2(rooted: Rooted) -> None:
    rooted.put("/proc/self/status", "Name:\tx\nCpus_allowed_list:\t0-3,8\n")
    rooted.put("/proc/self/cgroup", "0::/a/b\n")
    rooted.put("/sys/fs/cgroup/a/b/cpu.max", "max 100000\n")
    rooted.put("/sys/fs/cgroup/a/cpu.max", "250000 100000\n")
    assert threads(rooted) == {"affinity": 5, "quota": "250000/100000"}


def test_cgroup_v1_is_read_too(rooted: Rooted) -> None:
    rooted.put("/proc/1/status", "Cpus_allowed_list:\t2\n")
    rooted.put("/proc/1/cgroup", "5:cpuset:/x\n4:cpu,cpuacct:/docker/abc\n")
    rooted.put("/sys/fs/cgroup/cpu/cpu.cfs_quota_us", "50000")
    rooted.put("/sys/fs/cgroup/cpu/cpu.cfs_period_us", "100000")
    assert threads(rooted, running=True) == {"affinity": 1, "quota": "50000/100000"}


def test_without_a_quota_it_is_max(rooted: Rooted) -> None:
    rooted.put("/proc/self/status", "Cpus_allowed_list:\t0-1\n")
    rooted.put("/proc/self/cgroup", "0::/../../..\n")
    assert threads(rooted) == {"affinity": 2, "quota": "max"}


def test_a_list_of_processors_that_is_garbage_is_told(rooted: Rooted) -> None:
    rooted.put("/proc/self/status", "Cpus_allowed_list:\tx-9\n")
    assert "threads" in unread(ask(cpu, rooted))


def test_layers_have_no_cpu(rooted: Rooted) -> None:
    assert ask(cpu, rooted, live=False) == []
