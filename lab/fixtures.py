"""pytest plugin: real engines and images, made once a session when a test first asks.

Without an engine a test is skipped with the reason; with CI=true or REPRO_REQUIRE_ENGINE=1 it
fails, so that no run passes that tested nothing.
"""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import TYPE_CHECKING, Protocol

import pytest

from lab.archives import Archives
from lab.engine import DockerEngine, Engine, PodmanEngine, engine, memory_for_data
from lab.error import LabError
from lab.hosts import Hosts
from lab.images import build_image, recipe
from lab.registry import ThrowawayRegistry
from lab.slurm import SlurmCluster

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from typing import NoReturn

    from lab.image import Image

HOOK = "nvidia-container-runtime-hook"
"""dockerd accepts --gpus when a program of this name is on its PATH as it starts.

Source: moby, daemon/nvidia_linux.go.
"""


class BuildImage(Protocol):
    """Builds an image of lab.recipes, or the one given, and returns its tag."""

    def __call__(self, name: str, wanted: Image | None = None, *, host: str | None = None) -> str:
        """Build in the Docker engine of the session, or in the one of `host`."""


def unavailable(error: LabError) -> NoReturn:
    """Skip the test with the reason, or fail it where an engine is required."""
    required = os.environ.get("CI") == "true" or os.environ.get("REPRO_REQUIRE_ENGINE") == "1"
    if required:
        pytest.fail(f"engine tests are required here, but: {error}", pytrace=False)
    pytest.skip(str(error))


def _session(context: AbstractContextManager[Engine]) -> Iterator[Engine]:
    with ExitStack() as stack:
        try:
            started = stack.enter_context(context)
        except LabError as error:
            unavailable(error)
        yield started


@pytest.fixture(scope="session")
def docker_engine() -> Iterator[Engine]:
    """A Docker engine: the one that is reachable already, else one of our own."""
    yield from _session(engine())


@pytest.fixture(scope="session")
def podman_engine() -> Iterator[Engine]:
    """A Podman service of our own."""
    yield from _session(PodmanEngine(tmpfs=memory_for_data()))


@pytest.fixture(scope="session")
def second_engine() -> Iterator[Engine]:
    """Another Docker engine, for what must be the same in two."""
    yield from _session(DockerEngine(tmpfs=memory_for_data()))


@pytest.fixture(scope="session")
def gpu_engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Engine]:
    """A Docker engine that accepts --gpus, by a stand-in of NVIDIA's hook that adds nothing."""
    folder = tmp_path_factory.mktemp("hook")
    hook = folder / HOOK
    hook.write_text("#!/bin/sh\nexit 0\n")
    hook.chmod(0o755)
    yield from _session(DockerEngine(tmpfs=memory_for_data(), path=folder))


@pytest.fixture(scope="session")
def registry() -> Iterator[ThrowawayRegistry]:
    """An empty registry of our own, without TLS or login: `host`, `push()`, `requests()`."""
    with ExitStack() as stack:
        try:
            started = stack.enter_context(ThrowawayRegistry())
        except LabError as error:
            unavailable(error)
        yield started


@pytest.fixture(scope="session")
def archives(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Path]:
    """Writes the small image of lab.archives into a layout: archives("oci-zstd")."""
    made = Archives(tmp_path_factory.mktemp("archives"))

    def write(name: str) -> Path:
        try:
            return made(name)
        except LabError as error:
            unavailable(error)

    return write


@pytest.fixture(scope="session")
def image(request: pytest.FixtureRequest) -> BuildImage:
    """Builds images on demand: image("ml:v1"), image("mine:1", recipe), image(..., host=...)."""

    def build(name: str, wanted: Image | None = None, *, host: str | None = None) -> str:
        where = host or request.getfixturevalue("docker_engine").host
        try:
            return build_image(where, name, recipe(name) if wanted is None else wanted)
        except LabError as error:
            unavailable(error)

    return build


@pytest.fixture(scope="session")
def slurm_cluster() -> Iterator[SlurmCluster]:
    """Three nodes, of which n3 exports OMP_NUM_THREADS=1, and n4, which is drained."""
    cluster = SlurmCluster(
        4, exports={"n3": "OMP_NUM_THREADS=1"}, drained={"n4": "memory errors, ticket 7"}
    )
    with ExitStack() as stack:
        try:
            started = stack.enter_context(cluster)
        except LabError as error:
            unavailable(error)
        yield started


@pytest.fixture(scope="session")
def lab_hosts() -> Iterator[Hosts]:
    """Hosts h1, h2 and h3, each with an SSH server and a Docker engine of its own."""
    with ExitStack() as stack:
        try:
            started = stack.enter_context(Hosts(3))
        except LabError as error:
            unavailable(error)
        yield started
