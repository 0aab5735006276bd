"""Podman's service gives the same facts of an image as Docker does."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.engine.calling import docker, facts, leftovers, repro, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine


def test_an_image_has_the_same_digest_in_podman_as_in_docker(
    docker_engine: Engine, podman_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    tag = image("ml:v1")
    image("ml:v1", host=podman_engine.host)
    one = snapshot(tag, tmp_path / "docker.json", host=docker_engine.host)
    podman = snapshot(tag, tmp_path / "podman.json", host=podman_engine.host)
    of_image = [[f for f in m["facts"] if f["scope"] == "image"] for m in (one, podman)]
    assert of_image[0] == of_image[1]
    assert one["digests"]["image"] == podman["digests"]["image"]
    of_process = [[f for f in m["facts"] if f["scope"] == "process"] for m in (one, podman)]
    assert of_process[0] == of_process[1]
    assert "podman" in {fact["name"] for fact in facts(podman, "runtime")}
    assert leftovers(podman_engine.host, tag) == []


@pytest.mark.parametrize(
    ("name", "options", "expected"),
    [
        ("hostile:silent", (), "the probe gave no answer"),
        ("hostile:hang", ("--timeout", "2"), "gave no answer in 2 s"),
        ("hostile:exit137", (), "killed by signal 9"),
    ],
)
def test_podman_s_failures_are_explained_as_docker_s_are(
    name: str,
    options: tuple[str, ...],
    expected: str,
    podman_engine: Engine,
    image: BuildImage,
) -> None:
    host = podman_engine.host
    tag = image(name, host=host)
    done = repro("snapshot", tag, *options, host=host)
    assert (done.code, done.out) == (2, "")
    assert expected in done.err
    assert leftovers(host, tag) == []


def test_a_stack_and_a_volume_are_read_through_podman(
    image: BuildImage, podman_engine: Engine, tmp_path: Path
) -> None:
    host, tag = podman_engine.host, image("base:bookworm", host=podman_engine.host)
    labels = ("project=reprolab", "service=web", "oneoff=False")
    told = [word for each in labels for word in ("--label", f"com.docker.compose.{each}")]
    start = ("--network", "none", "--volume", "reprolab_models:/models", "--entrypoint", "python3")
    code = "import os, time; os.mkdir('/models/checkpoints'); time.sleep(1000)"
    container = docker("run", "--detach", *told, *start, tag, "-c", code, host=host)
    path = tmp_path / "stack.json"
    try:
        done = repro("snapshot", "--compose", "reprolab", "-o", str(path), host=host)
        volume = snapshot("volume:reprolab_models", tmp_path / "volume.json", host=host)
    finally:
        docker("rm", "--force", container, host=host)
        docker("volume", "rm", "--force", "reprolab_models", host=host)
    assert done.code == 0, done.err
    stack = json.loads(path.read_text())
    assert list(stack["services"]) == ["web"]
    (mount,) = facts(stack["stack"], "stack.mount")
    assert (mount["name"], mount["properties"]["source"]) == ("web:/models", "models")
    assert [fact["name"] for fact in facts(volume, "cache.torch", "absent")] == ["any"]
