"""The driver and its devices, asked through compiled stand-ins and a /proc of the real shapes."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import gpu

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

OPEN = (
    "NVRM version: NVIDIA UNIX Open Kernel Module for x86_64  580.159.04  Release Build  "
    "(builder@host)  Tue Jan  6 01:02:03 UTC 2026\nGCC version:  gcc version 12.3.0\n"
)
CLOSED = (
    "NVRM version: NVIDIA UNIX x86_64 Kernel Module  470.256.02  Thu May  2 14:37:44 UTC 2024\n"
    "GCC version:  gcc version 9.4.0\n"
)
Facts = list[dict[str, Any]]


@pytest.fixture(scope="session")
def drivers(standin: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """The folder with the libraries of a variant, compiled once."""
    folder = tmp_path_factory.mktemp("drivers")
    built: dict[str, Path] = {}

    def of(variant: str) -> Path:
        if variant not in built:
            built[variant] = standin.build(folder / variant, variant)
        return built[variant]

    return of


@pytest.fixture
def ask(
    tree: Any, make_context: Callable[..., Any], drivers: Callable[[str], Path]
) -> Callable[..., dict[str, dict[str, Any]]]:
    """Collect with the driver of a variant, or with the folder given; facts by kind."""

    def collect(where: str | Path) -> dict[str, dict[str, Any]]:
        folder = drivers(where) if isinstance(where, str) else where
        context = make_context(environ={"LD_LIBRARY_PATH": str(folder), "CUDA_VISIBLE_DEVICES": ""})
        facts = list(gpu.collect(tree, context))
        assert len({fact["kind"] for fact in facts}) == len(facts), facts
        return {fact["kind"]: fact for fact in facts}

    return collect


def test_reads_an_h100_and_its_driver(tree: Any, ask: Callable[..., Any]) -> None:
    tree.put("/proc/driver/nvidia/version", OPEN)
    facts = ask("h100")
    driver, device = facts[gpu.DRIVER], facts[gpu.DEVICE]
    assert (driver["scope"], driver["source"], driver["version"]) == ("host", "nvml", "580.159.04")
    assert driver["properties"] == {
        "branch": "r580_00",
        "cuda": "13.0",
        "nvml": "13.580.159.04",
        "kernel_module": "580.159.04",
        "flavour": "open",
    }
    assert (device["scope"], device["name"], "version" in device) == ("host", "gpu0", False)
    assert device["properties"] == {
        "product": "NVIDIA H100 80GB HBM3",
        "compute_capability": "9.0",
        "sm_count": 132,
        "threads_per_sm": 2048,
        "memory_mib": 81559,
        "mig": "off",
        "mig_device": False,
        "ecc": "on",
        "vbios": "96.00.A5.00.01",
        "gsp": "580.159.04",
    }


def test_reads_the_libcuda_that_a_process_gets(
    tree: Any, ask: Callable[..., Any], drivers: Callable[[str], Path]
) -> None:
    path = drivers("h100").resolve() / "libcuda.so.580.159.04"
    tree.put(str(path), path.read_bytes())
    fact = ask("h100")[gpu.LIBCUDA]
    assert (fact["scope"], fact["source"], fact["version"]) == ("process", "call", "13.0")
    assert fact["location"] == str(path)
    assert len(fact["properties"].pop("build_id")) == 40
    assert fact["properties"] == {"driver": "580.159.04", "forward_compat": False, "init": "ok"}


def test_tells_a_forward_compatibility_libcuda(
    ask: Callable[..., Any], standin: ModuleType, tmp_path: Path
) -> None:
    facts = ask(standin.build(tmp_path / "cuda-13.0" / "compat", "h100"))
    assert facts[gpu.LIBCUDA]["properties"]["forward_compat"] is True


def test_an_old_driver_leaves_out_what_it_does_not_know(tree: Any, ask: Callable[..., Any]) -> None:
    tree.put("/proc/driver/nvidia/version", CLOSED)
    facts = ask("old")
    assert facts[gpu.DRIVER]["version"] == "470.256.02"
    assert facts[gpu.DRIVER]["properties"] == {
        "cuda": "11.4",
        "nvml": "11.470.256.02",
        "kernel_module": "470.256.02",
        "flavour": "proprietary",
    }
    assert facts[gpu.DEVICE]["properties"] == {
        "product": "Tesla V100-SXM2-32GB",
        "compute_capability": "7.0",
        "sm_count": 80,
        "threads_per_sm": 2048,
        "memory_mib": 32510,
        "mig": "not supported",
        "ecc": "on",
        "vbios": "88.00.43.00.03",
    }


def test_tells_the_instances_of_a_device_that_is_split(ask: Callable[..., Any]) -> None:
    told = ask("mig")[gpu.DEVICE]["properties"]
    assert (told["mig"], told["sm_count"]) == ("on", 16)
    assert told["mig_devices"] == [
        {"product": "NVIDIA H100 80GB HBM3 MIG 1g.10gb", "sm_count": 16, "memory_mib": 9856}
    ]


def test_a_library_that_does_not_fit_the_module_is_unreadable_in_words(
    ask: Callable[..., Any],
) -> None:
    facts = ask("mismatch")
    reason = (
        "nvmlInit: error 18: the library and the loaded kernel module are of different "
        "driver versions"
    )
    for kind in (gpu.DRIVER, gpu.DEVICE):
        assert (facts[kind]["state"], facts[kind]["reason"]) == ("unreadable", reason)
    told = facts[gpu.LIBCUDA]["properties"]["init"]
    assert told == "cuInit: error 803: the library and the kernel's driver do not fit"


def test_the_kernel_tells_the_driver_where_nvml_fails(tree: Any, ask: Callable[..., Any]) -> None:
    tree.put("/proc/driver/nvidia/version", OPEN)
    facts = ask("mismatch")
    assert (facts[gpu.DRIVER]["version"], facts[gpu.DRIVER]["source"]) == ("580.159.04", "proc")
    assert facts[gpu.DRIVER]["properties"]["nvml"].startswith("nvmlInit: error 18: ")
    assert facts[gpu.DEVICE]["state"] == "unreadable"


def test_an_nvml_that_aborts_does_not_cost_libcuda(ask: Callable[..., Any]) -> None:
    facts = ask("crash")
    assert facts[gpu.DRIVER]["reason"] == "nvmlInit: killed by signal 6: no message"
    assert facts[gpu.LIBCUDA]["version"] == "13.0"


def test_an_nvml_that_aborts_later_keeps_what_it_has_said(ask: Callable[..., Any]) -> None:
    facts = ask("dies")
    assert facts[gpu.DRIVER]["version"] == "580.159.04"
    assert facts[gpu.DEVICE]["reason"] == "killed by signal 6: no message"
    assert facts[gpu.LIBCUDA]["properties"]["init"] == "ok"


def test_a_lost_gpu_is_unreadable_beside_a_good_one(
    tree: Any, make_context: Callable[..., Any], drivers: Callable[[str], Path]
) -> None:
    context = make_context(environ={"LD_LIBRARY_PATH": str(drivers("lost"))})
    facts = [fact for fact in gpu.collect(tree, context) if fact["kind"] == gpu.DEVICE]
    assert [(fact["state"], fact["name"]) for fact in facts] == [
        ("known", "gpu0"),
        ("unreadable", "gpu1"),
    ]
    assert facts[1]["reason"] == "NVML error 15: the GPU has fallen off the bus"


def test_a_driver_without_a_gpu_has_no_device(ask: Callable[..., Any]) -> None:
    facts = ask("none")
    assert facts[gpu.DRIVER]["state"] == "known"
    assert (facts[gpu.DEVICE]["state"], facts[gpu.DEVICE]["reason"]) == (
        "absent",
        "NVML counts no device",
    )


def test_no_gpu_is_absent(ask: Callable[..., Any], tmp_path: Path) -> None:
    facts = ask(tmp_path)
    assert {kind: fact["state"] for kind, fact in facts.items()} == {
        gpu.DRIVER: "absent",
        gpu.DEVICE: "absent",
        gpu.LIBCUDA: "absent",
    }


def test_a_module_without_a_node_is_a_driver_without_devices(
    tree: Any, ask: Callable[..., Any], tmp_path: Path
) -> None:
    tree.put("/proc/driver/nvidia/version", OPEN)
    facts = ask(tmp_path)
    assert facts[gpu.DRIVER]["properties"] == {"kernel_module": "580.159.04", "flavour": "open"}
    assert facts[gpu.DEVICE]["state"] == "absent"


def test_nodes_without_the_library_are_unreadable_with_advice(
    tree: Any, ask: Callable[..., Any], tmp_path: Path
) -> None:
    tree.put("/dev/nvidia0")
    facts = ask(tmp_path)
    assert facts[gpu.DEVICE]["reason"] == (
        "/dev/nvidia0 is here, but libnvidia-ml.so.1 is not: "
        "add `utility` to NVIDIA_DRIVER_CAPABILITIES"
    )
    assert facts[gpu.LIBCUDA]["reason"] == (
        "/dev/nvidia0 is here, but libcuda.so.1 is not: add `compute` to NVIDIA_DRIVER_CAPABILITIES"
    )
    assert {fact["state"] for fact in facts.values()} == {"unreadable"}


def test_a_library_that_does_not_load_is_unreadable_with_the_loaders_reason(
    ask: Callable[..., Any], tmp_path: Path
) -> None:
    (tmp_path / "libnvidia-ml.so.1").write_text("garbage")
    facts = ask(tmp_path)
    assert facts[gpu.DRIVER]["state"] == facts[gpu.DEVICE]["state"] == "unreadable"
    assert "libnvidia-ml.so.1" in facts[gpu.DRIVER]["reason"]


def test_a_missing_dependency_of_the_library_is_not_a_missing_library(
    ask: Callable[..., Any], standin: ModuleType, tmp_path: Path
) -> None:
    part = standin.library(tmp_path / "libpart.so.1")
    standin.library(tmp_path / "libnvidia-ml.so.1", "int nothing;", "-Wl,--no-as-needed", str(part))
    part.unlink()
    facts = ask(tmp_path)
    assert facts[gpu.DRIVER]["state"] == "unreadable"
    assert "libpart.so.1" in facts[gpu.DRIVER]["reason"]


def test_a_kernel_module_of_an_unknown_shape_is_not_guessed(
    tree: Any, ask: Callable[..., Any], tmp_path: Path
) -> None:
    tree.put("/proc/driver/nvidia/version", "NVRM version: something new\n")
    assert ask(tmp_path)[gpu.DRIVER]["state"] == "absent"


def test_no_fact_holds_an_identity(ask: Callable[..., Any]) -> None:
    text = repr(ask("h100"))
    assert not re.search(r"uuid|serial|1b:00", text, re.IGNORECASE)
