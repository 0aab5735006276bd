"""Fleets of Ray's nodes: what Ray may say of them, and a real cluster with a dead node."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from lab.ray import RayCluster
from lab.venvs import interpreter
from repro.errors import EngineError, TargetError, UsageError
from repro.fleet import ray
from repro.target import ray_driver
from repro.target.options import Options
from repro.target.ray import drive, snapshot

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

NODE = ray.Node(id="a" * 56, alive=True, host="gpu-1", address="10.0.0.1", reason="", left=False)


def node(number: int, **changed: Any) -> ray.Node:
    own = {"id": f"{number:056x}", "host": f"gpu-{number}", "address": f"10.0.0.{number}"}
    return msgspec.structs.replace(NODE, **{**own, **changed})


def plan(*nodes: ray.Node, **wanted: Any) -> Any:
    return ray.plan(nodes, ray.Wanted(**wanted))


def test_a_living_node_is_a_job_that_knows_its_cluster() -> None:
    (job,) = plan(node(1), address="ray://head:10001", python="/p", options=("--no-canary",)).jobs
    assert job.words == ["--no-canary", "--", "ray:gpu-1:/p"]
    assert job.variables == (("RAY_ADDRESS", "ray://head:10001"),)


def test_a_node_that_died_is_a_row_and_one_that_was_stopped_is_a_note() -> None:
    dead = node(2, alive=False, reason="health check failed")
    found = plan(node(1), dead, node(3, alive=False, left=True), node(4, alive=False))
    assert [(lost.name, lost.reason) for lost in found.lost] == [
        ("gpu-2", "Ray calls it dead: health check failed"),
        ("gpu-4", "Ray calls it dead"),
    ]
    assert found.notes == ("nodes that were stopped, or taken back while idle, not asked: 1",)


@pytest.mark.parametrize(
    ("nodes", "names"),
    [
        ((node(1), node(2, host="GPU-1")), ["10.0.0.1", "10.0.0.2"]),
        ((node(1), node(2, host="gpu-1", address="10.0.0.1")), [f"{1:056x}", f"{2:056x}"]),
        ((node(1, host="../x", address="fe80::1"),), [f"{1:056x}"]),
        ((node(1, host="a/b"),), ["10.0.0.1"]),
        ((node(1), node(2, host="gpu-1", alive=False)), ["gpu-1"]),
    ],
)
def test_a_node_has_the_first_name_that_tells_it_apart(
    nodes: tuple[ray.Node, ...], names: list[str]
) -> None:
    found = plan(*nodes)
    assert sorted(job.name for job in found.jobs) == names
    assert len({*names, *(lost.name for lost in found.lost)}) == len(nodes)


def test_a_cluster_without_nodes_is_an_error() -> None:
    with pytest.raises(UsageError, match="no nodes"):
        plan(node(1, alive=False, left=True))


@pytest.mark.parametrize("said", ["", "@repro-ray", "@repro-ray {}", '@repro-ray [{"id": 1}]'])
def test_a_list_that_is_none_is_refused(said: str) -> None:
    with pytest.raises(EngineError, match="cannot be read"):
        ray.parse(said)


def test_the_list_is_found_among_what_libraries_print() -> None:
    said = msgspec.json.encode([NODE]).decode()
    assert ray.parse(f"hello\n@repro-ray []\n@repro-ray {said}\nbye\n") == [NODE]


@pytest.mark.parametrize("text", ["", "-n1", "n 1", "n1,n2", "n1:-c", "../n1"])
def test_what_is_no_node_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no node"):
        snapshot(text, Options())


def said(number: int, **changed: Any) -> dict[str, Any]:
    names = {"NodeID": f"id{number}", "NodeManagerHostname": "h", "NodeManagerAddress": "10.0.0.1"}
    return {**names, "Alive": True, "DeathReason": 0, "DeathReasonMessage": "", **changed}


def test_the_driver_finds_a_node_by_any_of_its_names() -> None:
    nodes = [said(1), said(2, NodeManagerHostname="g", NodeManagerAddress="10.0.0.2")]
    assert [ray_driver.chosen(nodes, name) for name in ("id1", "g", "10.0.0.2")] == [
        "id1",
        "id2",
        "id2",
    ]


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("h", "2 nodes are called h: an ID tells them apart"),
        ("id3", "Ray calls id3 dead: no heartbeat"),
        ("x", "Ray has no node x"),
    ],
)
def test_the_driver_takes_no_node_for_another(name: str, why: str) -> None:
    dead = said(3, Alive=False, NodeManagerHostname="d", DeathReasonMessage="no heartbeat")
    with pytest.raises(LookupError, match=why):
        ray_driver.chosen([said(1), said(2), dead], name)


def until(true: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not true():
        assert time.monotonic() < deadline
        time.sleep(0.05)


def program(code: str, seconds: int = 30) -> tuple[bytes, bytes]:
    out, err = ray_driver.program(["-c", code], seconds)
    return out, err


def test_a_task_gives_back_what_its_program_printed_and_hides_what_it_told_ray(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ray_driver.VISIBLE:
        monkeypatch.setenv(name, "1")
    code = "import os, sys; print([n for n in os.environ if 'NOSET' in n]); sys.exit('x' * 5000)"
    assert program(code) == (b"[]\n", b"x" * 3999 + b"\n")


def test_a_program_that_prints_too_much_or_takes_too_long_is_ended(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(ray_driver, "LIMIT", 1000)
    assert program("while True: print('x' * 99)")[0] == (b"x" * 99 + b"\n") * 10
    with pytest.raises(TimeoutError, match="no answer in 1 s"):
        program("import time; time.sleep(60)", 1)


def test_a_program_ends_with_the_worker_that_was_killed(tmp_path: Path) -> None:
    mark = tmp_path / "pid"
    code = f"import os, time; open({str(mark)!r}, 'w').write(str(os.getpid())); time.sleep(60)"
    task = f"from repro.target import ray_driver; ray_driver.program(['-c', {code!r}], 60)"
    with subprocess.Popen([sys.executable, "-c", task]) as worker:
        until(lambda: mark.exists() and mark.read_text() != "")
        worker.kill()
    until(lambda: not Path(f"/proc/{mark.read_text()}/cwd").exists())


def test_a_python_without_ray_and_an_address_where_nobody_is_say_so(tmp_path: Path) -> None:
    with pytest.raises(TargetError, match="cannot import Ray"):
        drive(sys.executable, ["list"], 0)
    (tmp_path / "ray.py").write_text("raise SystemExit(0)\n")
    (tmp_path / "python").write_text(
        f'#!/bin/sh\nexport PYTHONPATH={tmp_path}\nexec {sys.executable} "$@"\n'
    )
    (tmp_path / "python").chmod(0o755)
    with pytest.raises(TargetError, match="would start a cluster"):
        drive(str(tmp_path / "python"), ["list"], 0, address="local")


def run(cluster: RayCluster, *words: str) -> subprocess.CompletedProcess[str]:
    command = cluster.inside([sys.executable, "-m", "repro", *words])
    return subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)


def await_sleepers(cluster: RayCluster, *, some: bool) -> None:
    asked = cluster.inside(["pgrep", "--full", "^sleep 317$"])
    wanted = 0 if some else 1
    until(lambda: subprocess.run(asked, capture_output=True, check=False).returncode == wanted)


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """Nodes 127.0.0.1 to 127.0.0.3, of which the last is dead, and the second has 3 threads."""
    python = interpreter("ray[client]==2.60.0")
    with RayCluster(python, 3, exports={"127.0.0.2": "OMP_NUM_THREADS=3"}) as started:
        started.kill("127.0.0.3")
        yield started


@pytest.mark.heavy
def test_the_odd_node_of_a_real_cluster_is_named_and_a_dead_one_is_a_row(
    cluster: RayCluster, tmp_path: Path
) -> None:
    words = ["--address", cluster.address, "--python", cluster.python, "-o", str(tmp_path)]
    done = run(cluster, "fleet", "ray", "-f", "json", *words, "--", "--no-canary")
    found = json.loads(done.stdout)
    assert (done.returncode, found["subjects"]) == (3, 3), done.stderr
    (lost,) = found["unjudged"]
    assert lost["name"] == "127.0.0.3"
    assert lost["reason"].startswith("Ray calls it dead: ")
    (row,) = found["groups"][0]["rows"]
    assert row["name"] == "OMP_NUM_THREADS"
    kept = json.loads((tmp_path / "127.0.0.2.json").read_text())
    assert kept["target"]["name"] == "ray:127.0.0.2"


@pytest.mark.heavy
def test_what_is_ended_leaves_nothing_on_the_node_of_a_ray_client(
    cluster: RayCluster, tmp_path: Path
) -> None:
    options = ["--canary", "slow=sleep 317", "-o", str(tmp_path / "never.json")]
    words = ["snapshot", *options, f"ray:127.0.0.2:{cluster.python}"]
    command = ["env", f"RAY_ADDRESS={cluster.clients}", sys.executable, "-m", "repro", *words]
    running = subprocess.Popen(
        cluster.inside(command), stderr=subprocess.PIPE, start_new_session=True
    )
    await_sleepers(cluster, some=True)
    os.killpg(running.pid, signal.SIGTERM)
    running.communicate(timeout=30)
    await_sleepers(cluster, some=False)
