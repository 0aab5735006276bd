"""What a cluster would do, done by a real engine: it runs what is rendered, and it executes."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from tests.cli.test_fleet_kubernetes import within
from tests.engine.calling import docker, facts, loading, repro, snapshot
from tests.engine.test_containers import CUDART
from tests.standin.kubernetes import pod

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

READ: Final = ("python.package", "os.package", "cuda.library", "tokenizer")


def test_what_is_rendered_reads_an_image_with_no_rights_in_it(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("ml:v1")
    done = repro("fleet", "manifest", "kubernetes", tag, "--kind", "job", host="")
    spec = list(yaml.safe_load_all(done.out))[-1]["spec"]["template"]["spec"]
    (container,) = spec["containers"]
    command = [re.sub(r"\$\$", "$", word) for word in container["command"]]
    program = ("--entrypoint", command[0], tag, *command[1:])
    said = docker("run", "--rm", *confined(spec, container), *program, host=host)
    (tmp_path / "node_pod.answer").write_text(said)
    read = snapshot(f"answer:{tmp_path}/node_pod.answer", tmp_path / "pod.json", host="")
    alone = snapshot(tag, tmp_path / "image.json", host=host)
    for kind in READ:
        assert facts(read, kind) == facts(alone, kind) != []


def confined(spec: dict[str, Any], container: dict[str, Any]) -> list[str]:
    """The options of docker that mean what a pod's security context says."""
    user, own = spec["securityContext"], container["securityContext"]
    assert (user["runAsNonRoot"], own["readOnlyRootFilesystem"]) == (True, True)
    assert own["allowPrivilegeEscalation"] is False
    (tmp,) = container["volumeMounts"]
    return [
        *("--user", f"{user['runAsUser']}:{user['runAsGroup']}", "--read-only"),
        *(word for name in own["capabilities"]["drop"] for word in ("--cap-drop", name)),
        *("--security-opt", "no-new-privileges", "--network", "none"),
        *("--tmpfs", tmp["mountPath"], "--memory", container["resources"]["limits"]["memory"]),
    ]


def test_a_pod_is_read_as_its_container_is(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("ml:v1")
    with (
        loading(tag, CUDART, host=host) as running,
        within(tmp_path, pods=[pod("a")]) as side,
    ):
        side.cluster.inside["a"] = ["docker", "--host", host, "exec", "--interactive", running]
        done = side.repro("snapshot", "kubernetes:prod/a", "-o", str(tmp_path / "pod.json"))
        assert done.returncode == 0, done.stderr
        own = snapshot(running, tmp_path / "container.json", host=host)
    read = json.loads((tmp_path / "pod.json").read_text())
    for kind in (*READ, "cuda.library.loaded"):
        assert facts(read, kind) == facts(own, kind) != []


def test_a_pod_without_python_is_said_to_have_none(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("nopython:1")
    container = docker("run", "--detach", tag, "sleep", "600", host=host)
    try:
        with within(tmp_path, pods=[pod("a")]) as side:
            side.cluster.inside["a"] = ["docker", "--host", host, "exec", "-i", container]
            done = side.repro("snapshot", "kubernetes:prod/a")
    finally:
        docker("rm", "--force", container, host=host)
    assert (done.returncode, done.stdout) == (2, "")
    assert "the container main of a has no python3 or python or " in done.stderr
