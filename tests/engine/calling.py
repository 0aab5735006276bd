"""Calls the real command line and the real `docker`, as a user would."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, NamedTuple

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LABEL: Final = "dev.repro.probe"


class Done(NamedTuple):
    """How a command ended."""

    code: int
    out: str
    err: str

    @property
    def message(self) -> list[str]:
        """Lines of standard error, without those that tell of progress."""
        return [line for line in self.err.splitlines() if not line.endswith(" …")]


def command(*arguments: str) -> list[str]:
    """Return the command line of repro."""
    return [sys.executable, "-m", "repro", *arguments]


def environment(host: str) -> dict[str, str]:
    """Return the variables with which an engine is used and no other."""
    return {**os.environ, "DOCKER_HOST": host}


def repro(*arguments: str, host: str, seconds: int = 120) -> Done:
    """Run repro with an engine; TimeoutExpired after the seconds."""
    done = subprocess.run(
        command(*arguments),
        env=environment(host),
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )
    return Done(done.returncode, done.stdout, done.stderr)


def docker(*arguments: str, host: str) -> str:
    """Run docker; what it printed. CalledProcessError where it fails."""
    done = subprocess.run(
        ["docker", "--host", host, *arguments], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


def leftovers(host: str, image: str) -> list[str]:
    """Ids of the containers of repro of an image; others may use the engine meanwhile."""
    filters = ("--filter", f"label={LABEL}", "--filter", f"ancestor={image}")
    return docker("ps", "--all", "--quiet", *filters, host=host).split()


def snapshot(target: str, path: Path, *options: str, host: str) -> dict[str, Any]:
    """Take a snapshot that must succeed, and read it back."""
    done = repro("snapshot", target, "-o", str(path), *options, host=host)
    assert done.code == 0, done.err
    manifest: dict[str, Any] = json.loads(path.read_text())
    failed = [fact for fact in manifest["facts"] if "collector failed" in fact.get("reason", "")]
    assert failed == []
    return manifest


def diff(a: Path, b: Path, *options: str) -> tuple[int, dict[str, Any]]:
    """Compare two manifests without any engine: exit code and JSON report."""
    done = repro("diff", str(a), str(b), "-f", "json", *options, host="unix:///nowhere")
    assert done.out, done.err
    return done.code, json.loads(done.out)


def facts(manifest: dict[str, Any], kind: str, state: str = "known") -> list[dict[str, Any]]:
    """Facts of one kind in one state."""
    return [f for f in manifest["facts"] if f["kind"] == kind and f["state"] == state]


LOADS: Final = """\
import ctypes, time
for path in {paths!r}:
    ctypes.CDLL(path, ctypes.RTLD_GLOBAL)
print("ready", flush=True)
time.sleep(1000)
"""
"""A main process that loads shared libraries and stays, as a model server does."""


@contextmanager
def loading(tag: str, *paths: str, host: str) -> Iterator[str]:
    """Run a container whose main process loads libraries; its id, once they are loaded."""
    program = ("--entrypoint", "python3", tag, "-c", LOADS.format(paths=paths))
    container = docker("run", "--detach", "--network", "none", *program, host=host)
    try:
        await_ready(container, host)
        yield container
    finally:
        docker("rm", "--force", container, host=host)


def await_ready(container: str, host: str) -> None:
    """Wait until a container of `loading` is ready; AssertionError where it ends instead."""
    deadline = time.monotonic() + 60
    while "ready" not in docker("logs", container, host=host):
        state = docker("inspect", "--format", "{{.State.Status}}", container, host=host)
        assert state == "running", state
        assert time.monotonic() < deadline, "its libraries were not loaded"
        time.sleep(0.1)
