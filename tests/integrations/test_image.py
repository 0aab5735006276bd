"""The image of repro is built by a real engine, without a network, and runs with no rights."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from lab.image import Image
from lab.rootfs import Debian
from tests.engine.calling import docker

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

ROOT: Final = Path(__file__).parents[2]
HELD: Final = (
    *("Dockerfile", ".dockerignore", "LICENSE", "README.md", "pyproject.toml", "repro"),
    *("requirements.lock", "requirements-build.lock"),
)
BASE: Final = Image(
    layers=(
        Debian(
            "bookworm",
            (
                *("base-files", "dash", "libc-bin", "coreutils", "findutils", "python3"),
                *("python3-venv", "libstdc++6"),
            ),
        ),
    ),
    env=("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",),
)
"""What the images of Python on Debian have, as far as the Dockerfile needs it."""
SEALED: Final = ("--rm", "--read-only", "--network=none", "--cap-drop=ALL", "--tmpfs=/tmp")


@pytest.fixture(scope="module")
def context(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The files of the image, with the wheels that its build would fetch."""
    folder = tmp_path_factory.mktemp("context")
    for name in HELD:
        if (ROOT / name).is_dir():
            shutil.copytree(ROOT / name, folder / name)
        else:
            shutil.copy(ROOT / name, folder / name)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--require-hashes"]
    target = ["--only-binary=:all:", "--python-version=3.11", f"--dest={folder / 'wheels'}"]
    for lock in ("requirements.lock", "requirements-build.lock"):
        subprocess.run([*download, *target, "-r", str(ROOT / lock)], check=True)
    return folder


def build(engine: Engine, base: str, context: Path, tag: str) -> str:
    """Build the image as somebody without a network does; return its tag."""
    without = {"BASE": base, "PIP_NO_INDEX": "1", "PIP_FIND_LINKS": "/source/wheels"}
    arguments = [f"--build-arg={name}={text}" for name, text in without.items()]
    subprocess.run(
        ["docker", "--host", engine.host, "build", "--no-cache", *arguments, f"--tag={tag}", "."],
        cwd=context,
        env={**os.environ, "DOCKER_BUILDKIT": "0"},
        check=True,
        capture_output=True,
    )
    return tag


@pytest.fixture(scope="module")
def base(image: BuildImage) -> str:
    """The base, under a name of the engine's own."""
    return image("python-base:1", BASE)


@pytest.fixture(scope="module")
def built(docker_engine: Engine, base: str, context: Path) -> Iterator[str]:
    tag = build(docker_engine, base, context, "repro-lab/itself:1")
    yield tag
    docker("rmi", "--force", tag, host=docker_engine.host)


def test_it_runs_without_rights_and_without_a_writable_root(
    built: str, docker_engine: Engine
) -> None:
    def run(*words: str) -> str:
        return docker("run", *SEALED, *words, host=docker_engine.host)

    version = re.search(r'__version__ = "(.+)"', (ROOT / "repro/__init__.py").read_text())
    assert version
    assert run(built, "--version") == f"repro, version {version[1]}"
    assert run("--entrypoint=id", built, "-u") == "65532"


def test_it_compares_two_archives_that_are_mounted(built: str, docker_engine: Engine) -> None:
    images = ROOT / "fixtures" / "images"
    sides = [f"oci-archive:/work/app-v{n}.oci.tar" for n in (1, 2)]
    mounted = ("run", *SEALED, f"--volume={images}:/work:ro", built, "diff", *sides, "-f", "json")
    done = subprocess.run(
        ["docker", "--host", docker_engine.host, *mounted],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1, done.stderr
    report = json.loads(done.stdout)
    assert (report["status"], report["tally"]["divergent"]) == ("divergent", 4)


def test_the_same_source_gives_the_same_layer(
    built: str, docker_engine: Engine, base: str, context: Path
) -> None:
    again = build(docker_engine, base, context, "repro-lab/itself:2")
    told = [
        json.loads(
            docker("inspect", "--format={{json .RootFS.Layers}}", tag, host=docker_engine.host)
        )
        for tag in (built, again)
    ]
    docker("rmi", "--force", again, host=docker_engine.host)
    assert told[0] == told[1]


def test_nothing_else_of_the_checkout_is_in_the_build() -> None:
    held = {
        line[1:] for line in (ROOT / ".dockerignore").read_text().splitlines() if line[:1] == "!"
    }
    assert held == {*HELD, "wheels"} - {"Dockerfile", ".dockerignore"}
    base = re.search(r"^ARG BASE=(\S+)$", (ROOT / "Dockerfile").read_text(), re.MULTILINE)
    assert base
    assert re.search(r"@sha256:[0-9a-f]{64}$", base[1])
