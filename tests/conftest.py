"""What all tests share: a folder that behaves as a target's root, and a cache of their own."""

from __future__ import annotations

import signal
from typing import TYPE_CHECKING

import pytest

from tests.probe.rooted import Rooted

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


ENGINES = {"docker_engine", "podman_engine", "second_engine", "gpu_engine", "image"}
"""Fixtures that start an engine, or fill it."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Keep with one worker all files that need an engine, and each other file's tests together."""
    needing = {item.path for item in items if not ENGINES.isdisjoint(_fixtures(item))}
    for item in items:
        group = "engine" if item.path in needing else str(item.path)
        item.add_marker(pytest.mark.xdist_group(group))


def _fixtures(item: pytest.Item) -> list[str]:
    return item.fixturenames if isinstance(item, pytest.Function) else []


@pytest.fixture(scope="session", autouse=True)
def interruptible() -> None:
    """Let Ctrl-C reach what tests start, also where a shell ran them in the background.

    There SIGINT is ignored, and what is ignored stays so over exec (POSIX, 2.11 and exec).
    """
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Keep tests out of the user's cache."""
    folder = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("REPRO_CACHE_DIR", str(folder))
        yield folder


@pytest.fixture
def rooted(tmp_path: Path) -> Rooted:
    """Files of a root that is empty at first."""
    root = tmp_path / "target"
    root.mkdir()
    return Rooted(root)
