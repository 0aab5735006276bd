"""The objects that a cluster is told: valid by its schemas, few rights, and a whole probe."""

from __future__ import annotations

import re
import subprocess
import sys
from typing import TYPE_CHECKING, Any, Final

import kubernetes_validate
import msgspec
import pytest
import yaml

from repro.errors import UsageError
from repro.fleet.documents import written
from repro.fleet.workload import ANSWERS, MANIFESTS, Workload, objects
from repro.manifest import load
from repro.target import given, pack

if TYPE_CHECKING:
    from pathlib import Path

VERSIONS: Final = ("1.30", "1.37")
"""The newest of Kubernetes, and one that some still run."""
TOLD: Final = {"nonce": "0" * 16, "timeout": 60, "frameworks": False, "paths": ["/a $(HOME) $$"]}
PLAIN: Final = Workload(
    name="repro-probe",
    image=f"registry.example/serving@sha256:{'a' * 64}",
    words=tuple(pack.arguments(TOLD)),
)
FULL: Final = msgspec.structs.replace(
    PLAIN,
    namespace="audit",
    node_selector={"nvidia.com/gpu.product": "NVIDIA-H100-80GB-HBM3", "empty": ""},
    gpus=2,
    claim="answers",
    pull_secret="registry",  # noqa: S106  # A name.
    nodes=40,
)
WRITING: Final = msgspec.structs.replace(FULL, writer="registry.example/repro:1")
EVERY: Final = [
    msgspec.structs.replace(each, kind=kind)
    for each in (PLAIN, FULL, WRITING)
    for kind in ("daemonset", "job")
]


def name(workload: Workload) -> str:
    more = "writing" if workload.writer else "full" if workload.claim else "plain"
    return f"{workload.kind}-{more}"


def pod(workload: Workload) -> dict[str, Any]:
    spec: dict[str, Any] = objects(workload)[-1]["spec"]["template"]["spec"]
    return spec


def containers(workload: Workload) -> list[dict[str, Any]]:
    spec = pod(workload)
    return [*spec.get("initContainers", []), *spec["containers"]]


def probe(workload: Workload) -> dict[str, Any]:
    (found,) = [each for each in containers(workload) if each["name"] == "probe"]
    return found


def expanded(text: str, **variables: str) -> str:
    """Replace variables as the kubelet does (API reference, Container, `command`)."""
    return re.sub(
        r"\$\$|\$\(([A-Za-z_.-][\w.-]*)\)",
        lambda found: "$" if found[1] is None else variables.get(found[1], found[0]),
        text,
    )


@pytest.mark.parametrize("version", VERSIONS)
@pytest.mark.parametrize("workload", EVERY, ids=name)
def test_objects_are_valid_by_the_published_schemas(workload: Workload, version: str) -> None:
    for each in objects(workload):
        kubernetes_validate.validate(each, version, strict=True)


def test_the_schemas_would_say_so() -> None:
    wrong = objects(PLAIN)[-1]
    wrong["spec"]["template"]["spec"]["containers"][0]["readOnlyRootFilesystem"] = True
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


@pytest.mark.parametrize("workload", EVERY, ids=name)
def test_what_runs_has_no_rights(workload: Workload) -> None:
    account, network, _ = objects(workload)
    assert account["automountServiceAccountToken"] is False
    assert network["spec"]["policyTypes"] == ["Ingress", "Egress"]
    assert not {"ingress", "egress"} & network["spec"].keys()
    spec = pod(workload)
    assert spec["automountServiceAccountToken"] is False
    assert spec["securityContext"]["runAsNonRoot"] is True
    assert spec["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert not {"hostNetwork", "hostPID", "hostIPC"} & spec.keys()
    assert all(volume.keys() & {"emptyDir", "persistentVolumeClaim"} for volume in spec["volumes"])
    for each in containers(workload):
        assert each["securityContext"] == {
            "allowPrivilegeEscalation": False,
            "readOnlyRootFilesystem": True,
            "capabilities": {"drop": ["ALL"]},
        }
        assert each["resources"]["limits"].keys() >= {"cpu", "memory", "ephemeral-storage"}


def test_the_network_that_is_denied_is_that_of_the_pods() -> None:
    _, network, work = objects(FULL)
    chosen = network["spec"]["podSelector"]["matchLabels"]
    assert chosen == work["spec"]["template"]["metadata"]["labels"]
    assert network["metadata"]["namespace"] == work["metadata"]["namespace"] == "audit"


def test_the_probe_comes_through_yaml_and_kubernetes_as_it_was() -> None:
    assert "$" in pack.program(), "what is tested here has to be there"
    read = list(yaml.safe_load_all(written(objects(PLAIN))))
    assert read == objects(PLAIN)
    words = [expanded(word) for word in probe(PLAIN)["command"]]
    assert words == ["python3", *pack.arguments(TOLD)]
    assert len(words[-2]) < pack.LIMIT


def test_the_same_words_give_the_same_bytes() -> None:
    assert written(objects(FULL)) == written(objects(FULL))


def test_what_is_rendered_runs_and_leaves_an_answer(tmp_path: Path) -> None:
    command = probe(FULL)["command"]
    said = [expanded(word, NODE_NAME="node-1", POD_NAME="probe-x7") for word in command]
    words = [word.replace(ANSWERS, str(tmp_path)) for word in said]
    done = subprocess.run([sys.executable, *words[1:]], capture_output=True, check=False)
    assert (done.returncode, done.stdout, done.stderr) == (0, b"", b"")
    (file,) = tmp_path.iterdir()
    assert file.name == "node-1_probe-x7.answer"
    found = given.snapshot(str(file))
    assert (found.target.name, found.volatile["host"]) == ("node-1_probe-x7", "node-1")
    assert any(fact.kind == "python.package" for fact in found.facts)


def test_a_writer_makes_a_manifest_of_the_answer_and_the_image_never_sees_the_claim(
    tmp_path: Path,
) -> None:
    job = msgspec.structs.replace(WRITING, kind="job")
    (before,), (writer,) = pod(job)["initContainers"], pod(job)["containers"]
    assert {mount["name"] for mount in before["volumeMounts"]} == {"tmp", "answers"}
    assert not {"tmp", "answers"} & {
        mount["name"] for mount in writer["volumeMounts"] if not mount.get("readOnly")
    }
    volumes = {volume["name"]: volume for volume in pod(job)["volumes"]}
    assert "emptyDir" in volumes["answers"]
    assert volumes["manifests"]["persistentVolumeClaim"] == {"claimName": "answers"}
    for program, words in (
        ([sys.executable], before["command"][1:]),
        ([sys.executable, "-m", "repro"], writer["args"]),
    ):
        said = [expanded(word, NODE_NAME="node-1", POD_NAME="p-0") for word in words]
        placed = [
            word.replace(ANSWERS, str(tmp_path)).replace(MANIFESTS, str(tmp_path)) for word in said
        ]
        subprocess.run([*program, *placed], capture_output=True, check=True)
    assert load(tmp_path / "node-1_p-0.json").volatile["host"] == "node-1"


def test_a_daemonset_asks_once_and_then_waits_for_its_end() -> None:
    daemon_set = pod(PLAIN)
    assert [each["name"] for each in daemon_set["initContainers"]] == ["probe"]
    (waiting,) = daemon_set["containers"]
    with subprocess.Popen([sys.executable, *waiting["command"][1:]]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        process.terminate()
        assert process.wait(5) == 0


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"name": "Probe"}, "--name 'Probe' is no name"),
        ({"name": "a" * 48}, "is no name"),
        ({"namespace": "a/b"}, "--namespace 'a/b' is no name"),
        ({"claim": "../claim"}, "--output-claim '../claim' is no name"),
        ({"pull_secret": "a b"}, "--pull-secret 'a b' is no name"),
        ({"image": "-v\nx"}, r"IMAGE '-v\\nx' is no name"),
        ({"writer": "repro"}, "--writer without --output-claim"),
        ({"writer": "-x", "claim": "c"}, "--writer '-x' is no name"),
        ({"image": ""}, "IMAGE '' is no name"),
        ({"node_selector": {"a b": "c"}}, "--node-selector a b=c is no label"),
        ({"node_selector": {"a": "b/c"}}, "--node-selector a=b/c is no label"),
    ],
)
def test_what_no_object_can_be_called_is_refused(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(UsageError, match=said):
        objects(msgspec.structs.replace(PLAIN, **wrong))
