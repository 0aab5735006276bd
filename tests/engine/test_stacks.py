"""Real containers with the labels that Compose sets, on real networks, read as one stack."""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest

from lab.venvs import interpreter
from tests.engine.calling import docker, facts, repro

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

SLEEP: Final = ("-c", "import time; time.sleep(1000)")
CHROMA: Final = "chromadb==1.5.9"
SERVER: Final = "import sys, chromadb_rust_bindings as b; b.cli(['chroma', 'run', *sys.argv[1:]])"
CREATE: Final = """
import json, urllib.request
url = "http://127.0.0.1:8000/api/v2/tenants/default_tenant/databases/default_database/collections"
body = {"name": "docs", "configuration": {"hnsw": {"space": "cosine"}}}
told = {"Content-Type": "application/json"}
urllib.request.urlopen(urllib.request.Request(url, json.dumps(body).encode(), told))
"""
RESTARTS: Final = ("-c", "import time; time.sleep(0.3)")


class Project(NamedTuple):
    """A compose project: Compose itself needs a plugin that Debian does not have."""

    host: str
    name: str
    started: list[str]

    def start(self, service: str, image: str, *words: str, options: tuple[str, ...] = ()) -> str:
        """Start one container with the labels and the alias that Compose gives it."""
        labels = {"project": self.name, "service": service, "oneoff": "False"}
        told = (f"com.docker.compose.{key}={value}" for key, value in labels.items())
        container = docker(
            *("run", "--detach", "--name", f"{self.name}-{service}-1"),
            *("--network", f"{self.name}_default", "--network-alias", service),
            *(word for label in told for word in ("--label", label)),
            *(*options, image, *words),
            host=self.host,
        )
        self.started.append(container)
        return container

    def snapshot(self, path: Path, *arguments: str) -> dict[str, Any]:
        """Take the snapshot of it all."""
        chosen = arguments or ("--compose", self.name)
        done = repro("snapshot", *chosen, "-o", str(path), "--no-frameworks", host=self.host)
        assert done.code == 0, done.err
        found: dict[str, Any] = json.loads(path.read_text())
        return found


@pytest.fixture
def project(docker_engine: Engine) -> Iterator[Project]:
    """An empty project with its network, taken down in the end."""
    made = Project(docker_engine.host, "reprolab", [])
    docker("network", "create", "reprolab_default", host=made.host)
    try:
        yield made
    finally:
        for container in made.started:
            docker("rm", "--force", "--volumes", container, host=made.host)
        docker("network", "rm", "reprolab_default", host=made.host)


def test_a_stack_is_read_with_how_it_holds_together(
    project: Project, image: BuildImage, tmp_path: Path
) -> None:
    python, bare = image("base:bookworm"), image("scratch:1")
    told = ("--env", "DB_URL=http://me:hunter2@db:6333", "--env", "OMP_NUM_THREADS=3")
    web = ("--entrypoint", "python3", "--volume", "reprolab_models:/models:ro", *told)
    project.start("web", python, *SLEEP, options=web)
    project.start("db", bare)
    project.start("job", python, "-c", "pass", options=("--entrypoint", "python3"))
    docker("wait", "reprolab-job-1", host=project.host)
    project.start("bad", python, "-c", "raise SystemExit(3)", options=("--entrypoint", "python3"))
    docker("wait", "reprolab-bad-1", host=project.host)
    file = tmp_path / "reprolab" / "compose.yaml"
    file.parent.mkdir()
    file.write_text("services: {web: {}, db: {}, job: {}, bad: {}, extra: {profiles: [gpu]}}\n")
    found = project.snapshot(tmp_path / "stack.json", "--compose", str(file))
    assert "hunter2" not in (tmp_path / "stack.json").read_text()
    assert sorted(found["services"]) == ["db", "web"]
    assert found["unread"] == {"bad": "container reprolab-bad-1 is exited, not running"}
    threads = [
        f for f in facts(found["services"]["web"], "setting") if f["name"] == "OMP_NUM_THREADS"
    ]
    assert [fact["properties"]["value"] for fact in threads] == ["3"]
    assert found["services"]["db"]["target"]["properties"]["mode"] == "static"
    whole = found["stack"]
    assert {f["name"] for f in facts(whole, "stack.service")} == {"web", "db"}
    assert {f["name"] for f in facts(whole, "stack.service", "absent")} == {"job", "extra"}
    assert [f["name"] for f in facts(whole, "stack.service", "unreadable")] == ["bad"]
    (reference,) = facts(whole, "stack.reference")
    assert (reference["name"], reference["properties"]["ports"]) == ("web → db", [6333])
    (mount,) = facts(whole, "stack.mount")
    assert mount["properties"] == {"type": "volume", "source": "models", "read_only": True}


def test_containers_that_restart_while_they_are_read_are_rows_and_no_pass(
    project: Project, image: BuildImage, tmp_path: Path
) -> None:
    again = ("--entrypoint", "python3", "--restart", "always")
    project.start("flaps", image("base:bookworm"), *RESTARTS, options=again)
    project.start("calm", image("base:bookworm"), *SLEEP, options=("--entrypoint", "python3"))
    path = tmp_path / "stack.json"
    found = project.snapshot(path, "--network", "reprolab_default")
    assert list(found["unread"]) == ["reprolab-flaps-1"]
    assert list(found["services"]) == ["reprolab-calm-1"]
    done = repro("diff", str(path), str(path), "-f", "json", host="unix:///nowhere")
    assert done.code == 3
    assert "reprolab-flaps-1@stack" in {e["name"] for e in json.loads(done.out)["unjudged"]}


def test_databases_are_asked_from_within_the_stack_and_a_mute_one_is_a_row(
    project: Project, image: BuildImage, tmp_path: Path
) -> None:
    python = image("base:bookworm")
    (site,) = Path(interpreter(CHROMA, resolve=False)).parents[1].glob("lib/*/site-packages")
    program = ("--entrypoint", "python3")
    held = ("--volume", f"{site}:/site:ro", "--env", "PYTHONPATH=/site", *program)
    known = ("--label", "dev.repro.database=chroma")
    where = ("--path", "/tmp/chroma", "--host", "0.0.0.0")  # noqa: S104 - of its own network.
    project.start("db", python, "-c", SERVER, *where, options=(*held, *known))
    mute = ("--label", "dev.repro.database=qdrant")
    project.start("mute", python, *SLEEP, options=(*program, *mute))
    create(project)
    found = project.snapshot(tmp_path / "stack.json")["stack"]
    (server,) = facts(found, "retrieval.server")
    assert (server["name"], server["properties"]["database"]) == ("db", "chroma")
    (collection,) = facts(found, "retrieval.collection")
    assert collection["name"] == "db/docs"
    assert collection["properties"]["distance"] == "cosine"
    unread = [(f["kind"], f["name"], f["reason"]) for f in found["facts"] if "reason" in f]
    assert [each[:2] for each in unread] == [
        ("retrieval.collection", "*"),
        ("retrieval.server", "mute"),
    ]
    assert all("refused" in reason for *_, reason in unread)


def create(project: Project) -> None:
    """Create a collection from within, once the server answers."""
    end = time.monotonic() + 30
    while True:
        try:
            docker("exec", "reprolab-db-1", "python3", "-c", CREATE, host=project.host)
        except subprocess.CalledProcessError:
            assert time.monotonic() < end, docker("logs", "reprolab-db-1", host=project.host)
        else:
            return


@pytest.mark.usefixtures("project")
def test_a_project_or_network_without_containers_is_refused(docker_engine: Engine) -> None:
    for chosen, said in (
        (("--compose", "nobody"), "no containers of the compose project 'nobody'"),
        (("--network", "nobody"), "the engine has no network 'nobody'"),
        (("--network", "reprolab_default"), "no container is on the network 'reprolab_default'"),
    ):
        done = repro("snapshot", *chosen, host=docker_engine.host)
        assert (done.code, done.out) == (2, "")
        assert said in done.err
