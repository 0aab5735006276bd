"""Volumes of a real engine: sent without anything being run, and never written to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.engine.calling import docker, facts, leftovers, repro, snapshot

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

FILL: Final = """
import os, sys
top, old, new = "/v/hub/models--org--model", "a" * 40, "b" * 40
for commit in (old, new):
    os.makedirs(f"{top}/snapshots/{commit}", exist_ok=True)
    os.symlink("../../blobs/x", f"{top}/snapshots/{commit}/config.json")
os.makedirs(f"{top}/blobs"), os.makedirs(f"{top}/refs"), os.makedirs("/v/checkpoints")
open(f"{top}/blobs/x", "w").write("{}")
open(f"{top}/refs/main", "w").write(new)
open("/v/checkpoints/large-0676ba61.pth", "wb").truncate(64 << 20)
os.symlink("/etc/passwd", "/v/passwd"), os.mkfifo("/v/pipe"), os.symlink("loop", "/v/loop")
"""
SLEEP: Final = "import time; time.sleep(1000)"


@pytest.fixture
def filled(docker_engine: Engine, image: BuildImage) -> Iterator[str]:
    """A volume with a cache whose `main` has moved."""
    host, name = docker_engine.host, "reprolab_cache"
    told = ("--network", "none", "--volume", f"{name}:/v", "--entrypoint", "python3")
    docker("run", "--rm", *told, image("base:bookworm"), "-c", FILL, host=host)
    yield name
    docker("volume", "rm", "--force", name, host=host)


def revision(manifest: dict[str, Any]) -> tuple[str, str]:
    (found,) = facts(manifest, "model.revision")
    return found["name"], found["version"]


def test_a_volume_says_what_each_container_resolves(
    filled: str, docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag = docker_engine.host, image("base:bookworm")
    outside = snapshot(f"volume:{filled}", tmp_path / "volume.json", host=host)
    assert revision(outside) == ("org/model", "b" * 40)
    (weights,) = facts(outside, "cache.torch")
    assert weights["version"] == "0676ba61"
    assert leftovers(host, tag) == []
    where = ("--volume", f"{filled}:/root/.cache/huggingface:ro", "--entrypoint", "python3")
    container = docker("run", "--detach", "--network", "none", *where, tag, "-c", SLEEP, host=host)
    try:
        inside = snapshot(container, tmp_path / "container.json", "--no-frameworks", host=host)
    finally:
        docker("rm", "--force", container, host=host)
    assert revision(inside) == revision(outside)


def test_an_empty_volume_stays_empty_where_an_image_has_files(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host, tag, name = docker_engine.host, image("base:bookworm"), "reprolab_empty"
    docker("volume", "create", name, host=host)
    try:
        options = ("--volume", f"{name}:/usr/share", "--no-canary", "--no-frameworks")
        snapshot(tag, tmp_path / "image.json", *options, host=host)
        listing = ("--volume", f"{name}:/v", "--entrypoint", "python3")
        code = "import os; print(os.listdir('/v'))"
        shown = docker("run", "--rm", "--network", "none", *listing, tag, "-c", code, host=host)
    finally:
        docker("volume", "rm", "--force", name, host=host)
    assert shown == "[]"


def test_a_volume_that_is_not_there_is_not_made(docker_engine: Engine) -> None:
    done = repro("snapshot", "volume:reprolab_nobody", host=docker_engine.host)
    assert (done.code, done.out) == (2, "")
    assert "the engine has no volume 'reprolab_nobody'" in done.err
    assert "reprolab_nobody" not in docker("volume", "ls", host=docker_engine.host)
