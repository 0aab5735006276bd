"""Contexts that the real docker command made lead to their engine."""

from __future__ import annotations

import os
import subprocess
from typing import TYPE_CHECKING

import pytest

from tests.engine.calling import command

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine


def test_a_context_is_used_by_name_by_variable_and_as_the_chosen_one(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    tag = image("ml:v1")
    environment = {**os.environ, "DOCKER_CONFIG": str(tmp_path / "docker")}
    environment.pop("DOCKER_HOST", None)

    def run(*words: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            words, env={**environment, **more}, capture_output=True, text=True, check=False
        )

    def snapshot(*options: str, **more: str) -> subprocess.CompletedProcess[str]:
        arguments = ("snapshot", tag, "--no-frameworks", "-o", str(tmp_path / "x.json"))
        return run(*command(*arguments, *options), **more)

    run("docker", "context", "create", "lab", "--docker", f"host={docker_engine.host}")

    assert not (tmp_path / "docker" / "config.json").exists()
    assert snapshot("--context", "lab").returncode == 0
    assert snapshot(DOCKER_CONTEXT="lab").returncode == 0
    run("docker", "context", "use", "lab")
    assert snapshot().returncode == 0
    assert snapshot("--context", "other").returncode == 2
    # As in docker: the variable of the host beats that of the context, an option beats both.
    lost = {"DOCKER_HOST": "unix:///missing.sock"}
    assert snapshot(DOCKER_CONTEXT="lab", **lost).returncode == 2
    assert snapshot("--context", "lab", **lost).returncode == 0
