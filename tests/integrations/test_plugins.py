"""The plugins work under the real docker and the real kubectl, which find them by their names."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from repro import __version__
from repro.cli.plugins import own
from repro.errors import UsageError

if TYPE_CHECKING:
    from lab.engine import Engine
    from lab.fixtures import BuildImage

ROOT: Final = Path(__file__).parents[2]
SCRIPTS: Final = Path(sys.executable).parent
DOCKER: Final = shutil.which("docker")
PAIR: Final = ("fixtures/demo/v1.json", "fixtures/demo/v2.json")

needs_docker = pytest.mark.skipif(DOCKER is None, reason="needs the command docker")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """A configuration of docker with the plugin, put there as docs/ci.md says."""
    (tmp_path / "cli-plugins").mkdir()
    (tmp_path / "cli-plugins" / "docker-repro").symlink_to(SCRIPTS / "docker-repro")
    return tmp_path


def docker(config: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {name: text for name, text in os.environ.items() if not name.startswith("DOCKER_")}
    return subprocess.run(
        [str(DOCKER), *words],
        cwd=ROOT,
        env={
            **kept,
            "DOCKER_CONFIG": str(config),
            "DOCKER_HOST": "unix:///missing.sock",
            **variables,
        },
        capture_output=True,
        text=True,
        check=False,
    )


@needs_docker
def test_docker_lists_it_and_says_its_version(config: Path) -> None:
    listed = docker(config, "--help").stdout
    (line,) = [line.split() for line in listed.splitlines() if line.strip().startswith("repro")]
    assert (line[0], " ".join(line[1:])) == (
        "repro*",
        "Tell what differs between two ML environments",
    )
    plugins = json.loads(docker(config, "info", "--format", "json").stdout)["ClientInfo"]["Plugins"]
    (ours,) = [plugin for plugin in plugins if plugin["Name"] == "repro"]
    assert (ours["Version"], ours.get("Err")) == (__version__, None)


@needs_docker
def test_docker_repro_is_repro(config: Path) -> None:
    done = docker(config, "repro", "diff", *PAIR, "-f", "json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (1, "divergent")
    assert docker(config, "repro", "--version").stdout == f"repro, version {__version__}\n"
    assert "Usage: repro diff" in docker(config, "help", "repro", "diff").stdout
    assert docker(config, "repro", "frobnicate").returncode == 2


@needs_docker
def test_docker_s_own_options_are_followed_or_refused(config: Path) -> None:
    done = docker(config, "--host=unix:///elsewhere.sock", "repro", "show", "app:v1")
    assert "no container engine answers: unix:///elsewhere.sock" in done.stderr
    done = docker(config, "--context", "repro", "--debug", "repro", "show", "app:v1")
    assert "there is no docker context 'repro'" in done.stderr
    done = docker(config, "--tls", "repro", "show", "app:v1")
    assert (done.returncode, "--tls is nothing" in done.stderr) == (2, True)


@needs_docker
def test_docker_completes_its_words(config: Path) -> None:
    assert (
        docker(config, "__complete", "repro", "sn").stdout.splitlines()[0].startswith("snapshot\t")
    )
    words = docker(config, "__complete", "repro", "diff", "--fail-on", "").stdout.splitlines()
    assert words[:5] == ["divergent", "suspect", "any", "never", ":4"]
    assert docker(config, "__complete", "repro", "show", "x").stdout.splitlines()[-1] == ":0"


@needs_docker
@pytest.mark.engine
def test_the_engine_that_docker_uses_is_asked(
    config: Path, docker_engine: Engine, image: BuildImage
) -> None:
    tag = image("base:bookworm")
    done = docker(config, "--host", docker_engine.host, "repro", "show", f"docker:{tag}")
    assert done.returncode == 0, done.stderr
    assert "os.release:1" in done.stdout


def kubectl(*words: str) -> subprocess.CompletedProcess[str]:
    path = f"{SCRIPTS}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        [str(SCRIPTS / "kubectl"), *words],
        cwd=ROOT,
        env={**os.environ, "PATH": path},
        capture_output=True,
        text=True,
        check=False,
    )


def test_kubectl_repro_is_repro() -> None:
    done = kubectl("repro", "diff", *PAIR, "-f", "json")
    assert (done.returncode, json.loads(done.stdout)["status"]) == (1, "divergent")


def test_kubectl_completes_its_words() -> None:
    assert (
        kubectl("__complete", "repro", "fleet", "kub")
        .stdout.splitlines()[0]
        .startswith("kubernetes\t")
    )
    words = kubectl("__complete", "repro", "diff", "--fail-on", "").stdout.splitlines()
    assert words == ["divergent", "suspect", "any", "never", ":4"]


def test_the_last_of_host_and_context_is_meant() -> None:
    said = {"DOCKER_HOST": "unix:///old.sock"}
    assert own(["-c", "repro", "repro", "repro", "diff"], said) == ["repro", "diff"]
    assert said == {"DOCKER_CONTEXT": "repro"}
    assert own(["diff", "a", "b"], said) == ["diff", "a", "b"]
    with pytest.raises(UsageError):
        own(["--tlsverify", "repro"], said)
