"""Podman's service gives the same facts of an image as Docker does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.engine.calling import facts, leftovers, repro, snapshot

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
    docker = snapshot(tag, tmp_path / "docker.json", host=docker_engine.host)
    podman = snapshot(tag, tmp_path / "podman.json", host=podman_engine.host)
    of_image = [[f for f in m["facts"] if f["scope"] == "image"] for m in (docker, podman)]
    assert of_image[0] == of_image[1]
    assert docker["digests"]["image"] == podman["digests"]["image"]
    of_process = [[f for f in m["facts"] if f["scope"] == "process"] for m in (docker, podman)]
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
