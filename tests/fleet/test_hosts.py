"""Real hosts: each with its own network, name, engine and SSH server; one over TLS."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from lab.recipes import debian
from tests.engine.calling import docker, leftovers

if TYPE_CHECKING:
    from pathlib import Path

    from lab.fixtures import BuildImage
    from lab.hosts import Hosts

pytestmark = pytest.mark.engine
REPRO = (sys.executable, "-m", "repro")
QUICK = ("--", "--no-canary")


def run(hosts: Hosts, *command: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        hosts.inside(command), capture_output=True, text=True, timeout=120, check=False
    )


@pytest.fixture(scope="module")
def tag(lab_hosts: Hosts, image: BuildImage) -> str:
    """One tag on all hosts; the image of h2 sets a variable more."""
    plain = debian("bookworm")
    odd = replace(plain, env=("OMP_NUM_THREADS=1",))
    tags = {
        image("fleet:1", odd if host == "h2" else plain, host=lab_hosts.engine(host))
        for host in lab_hosts.names
    }
    (one,) = tags
    return one


def table(name: str, engine: str, *more: str) -> str:
    return "\n".join(["[[host]]", f'name = "{name}"', f'engine = "{engine}"', *more, ""])


def reasons(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["reason"] for each in found["unjudged"]}


def test_the_odd_host_is_named_over_ssh_and_tls(lab_hosts: Hosts, tag: str, tmp_path: Path) -> None:
    over_ssh = [table(name, f"ssh://root@{lab_hosts.address(name)}") for name in ("h1", "h2")]
    tls = f"tcp://{lab_hosts.address('h3')}:2376"
    certificates = f'certificates = "{lab_hosts.certificates}"'
    file = tmp_path / "hosts.toml"
    file.write_text("".join([*over_ssh, table("h3", tls, certificates), table("bare", tls)]))
    folder = tmp_path / "kept"
    fleet = ("fleet", "hosts", str(file), tag, "-o", str(folder), "-f", "json")
    done = run(lab_hosts, *REPRO, *fleet, *QUICK)
    found = json.loads(done.stdout)
    assert done.returncode == 3, done.stderr
    (group,) = found["groups"]
    assert [cluster["names"] for cluster in group["clusters"]] == [["h1", "h3"], ["h2"]]
    assert "OMP_NUM_THREADS" in {row["name"] for row in group["rows"]}
    assert "HTTP request to an HTTPS server" in reasons(found)["bare"]
    for host in lab_hosts.names:
        assert json.loads((folder / f"{host}.json").read_text())["volatile"]["host"] == host
        assert leftovers(lab_hosts.engine(host), tag) == []


def test_a_container_of_one_name_is_asked_by_exec_over_ssh(
    lab_hosts: Hosts, tag: str, tmp_path: Path
) -> None:
    for host in ("h1", "h2"):
        sleep = ("--network", "none", tag, "sleep", "1000")
        docker("run", "--detach", "--name", "serving", *sleep, host=lab_hosts.engine(host))
    inventory = tmp_path / "inventory"
    lines = [f"{name} ansible_host={lab_hosts.address(name)}" for name in lab_hosts.names]
    text = ["[gpu]", *lines, "[gpu:vars]", "ansible_user=root", "[cpu]", "x"]
    inventory.write_text("\n".join(text))
    fleet = ("fleet", "hosts", str(inventory), "container:serving", "--limit", "gpu", "-f", "json")
    try:
        done = run(lab_hosts, *REPRO, *fleet)
    finally:
        for host in ("h1", "h2"):
            docker("rm", "--force", "serving", host=lab_hosts.engine(host))
    found = json.loads(done.stdout)
    assert reasons(found) == {"h3": "no container 'serving' in this engine"}
    (group,) = found["groups"]
    assert sorted(cluster["names"] for cluster in group["clusters"]) == [["h1"], ["h2"]]


def test_hosts_that_cannot_be_reached_cost_their_own_time_out_only(
    lab_hosts: Hosts, tag: str, tmp_path: Path
) -> None:
    file = tmp_path / "hosts.toml"
    engines = {
        "closed": "ssh://root@10.77.0.1",
        "far": "ssh://root@10.77.0.12",
        "near": f"ssh://root@{lab_hosts.address('h1')}",
        "stranger": f"ssh://nobody@{lab_hosts.address('h1')}",
    }
    file.write_text("".join(table(name, engine) for name, engine in engines.items()))
    start = time.monotonic()
    run(lab_hosts, "ip", "link", "set", "v12", "down")
    try:
        fleet = ("fleet", "hosts", str(file), tag, "--host-timeout", "6", "-f", "json")
        done = run(lab_hosts, *REPRO, *fleet, *QUICK)
    finally:
        run(lab_hosts, "ip", "link", "set", "v12", "up")
    assert time.monotonic() - start < 20
    found = reasons(json.loads(done.stdout))
    assert done.returncode == 3
    assert "Connection refused" in found["closed"]
    assert "took longer than 6 s" in found["far"] or "No route to host" in found["far"]
    assert "nothing answers at /var/run/docker.sock there; ssh: " in found["stranger"]
    assert "alone here" in found["near"]


def test_a_full_disk_is_a_row(lab_hosts: Hosts, tag: str, tmp_path: Path) -> None:
    file = tmp_path / "hosts.toml"
    file.write_text(table("h1", f"ssh://root@{lab_hosts.address('h1')}"))
    full = f"{lab_hosts.folder}/h1/data/full"
    with pytest.raises(subprocess.CalledProcessError, match="dd"):
        lab_hosts.within("h1", ["dd", "if=/dev/zero", f"of={full}", "bs=1M"])
    try:
        done = run(lab_hosts, *REPRO, "fleet", "hosts", str(file), tag, "-f", "json", *QUICK)
    finally:
        lab_hosts.within("h1", ["rm", full])
    found = reasons(json.loads(done.stdout))
    assert done.returncode == 3
    assert "alone here" not in found["h1"]
    assert leftovers(lab_hosts.engine("h1"), tag) == []


def test_ctrl_c_takes_a_container_away_that_is_reached_over_ssh(
    lab_hosts: Hosts, image: BuildImage
) -> None:
    engine = lab_hosts.engine("h1")
    hanging = image("hostile:hang", host=engine)
    where = f"--host=ssh://root@{lab_hosts.address('h1')}"
    running = subprocess.Popen(
        lab_hosts.inside([*REPRO, "snapshot", where, hanging]),
        stderr=subprocess.PIPE,
        start_new_session=True,
    )
    deadline = time.monotonic() + 30
    while not docker("ps", "--quiet", "--filter", f"ancestor={hanging}", host=engine):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    os.killpg(running.pid, signal.SIGINT)  # As a terminal does: ssh gets it, too.
    _, said = running.communicate(timeout=60)
    assert b"interrupted" in said
    assert leftovers(engine, hanging) == []
