"""A running container is read from within, and stays as it was."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

import pytest

from tests.engine.calling import docker, facts, loading, repro, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

CUDART: Final = "/usr/local/lib/python3.11/dist-packages/nvidia/cuda_runtime/lib/libcudart.so.12"


def test_what_the_main_process_has_loaded_is_found(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("ml:v1")
    with loading(tag, CUDART, host=host) as container:
        manifest = snapshot(container, tmp_path / "container.json", host=host)
    (loaded,) = facts(manifest, "cuda.library.loaded")
    assert (loaded["name"], loaded["location"]) == ("cudart", CUDART)
    assert manifest["target"]["kind"] == "container"
    assert manifest["target"]["properties"]["image"] == tag


def test_a_container_says_of_its_image_what_the_image_says(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("ml:v1")
    with loading(tag, host=host) as container:
        within = snapshot(container, tmp_path / "container.json", host=host)
    alone = snapshot(tag, tmp_path / "image.json", host=host)
    for kind in ("image", "python.package", "os.package", "cuda.library", "tokenizer"):
        assert facts(within, kind) == facts(alone, kind) != []


def test_what_starts_a_container_sets_no_variable_of_its_image(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    """Else a host on which somebody sets another variable would seem to have another image."""
    host, tag = docker_engine.host, image("ml:v1")
    found = {}
    for algorithm in ("Ring", "Tree"):
        words = ["-d", "-e", f"NCCL_ALGO={algorithm}", "--entrypoint", "sleep", tag, "600"]
        container = docker("run", *words, host=host).strip()
        try:
            found[algorithm] = snapshot(container, tmp_path / f"{algorithm}.json", host=host)
        finally:
            docker("rm", "-f", container, host=host)
    assert found["Ring"]["digests"]["image"] == found["Tree"]["digests"]["image"]
    for algorithm, manifest in found.items():
        setting = next(f for f in facts(manifest, "setting") if f["name"] == "NCCL_ALGO")
        assert (setting["scope"], setting["properties"]["value"]) == ("process", algorithm)
        assert "NCCL_ALGO" not in [fact["name"] for fact in facts(manifest, "image.env")]


def test_an_engine_describes_its_host(docker_engine: Engine, tmp_path: Path) -> None:
    words = ("--host", docker_engine.host)
    manifest = snapshot("host", tmp_path / "host.json", *words, host="unix:///nowhere")
    assert {fact["scope"] for fact in manifest["facts"]} == {"host"}
    (kernel,) = facts(manifest, "kernel")
    assert kernel["version"] == os.uname().release
    assert len(facts(manifest, "gpu.device", "unreadable")) == 1
    assert "docker" in [fact["name"] for fact in facts(manifest, "runtime")]


def test_a_snapshot_leaves_a_container_as_it_was(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host = docker_engine.host
    with loading(image("ml:v1"), CUDART, host=host) as container:
        before = state(container, host)
        snapshot(container, tmp_path / "container.json", host=host)
        assert state(container, host) == before


def state(container: str, host: str) -> tuple[set[str], set[str]]:
    """Return the changed files and the processes; `docker diff` has no order."""
    changed = docker("diff", container, host=host).splitlines()
    processes = docker("top", container, "-eo", "pid,args", host=host).splitlines()
    return set(changed), set(processes)


def refusal(container: str, path: Path, host: str) -> str:
    done = repro("snapshot", container, "-o", str(path), host=host)
    assert (done.code, done.out, path.exists()) == (2, "", False)
    assert "Traceback" not in done.err
    return done.err


@pytest.mark.parametrize(("action", "status"), [("pause", "paused"), ("kill", "exited")])
def test_a_container_that_does_not_run_is_refused(
    action: str, status: str, docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("base:bookworm")
    with loading(tag, host=host) as container:
        docker(action, container, host=host)
        said = refusal(container, tmp_path / "m.json", host)
    assert f"is {status}, not running" in said
    assert f"snapshot its image: {tag}" in said


def test_a_container_without_python_is_explained(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("scratch:1")
    container = docker("run", "--detach", "--network", "none", tag, host=host)
    try:
        said = refusal(container, tmp_path / "m.json", host)
    finally:
        docker("rm", "--force", container, host=host)
    assert "has no Python that could run the probe" in said


def test_one_name_for_an_image_and_a_container_needs_a_scheme(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, name = docker_engine.host, "repro-lab-twice"
    docker("tag", image("base:bookworm"), name, host=host)
    try:
        with loading(name, host=host) as container:
            docker("rename", container, name, host=host)
            said = refusal(name, tmp_path / "m.json", host)
            kinds = [
                snapshot(f"{scheme}:{name}", tmp_path / scheme, host=host)["target"]["kind"]
                for scheme in ("image", "container")
            ]
    finally:
        docker("rmi", name, host=host)
    assert f"image:{name} or container:{name}" in said
    assert kinds == ["image", "container"]
