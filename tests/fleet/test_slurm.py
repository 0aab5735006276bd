"""Fleets of nodes: a real Slurm cluster, and what its programs may print."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.errors import UsageError
from repro.fleet import slurm
from repro.target.options import Options
from repro.target.slurm import snapshot, words

if TYPE_CHECKING:
    from pathlib import Path

    from lab.slurm import SlurmCluster

FLEET = (sys.executable, "-m", "repro", "fleet", "slurm", "-f", "json")
QUICK = ("--", "--no-canary")


def run(cluster: SlurmCluster, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        cluster.inside(command), capture_output=True, text=True, timeout=120, check=False
    )


def clusters(found: dict[str, Any]) -> list[list[str]]:
    return [cluster["names"] for group in found["groups"] for cluster in group["clusters"]]


@pytest.mark.engine
def test_the_odd_node_is_named_and_a_drained_one_is_a_row(
    slurm_cluster: SlurmCluster, tmp_path: Path
) -> None:
    folder = tmp_path / "kept"
    done = run(slurm_cluster, *FLEET, "--fail-on", "any", "-o", str(folder), *QUICK)
    found = json.loads(done.stdout)
    assert (done.returncode, found["subjects"]) == (3, 4)
    assert clusters(found) == [["n1", "n2"], ["n3"]]
    (row,) = found["groups"][0]["rows"]
    assert row["name"] == "OMP_NUM_THREADS"
    (lost,) = found["unjudged"]
    assert lost["name"] == "n4"
    assert lost["reason"] == "Slurm calls it drained: memory errors, ticket 7"
    kept = json.loads((folder / "n2.json").read_text())
    assert (kept["target"]["name"], kept["volatile"]["host"]) == ("slurm:n2", "n2")


@pytest.mark.engine
def test_inside_of_an_allocation_its_nodes_are_asked(slurm_cluster: SlurmCluster) -> None:
    done = run(slurm_cluster, "salloc", "--nodelist=n1,n2", *FLEET, *QUICK)
    assert done.returncode == 0, done.stderr
    assert clusters(json.loads(done.stdout)) == [["n1", "n2"]]


@pytest.mark.engine
def test_a_python_that_is_not_there_and_a_node_that_is_not_are_rows(
    slurm_cluster: SlurmCluster,
) -> None:
    done = run(slurm_cluster, *FLEET, "--nodes", "n[1,9]", "--python", "/no/python")
    assert done.returncode == 3
    lost = {each["name"]: each["reason"] for each in json.loads(done.stdout)["unjudged"]}
    assert lost == {
        "n1": "node n1 has no /no/python that could run the probe",
        "n9": "Slurm knows no such node here",
    }


def sleeper(path: Path) -> str:
    path.write_text("#!/bin/sh\nexec sleep 300\n")
    path.chmod(0o755)
    return str(path)


def jobs(cluster: SlurmCluster) -> str:
    return run(cluster, "squeue", "--noheader", "--states=pending,running").stdout


def await_none(cluster: SlurmCluster) -> None:
    deadline = time.monotonic() + 20
    while jobs(cluster):
        assert time.monotonic() < deadline, jobs(cluster)
        time.sleep(0.1)


@pytest.mark.engine
def test_a_node_that_is_too_slow_keeps_no_job(slurm_cluster: SlurmCluster, tmp_path: Path) -> None:
    python = ("--python", sleeper(tmp_path / "python"))
    done = run(slurm_cluster, *FLEET, "--nodes", "n1", *python, "--host-timeout", "2", *QUICK)
    (lost,) = json.loads(done.stdout)["unjudged"]
    assert lost["reason"] == "it took longer than 2 s"
    await_none(slurm_cluster)


@pytest.mark.engine
def test_ctrl_c_takes_the_jobs_back(slurm_cluster: SlurmCluster, tmp_path: Path) -> None:
    python = ("--python", sleeper(tmp_path / "python"))
    command = slurm_cluster.inside([*FLEET, "--nodes", "n[1-2]", *python, *QUICK])
    running = subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    deadline = time.monotonic() + 20
    while len(jobs(slurm_cluster).splitlines()) < 2:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)
    said, _ = running.communicate(timeout=60)
    assert b"interrupted" in said
    await_none(slurm_cluster)


def test_a_node_of_several_partitions_is_asked_in_the_default_one() -> None:
    found = slurm.parse("n1|idle|big|none\nn1|idle|lab*|none\nn1|idle|other|none\n\n")
    assert found == {"n1": slurm.Node("n1", "idle", "lab", "none")}


def test_a_reason_may_hold_what_separates_fields() -> None:
    found = slurm.parse("n1|down*|lab*|a|b\n")
    assert found["n1"].reason == "a|b"


@pytest.mark.parametrize(
    ("state", "inside", "said"),
    [
        ("idle", False, ""),
        ("mixed", False, ""),
        ("allocated", False, ""),
        ("idle*", False, "Slurm calls it idle*, which does not respond: x"),
        ("down*", True, "Slurm calls it down*, which does not respond: x"),
        ("draining", False, "Slurm calls it draining: x"),
        ("draining", True, ""),
        ("drained@", False, "Slurm calls it drained: x"),
        ("fail", True, "Slurm calls it fail: x"),
        ("a state of tomorrow", False, "Slurm calls it a state of tomorrow: x"),
    ],
)
def test_only_nodes_that_take_work_are_asked(
    monkeypatch: pytest.MonkeyPatch, state: str, inside: bool, said: str
) -> None:
    monkeypatch.setattr(slurm, "_asked", lambda *words: asked(words, f"n1|{state}|lab*|x\n"))
    for name in ("SLURM_JOB_ID", "SLURM_JOB_NODELIST"):
        monkeypatch.setenv(name, "n1") if inside else monkeypatch.delenv(name, raising=False)
    plan = slurm.plan(slurm.Wanted(srun=("--account", "a b"), options=("--no-canary",)))
    assert [lost.reason for lost in plan.lost] == ([said] if said else [])
    where = "" if inside else "--partition=lab "
    words = [f"--srun={where}--account 'a b'", "--", "slurm:n1"]
    assert [job.words for job in plan.jobs] == ([] if said else [["--no-canary", *words]])


def asked(words: tuple[str, ...], nodes: str) -> str:
    return "n1\n" if words[0] == "scontrol" else nodes


def test_a_partition_without_nodes_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(slurm, "_asked", lambda *_: "")
    with pytest.raises(UsageError, match="no such node"):
        slurm.plan(slurm.Wanted(partition="none"))


@pytest.mark.parametrize("text", ["", "-n1", "n 1", "n1,n2", "n1:-c", "../n1"])
def test_what_is_no_node_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="names no node"):
        snapshot(text, Options())


def test_words_for_srun_are_split_as_a_shell_does() -> None:
    assert words("-A ml '--comment=a b'") == ["-A", "ml", "--comment=a b"]
    with pytest.raises(UsageError, match="No closing quotation"):
        words("'open")
