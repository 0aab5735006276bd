"""`repro fleet kubernetes` with the real kubectl, against an API that stands in for a cluster's."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
import yaml

from repro.errors import EngineError, TargetError
from repro.manifest import Component, Target, assemble, encode, load
from repro.target.kubernetes import api, kubectl, listing
from repro.target.kubernetes import pod as pods
from repro.target.kubernetes.node import facts
from repro.target.options import Options
from tests.cli.test_commands import REPRO
from tests.standin.kubernetes import Cluster, node, pod, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPTS: Final = Path(sys.executable).parent
"""Where the development environment has the real kubectl."""
SELECTED: Final = ("fleet", "kubernetes", "-l", "app=serving")
WAITING: Final = {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s"}}


class Side(NamedTuple):
    """A cluster, and the commands of those who may ask it."""

    cluster: Cluster
    variables: dict[str, str]

    def repro(self, *words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [*REPRO, *words],
            env={**os.environ, **self.variables, **more},
            capture_output=True,
            text=True,
            check=False,
            timeout=90,
        )

    def fleet(self, *words: str) -> tuple[int, dict[str, Any]]:
        done = self.repro(*SELECTED, *words, "-f", "json")
        assert done.stdout, done.stderr
        return done.returncode, json.loads(done.stdout)


@contextmanager
def within(folder: Path, **more: Any) -> Iterator[Side]:
    cluster = Cluster(**{"nodes": [node("node-1", gpu_product="NVIDIA-H100")], **more})
    variables = {
        "KUBECONFIG": str(folder / "kubeconfig"),
        "HOME": str(folder),
        "PATH": f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}",
        "NO_PROXY": "127.0.0.1",
    }
    with serving(cluster, folder / "kubeconfig"):
        yield Side(cluster, variables)


def unjudged(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["reason"] for each in found["unjudged"]}


def test_pods_are_asked_and_the_odd_one_is_named(tmp_path: Path) -> None:
    every = [pod(name) for name in ("a", "b", "c")]
    every.append(pod("broken", state=WAITING))
    every.append(pod("other", labels={"app": "else"}))
    odd = {"c": {"OMP_NUM_THREADS": "3"}}
    with within(tmp_path, pods=every, variables=odd) as side:
        kept = tmp_path / "kept"
        code, found = side.fleet("-n", "prod", "-o", str(kept))
    assert unjudged(found) == {"prod/broken": "CrashLoopBackOff: back-off 5m0s"}
    (group,) = found["groups"]
    assert [cluster["names"] for cluster in group["clusters"]] == [["prod/a", "prod/b"], ["prod/c"]]
    assert code == 3
    assert sorted(path.name for path in (kept / "prod").iterdir()) == ["a.json", "b.json", "c.json"]
    made = load(kept / "prod" / "a.json")
    assert made.target.properties["node"] == "node-1"
    assert made.target.properties["image_id"].endswith("a" * 64)
    assert made.volatile["host"] == "node-1"
    labels = {fact.name: fact for fact in made.facts if fact.kind == "node.label"}
    assert set(labels) == {"nvidia.com/gpu.product"}


def test_the_program_goes_by_standard_input_and_not_into_the_request(tmp_path: Path) -> None:
    with within(tmp_path, pods=[pod("a")]) as side:
        done = side.repro("snapshot", "kubernetes:prod/a/main", "-o", str(tmp_path / "a.json"))
    assert done.returncode == 0, done.stderr
    (line,) = [line for line in side.cluster.lines if "/exec?" in line]
    assert len(line) < 2000
    assert side.cluster.executed[0]["container"] == ["main"]


def test_what_differs_in_labels_alone_changes_no_output(tmp_path: Path) -> None:
    for name, product in (("a", "NVIDIA-H100"), ("b", "NVIDIA-H200")):
        seen = Component(
            scope="host", kind="gpu.driver", name="driver", version="570.1", source="nvml"
        )
        said = api.parse(json.dumps(node(name, gpu_product=product)).encode(), api.Node)
        made = assemble(Target(kind="container", name=name), [seen, *facts(said)])
        (tmp_path / f"{name}.json").write_bytes(encode(made))
    words = ("diff", str(tmp_path / "a.json"), str(tmp_path / "b.json"), "-f", "json")
    done = subprocess.run([*REPRO, *words], capture_output=True, check=False)
    found = json.loads(done.stdout)
    assert (done.returncode, found["status"]) == (0, "equivalent")
    (finding,) = found["findings"]
    assert (finding["subject"], finding["impact"]) == (
        "nvidia.com/gpu.product (declared by the node)",
        "none",
    )


def test_whoever_may_not_read_nodes_still_compares_pods(tmp_path: Path) -> None:
    with within(tmp_path, pods=[pod("a")], forbidden=frozenset({"nodes"})) as side:
        done = side.repro("snapshot", "kubernetes:prod/a")
    (fact,) = [f for f in json.loads(done.stdout)["facts"] if f["kind"] == "node.label"]
    assert (fact["state"], fact["name"]) == ("unreadable", "*")
    assert "nodes is forbidden" in fact["reason"]


def test_whoever_may_not_list_pods_is_told_so(tmp_path: Path) -> None:
    with within(tmp_path, forbidden=frozenset({"pods"})) as side:
        done = side.repro(*SELECTED)
    assert (done.returncode, done.stdout) == (2, "")
    assert 'Error from server (Forbidden): pods is forbidden: User "u" cannot read' in done.stderr
    assert "kubectl auth can-i" in done.stderr


def test_whoever_may_not_execute_is_told_so_in_each_row(tmp_path: Path) -> None:
    with within(tmp_path, pods=[pod("a")], forbidden=frozenset({"exec"})) as side:
        code, found = side.fleet("-n", "prod")
    assert code == 3
    (lost,) = found["unjudged"]
    assert lost["reason"].startswith("kubectl: ")
    assert "exec is forbidden" in lost["reason"]
    assert "kubectl auth can-i create pods/exec" in lost["advice"]


def test_a_selector_that_means_nothing_is_an_error(tmp_path: Path) -> None:
    with within(tmp_path, pods=[pod("a")]) as side:
        done = side.repro("fleet", "kubernetes", "-l", "app=nothing", "-A")
    assert (done.returncode, done.stdout) == (2, "")
    assert "no pod in all namespaces fits 'app=nothing'" in done.stderr


def test_pods_that_ended_long_ago_can_be_left_out(tmp_path: Path) -> None:
    every = [pod("evicted", phase="Failed", state={}), pod("crashing", state=WAITING)]
    with within(tmp_path, pods=every) as side:
        assert set(unjudged(side.fleet("-A")[1])) == {"prod/evicted", "prod/crashing"}
        words = ("-A", "--field-selector", "status.phase=Running")
        assert set(unjudged(side.fleet(*words)[1])) == {"prod/crashing"}


def test_a_container_that_starts_anew_meanwhile_is_not_judged(tmp_path: Path) -> None:
    with within(tmp_path, pods=[pod("a")]) as side:

        def restart() -> None:
            status = side.cluster.pods[0]["status"]["containerStatuses"][0]
            status["containerID"] = "containerd://a-1"

        side.cluster.meanwhile = restart
        done = side.repro("snapshot", "kubernetes:prod/a")
    assert (done.returncode, done.stdout) == (2, "")
    assert "main of a was started anew while it was read" in done.stderr


def test_a_pod_that_is_gone_is_said_to_be(tmp_path: Path) -> None:
    with within(tmp_path) as side:
        done = side.repro("snapshot", "kubernetes:prod/a")
    assert (done.returncode, done.stdout) == (2, "")
    assert 'kubectl: Error from server (NotFound): "a" not found' in done.stderr


def test_a_python_that_no_path_leads_to_is_found(tmp_path: Path) -> None:
    nowhere = {"a": {"PATH": "/nowhere"}}
    with within(tmp_path, pods=[pod("a")], variables=nowhere) as side:
        done = side.repro("snapshot", "kubernetes:prod/a")
    assert done.returncode == 0, done.stderr
    assert [each["command"][0] for each in side.cluster.executed][-1] == "/usr/bin/python3"


def test_a_container_without_python_is_said_to_have_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pods, "PROGRAMS", ("python-of-nobody", "/nor/this"))
    with within(tmp_path, pods=[pod("a")]) as side:
        for name, value in side.variables.items():
            monkeypatch.setenv(name, value)
        with pytest.raises(TargetError) as raised:
            pods.snapshot("prod/a", Options())
    assert raised.value.message == (
        "the container main of a has no python-of-nobody or /nor/this that could run the probe"
    )


def test_a_server_that_is_not_there_is_said_to_be(tmp_path: Path) -> None:
    with within(tmp_path) as side:
        pass
    done = side.repro(*SELECTED)
    assert (done.returncode, done.stdout) == (2, "")
    assert "kubectl: The connection to the server 127.0.0.1:" in done.stderr


def test_ctrl_c_ends_a_wait_for_a_server_that_never_answers(tmp_path: Path) -> None:
    with within(tmp_path, pods=[pod("a")]) as side:
        running = subprocess.Popen(
            [*REPRO, *SELECTED],
            env={**os.environ, **side.variables},
            stderr=subprocess.PIPE,
        )
        side.cluster.silent = True
        while not side.cluster.lines:
            time.sleep(0.05)
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=30)
    assert running.returncode == 130
    assert b"interrupted" in said


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo garbage", "kubectl's answer is no pods as the API has them"),
        ("echo '{\"items\": [{}]}'", "missing required field `metadata` - at `$.items[0]`"),
        ("exit 7", "kubectl: it ended with exit code 7"),
        ("echo E1124 21:15:12.2 log >&2; echo so it is >&2; exit 1", "kubectl: so it is"),
        ('exec yes "$(printf %9999s)"', "kubectl printed more than 64 MiB"),
        ("exec sleep 60", "kubectl gave no answer in 1 s"),
    ],
)
def test_a_kubectl_that_is_none_is_an_error(
    tmp_path: Path, script: str, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "kubectl").write_text(f"#!/bin/sh\n{script}\n")
    (tmp_path / "kubectl").chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setattr(kubectl, "SECONDS", 1 if "sleep" in script else 60)
    with pytest.raises(EngineError) as raised:
        listing.pods("app=serving", context=None)
    assert said in raised.value.message


def test_without_kubectl_it_is_asked_for(tmp_path: Path) -> None:
    with within(tmp_path) as side:
        done = side.repro(*SELECTED, PATH=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert "kubectl cannot be started: No such file or directory" in done.stderr


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("-n", "prod", "-A"), "--namespace and --all-namespaces"),
        (("--logs", "--answers", "."), "--logs and --answers"),
        (("-n", "--context=x"), "no pod in --context=x fits"),
        (("--context", "none"), "kubectl: Error in configuration: context was not found"),
    ],
)
def test_words_that_make_no_sense_are_refused(
    tmp_path: Path, words: tuple[str, ...], said: str
) -> None:
    with within(tmp_path) as side:
        done = side.repro(*SELECTED, *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def answers(tmp_path: Path, *words: str) -> tuple[list[dict[str, Any]], bytes]:
    """Render a workload, and run what is in it: pods as they end, and what they print."""
    done = subprocess.run(
        [*REPRO, "fleet", "manifest", "kubernetes", "image@sha256:x", "--no-frameworks", *words],
        capture_output=True,
        check=True,
    )
    work = list(yaml.safe_load_all(done.stdout))[-1]
    template = work["spec"]["template"]
    command = [w.replace("$$", "$") for w in template["spec"]["containers"][0]["command"]]
    log = subprocess.run(command, capture_output=True, check=True, cwd=tmp_path).stdout
    labels = template["metadata"]["labels"]
    ended = {"terminated": {"exitCode": 0, "finishedAt": "2026-01-02T03:04:05Z"}}
    every = [
        pod("probe-0", labels=labels, container="probe", state=ended, phase="Succeeded"),
        pod("probe-1", labels=labels, container="probe", state=ended, phase="Succeeded"),
        pod("probe-2", labels=labels, container="probe", state=WAITING, phase="Pending"),
    ]
    return every, log


def test_answers_that_pods_left_in_their_logs_are_gathered(tmp_path: Path) -> None:
    every, log = answers(tmp_path, "--kind", "job", "--nodes", "3")
    logs = {"prod/probe-0/probe": log, "prod/probe-1/probe": log[: len(log) // 2]}
    kept = tmp_path / "kept"
    with within(tmp_path, pods=every, logs=logs) as side:
        words = ("fleet", "kubernetes", "-l", "app.kubernetes.io/instance=repro-probe", "-A")
        done = side.repro(*words, "--logs", "-f", "json", "-o", str(kept))
    found = unjudged(json.loads(done.stdout))
    assert done.returncode == 3
    assert found["prod/probe-2"] == "CrashLoopBackOff: back-off 5m0s"
    assert "the probe's answer is damaged" in found["prod/probe-1"]
    made = load(kept / "prod" / "probe-0.json")
    assert made.volatile["probed_at"] == "2026-01-02T03:04:05Z"
    assert made.target.properties["image_id"].endswith("a" * 64)
    (canary,) = [fact for fact in made.facts if fact.kind == "canary"]
    assert (canary.name, "cannot be asked" in getattr(canary, "reason", "")) == ("*", True)


def test_answers_in_files_are_gathered_and_one_that_is_missing_is_told_of(tmp_path: Path) -> None:
    every, log = answers(tmp_path, "--kind", "job")
    claim = tmp_path / "claim"
    claim.mkdir()
    (claim / "node-1_probe-0.answer").write_bytes(log)
    with within(tmp_path, pods=every) as side:
        words = ("fleet", "kubernetes", "-l", "app.kubernetes.io/instance=repro-probe", "-A")
        done = side.repro(*words, "--answers", str(claim), "-f", "json")
    found = unjudged(json.loads(done.stdout))
    assert done.returncode == 3
    assert "node-1_probe-1.answer: No such file or directory" in found["prod/probe-1"]


def test_a_tag_is_warned_of_and_the_rest_is_yaml(tmp_path: Path) -> None:
    del tmp_path
    done = subprocess.run(
        [*REPRO, "fleet", "manifest", "kubernetes", "image:v1"], capture_output=True, check=True
    )
    assert b"a tag may mean another image on each node" in done.stderr
    assert [each["kind"] for each in yaml.safe_load_all(done.stdout)] == [
        "ServiceAccount",
        "NetworkPolicy",
        "DaemonSet",
    ]
