"""What a cluster's API says, and what of it is believed."""

from __future__ import annotations

import json
from typing import Any

import msgspec
import pytest

from repro.errors import EngineError, UsageError
from repro.manifest import Absent, Component
from repro.target.answer import Output
from repro.target.kubernetes import api, kubectl, node
from repro.target.kubernetes.pod import Place
from tests.standin import kubernetes as standin


def pod(**more: Any) -> api.Pod:
    return api.parse(json.dumps(standin.pod("a", **more)).encode(), api.Pod)


def test_a_pod_that_runs_can_be_asked() -> None:
    found = pod()
    assert found.meant == "main"
    assert api.trouble(found, "main") is None
    assert api.trouble(found, "other") == "it has no container other"


@pytest.mark.parametrize(
    ("state", "phase", "said"),
    [
        (
            {"waiting": {"reason": "CrashLoopBackOff", "message": "back-off 5m0s restarting"}},
            "Running",
            "CrashLoopBackOff: back-off 5m0s restarting",
        ),
        (
            {"terminated": {"exitCode": 137, "reason": "OOMKilled"}},
            "Failed",
            "it has ended with exit code 137: OOMKilled",
        ),
        ({}, "Pending", "it is Pending, not running"),
        ({"waiting": {}}, "Unknown", "it is Unknown, not running"),
    ],
)
def test_a_container_that_does_not_run_says_why(
    state: dict[str, Any], phase: str, said: str
) -> None:
    assert api.trouble(pod(state=state, phase=phase), "main") == said


def test_a_pod_that_has_no_node_yet_says_what_the_scheduler_said() -> None:
    raw = standin.pod("a", phase="Pending")
    raw["spec"].pop("nodeName")
    raw["status"]["containerStatuses"] = []
    raw["status"]["conditions"] = [
        {
            "type": "PodScheduled",
            "status": "False",
            "reason": "Unschedulable",
            "message": "0/3 nodes are available: 3 Insufficient nvidia.com/gpu.",
        }
    ]
    found = api.parse(json.dumps(raw).encode(), api.Pod)
    assert api.trouble(found, "main") == (
        "it is Pending, not running: Unschedulable: "
        "0/3 nodes are available: 3 Insufficient nvidia.com/gpu."
    )


def test_a_pod_that_is_being_deleted_is_not_asked() -> None:
    raw = standin.pod("a")
    raw["metadata"]["deletionTimestamp"] = "2026-01-01T00:00:00Z"
    found = api.parse(json.dumps(raw).encode(), api.Pod)
    assert api.trouble(found, "main") == "it is being deleted"


def test_the_container_is_the_one_that_kubectl_takes() -> None:
    raw = standin.pod("a")
    raw["spec"]["containers"].append({"name": "vllm"})
    long = {"kubectl.kubernetes.io/last-applied-configuration": "x" * 250_000}
    raw["metadata"]["annotations"] = {"kubectl.kubernetes.io/default-container": "vllm", **long}
    assert api.parse(json.dumps(raw).encode(), api.Pod).meant == "vllm"


def test_an_answer_is_read_once_its_container_has_ended_well() -> None:
    assert api.unanswered(pod(state={"terminated": {"exitCode": 0}}), "main") is None
    assert api.unanswered(pod(), "main") == "it has not answered yet"
    assert api.unanswered(pod(state={"terminated": {"exitCode": 3}}), "main") == (
        "it has ended with exit code 3"
    )
    assert api.unanswered(pod(), "probe") == "it has no container probe"


def test_an_answer_may_come_before_the_other_containers() -> None:
    raw = standin.pod("a", container="answered")
    raw["spec"]["initContainers"] = [{"name": "probe"}]
    raw["status"]["initContainerStatuses"] = [
        {"name": "probe", "state": {"terminated": {"exitCode": 0}}}
    ]
    found = api.parse(json.dumps(raw).encode(), api.Pod)
    assert api.unanswered(found, "probe") is None
    assert api.unanswered(found, "answered") == "it has not answered yet"


@pytest.mark.parametrize(
    "name", ["--kubeconfig=/tmp/x", "../../etc", "a/b", "a\nb", "A", "", "a\n"]
)
@pytest.mark.parametrize("where", ["name", "namespace", "container", "node"])
def test_names_that_are_none_are_refused(name: str, where: str) -> None:
    raw = standin.pod("a")
    places = {
        "name": (raw["metadata"], "name"),
        "namespace": (raw["metadata"], "namespace"),
        "container": (raw["spec"]["containers"][0], "name"),
        "node": (raw["spec"], "nodeName"),
    }
    holder, key = places[where]
    holder[key] = name
    with pytest.raises(EngineError, match=r"no pod as the API has them: Expected `str` matching"):
        api.parse(json.dumps(raw).encode(), api.Pod)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"garbage",
        b"[]",
        b'{"items": null}',
        b"\xff\xfe",
        b'{"items":' * 5000,
        b'{"items": [{}]}',
    ],
)
def test_what_is_no_list_of_pods_is_an_error(data: bytes) -> None:
    with pytest.raises(EngineError, match="kubectl's answer is no pods as the API has them"):
        api.parse(data, api.Pods)


def test_labels_of_gpu_feature_discovery_are_declared_facts() -> None:
    raw = standin.node(
        "n1",
        gpu_product="NVIDIA-H100",
        gfd_timestamp="17",
        cuda_driver_major="570",
        gpu_present="true",
    )
    raw["metadata"]["labels"]["team"] = "search"
    found = api.parse(json.dumps(raw).encode(), api.Node)
    facts = [fact for fact in node.facts(found) if isinstance(fact, Component)]
    assert {fact.name: fact.version for fact in facts} == {
        "nvidia.com/gpu.product": "NVIDIA-H100",
        "nvidia.com/cuda.driver.major": "570",
        "containerd": "2.1.4",
        "kubelet": "v1.37.1",
    }
    labels = [fact for fact in facts if fact.kind == "node.label"]
    assert {(fact.scope, fact.properties["certainty"]) for fact in labels} == {("host", "declared")}


@pytest.mark.parametrize(
    ("key", "value"), [("nvidia.com/mig.\x1b[2J", "1"), ("nvidia.com/gpu.product", "a b")]
)
def test_labels_that_are_none_are_refused(key: str, value: str) -> None:
    raw = standin.node("n1")
    raw["metadata"]["labels"][key] = value
    with pytest.raises(EngineError, match="no node as the API has them"):
        api.parse(json.dumps(raw).encode(), api.Node)


def test_a_node_without_such_labels_has_none() -> None:
    found = api.parse(json.dumps(standin.node("n1")).encode(), api.Node)
    assert [fact.name for fact in node.facts(found) if isinstance(fact, Absent)] == [
        "nvidia.com/gpu.product"
    ]


@pytest.mark.parametrize(
    "text", ["pod", "a/b/c/d", "-n/pod", "ns/--context", "ns/pod/-c", "ns//c", "ns/pod\n", "../pod"]
)
def test_a_place_is_made_of_names(text: str) -> None:
    with pytest.raises(UsageError, match="is not NAMESPACE/POD or NAMESPACE/POD/CONTAINER"):
        Place.parse(text)


def test_a_complaint_of_kubectl_is_passed_on_with_what_to_do() -> None:
    said = b"warning: x\nError from server (Forbidden): pods is forbidden: User u cannot list\n"
    error = kubectl.failed(Output(b"", said))
    assert error is not None
    assert error.message == (
        "kubectl: Error from server (Forbidden): pods is forbidden: User u cannot list"
    )
    assert "kubectl auth can-i" in error.advice
    assert kubectl.failed(Output(b"", b"Traceback: error: of the container\n")) is None


def test_every_form_forbids_nothing_that_it_does_not_know() -> None:
    # A newer API says more; what is not asked for is left out.
    assert msgspec.json.decode(b'{"name": "n", "new": {"x": 1.5}}', type=api.Container).name == "n"
