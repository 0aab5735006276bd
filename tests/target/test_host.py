"""A host alone: what is known of this machine, of its GPUs' links, and through an engine."""

from __future__ import annotations

import stat
from typing import TYPE_CHECKING, Any

import pytest

from repro.diff import compare
from repro.manifest import Absent, Component, Unreadable
from repro.report import terminal
from repro.rules.catalog import load
from repro.target import host, machine, topology
from repro.target.options import Options
from tests.manifests import verdict
from tests.rules.making import catalog

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Fact

MATRIX = (
    "\t\x1b[4mGPU0\tGPU1\tNIC0\tCPU Affinity\tNUMA Affinity\tGPU NUMA ID\x1b[0m\n"
    "GPU0\t X \tNV18\tPIX\t0-47,96-143\t0\t\tN/A\n"
    "GPU1\tNV18\t X \tSYS\t48-95,144-191\t1\t\tN/A\n"
    "NIC0\tPIX\tSYS\t X \t\t\t\t\n"
    "\nLegend:\n\n  X    = Self\n  SYS  = Connection traversing PCIe\n"
    "\nNIC Legend:\n\n  NIC0: mlx5_0\n"
)
"""As drivers of 2022 and later print it: underlined heads, and more tabs than cells."""


def program(folder: Path, text: str, code: int = 0) -> str:
    """A stand-in for nvidia-smi, which needs a GPU."""
    (folder / "said").write_text(text)
    path = folder / "nvidia-smi"
    path.write_text(f"#!/bin/sh\n[ \"$*\" = 'topo -m' ] && cat {folder}/said\nexit {code}\n")
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def plugged(folder: Path, **files: str) -> Path:
    device = folder / "0000:3b:00.0"
    device.mkdir(parents=True)
    usual = dict.fromkeys(topology.FILES, "16") | {"numa_node": "1"} | files
    for name, text in usual.items():
        (device / name).write_text(f"{text}\n")
    (folder / "bind").write_text("")
    return folder


def test_a_matrix_is_read_by_rows_and_columns() -> None:
    assert topology.matrix(MATRIX) == {
        "GPU0": {"GPU1": "NV18", "NIC0": "PIX", "cpus": "0-47,96-143", "numa": "0"},
        "GPU1": {"GPU0": "NV18", "NIC0": "SYS", "cpus": "48-95,144-191", "numa": "1"},
        "NIC0": {"GPU0": "PIX", "GPU1": "SYS"},
    }


def test_one_gpu_alone_has_no_links() -> None:
    text = "\tGPU0\tCPU Affinity\tNUMA Affinity\nGPU0\t X \t0-15\t0\n"
    assert topology.matrix(text) == {"GPU0": {"cpus": "0-15", "numa": "0"}}


@pytest.mark.parametrize(
    "text", ["", "No devices were found\n", MATRIX.partition("GPU1\tNV18")[0], "GPU0\n", "\x00"]
)
def test_what_is_no_matrix_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="matrix"):
        topology.matrix(text)


def test_links_and_places_are_told(tmp_path: Path) -> None:
    found = list(topology.collect(plugged(tmp_path / "pci"), program(tmp_path, MATRIX)))
    places, links = found
    assert isinstance(places, Component)
    assert isinstance(links, Component)
    assert (places.name, places.properties["numa_node"]) == ("0000:3b:00.0", "1")
    assert links.properties["GPU0"]["GPU1"] == "NV18"


@pytest.mark.parametrize(("text", "code"), [("", 0), (MATRIX, 9), ("nothing", 0)])
def test_links_that_are_not_told_are_unreadable(tmp_path: Path, text: str, code: int) -> None:
    (links,) = topology.collect(tmp_path / "nowhere", program(tmp_path, text, code))
    assert isinstance(links, Unreadable)


def test_without_the_program_a_gpu_s_links_are_unreadable_and_without_a_gpu_absent(
    tmp_path: Path,
) -> None:
    *_, links = topology.collect(plugged(tmp_path / "pci"), "no-such-program")
    assert isinstance(links, Unreadable)
    (links,) = topology.collect(tmp_path / "nowhere", "no-such-program")
    assert isinstance(links, Absent)


def test_a_device_that_sysfs_does_not_tell_of_is_unreadable(tmp_path: Path) -> None:
    folder = plugged(tmp_path / "pci")
    (folder / "0000:3b:00.0" / "numa_node").unlink()
    first, *_ = topology.collect(folder, "no-such-program")
    assert isinstance(first, Unreadable)


def test_a_machine_s_id_is_not_shown(tmp_path: Path) -> None:
    path = tmp_path / "machine-id"
    path.write_text("0123456789abcdef" * 2 + "\n")
    found = machine.own(path)
    assert found is not None
    assert len(found) == 16
    assert found not in path.read_text()
    path.write_text("0123456789abcdef" * 2)
    assert machine.own(path) == found
    path.write_text("0123456789abcdee" * 2)
    assert machine.own(path) not in (None, found)


@pytest.mark.parametrize("text", ["", "uninitialized\n", "xyz", "é"])
def test_a_machine_without_an_id_has_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "machine-id"
    path.write_text(text)
    assert machine.own(path) is None
    assert machine.own(tmp_path / "nowhere") is None


@pytest.fixture
def alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No engine is found, whatever runs here."""
    monkeypatch.setenv("DOCKER_HOST", "")
    monkeypatch.setattr("repro.target.engine._usual", lambda: iter(()))
    monkeypatch.setenv("HOME", str(tmp_path))


def facts(found: list[Fact] | tuple[Fact, ...], kind: str) -> list[Fact]:
    return [fact for fact in found if fact.kind == kind]


@pytest.mark.usefixtures("alone")
def test_this_machine_is_described_in_the_host_scope_alone() -> None:
    found = host.snapshot(Options())
    assert {fact.scope for fact in found.facts} == {"host"}
    kinds = {fact.kind for fact in found.facts}
    assert {"kernel", "cpu", "cpu.processors", "host.os", "gpu.driver", "gpu.topology"} <= kinds
    assert [type(each) for each in facts(found.facts, "runtime")] == [Absent]
    assert found.digests == host.snapshot(Options()).digests


@pytest.mark.usefixtures("alone")
def test_nccl_s_file_is_a_setting_of_the_host_by_known_names_alone(tmp_path: Path) -> None:
    (tmp_path / ".nccl.conf").write_text("NCCL_ALGO=Ring\nPASSWORD=x\nNCCL_API_KEY=y\n")
    (setting,) = facts(host.snapshot(Options()).facts, "setting")
    assert isinstance(setting, Component)
    assert setting.properties == {"NCCL_ALGO": "Ring"}
    assert setting.location == str(tmp_path / ".nccl.conf")


@pytest.mark.usefixtures("alone")
def test_two_hosts_are_compared_as_hosts_and_the_report_says_so(tmp_path: Path) -> None:
    one = host.snapshot(Options())
    (tmp_path / ".nccl.conf").write_text("NCCL_ALGO=Ring\n")
    other = host.snapshot(Options())
    assert compare(one, other).scopes.compared == ("host",)
    text = " ".join(terminal.render(verdict(one, other, catalog())).split())
    assert "different host" in text
    assert "what the host is; image and process were not taken: A and B are hosts alone" in text
    assert "same host" in terminal.render(verdict(one, one, catalog()))


class _Engine:
    """What is asked of an engine, with the answers of one that has little to say."""

    def __init__(self, **info: Any) -> None:
        self._info = {"Name": "far", "KernelVersion": "6.8.0", "NCPU": 8, **info}
        self.api = type("Api", (), {"base_url": "http+docker://ssh"})()

    def version(self) -> dict[str, Any]:
        return {"Components": [{"Name": "Engine", "Version": "28.0"}]}

    def info(self) -> dict[str, Any]:
        return self._info

    def close(self) -> None:
        """Nothing is open."""


def by_engine(monkeypatch: pytest.MonkeyPatch, **info: Any) -> Any:
    monkeypatch.setattr("repro.target.engine.connect", lambda *_, **__: _Engine(**info))
    return host.snapshot(Options(host="ssh://far"))


def test_what_an_engine_does_not_tell_is_named_and_passes_for_nothing(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    found = by_engine(monkeypatch, Runtimes={"nvidia": {}, "runc": {}}, CgroupVersion="2")
    assert found.volatile["host"] == "far"
    assert "machine" not in found.volatile
    hidden = {fact.kind for fact in found.facts if isinstance(fact, Unreadable)}
    assert {"cpu", "gpu.driver", "gpu.device", "gpu.topology", "setting"} <= hidden
    (engine,) = facts(found.facts, "runtime.settings")
    assert isinstance(engine, Component)
    assert engine.properties == {"runtimes": ["nvidia", "runc"], "cgroup_version": "2"}
    assert verdict(found, found, load()).status == "indeterminate"


def test_this_machine_is_not_told_by_an_engine_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repro.target.engine.connect", lambda *_, **__: _Engine())
    found = host.snapshot(Options())
    (engine,) = facts(found.facts, "runtime")
    assert isinstance(engine, Unreadable)
    assert not facts(found.facts, "runtime.settings")


def test_an_engine_that_says_nothing_of_itself_is_no_bug(monkeypatch: pytest.MonkeyPatch) -> None:
    found = by_engine(monkeypatch, Name=None, KernelVersion=None, NCPU=None)
    assert found.volatile["host"] == "unnamed"
