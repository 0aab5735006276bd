"""An image gives the same facts however it is read: run, or through its layers."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from lab.archives import LAYOUTS, copy, write
from lab.engine import DockerEngine
from lab.images import recipe
from repro.layers import fetching
from repro.manifest import Fact, Manifest, Unreadable
from repro.target.export import EngineImage
from repro.target.options import Options
from repro.target.resolve import snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage
    from lab.registry import ThrowawayRegistry

pytestmark = pytest.mark.engine

IMAGES: Final = (
    "base:bullseye",
    "base:bookworm",
    "base:trixie",
    "venv:1",
    "conda:1",
    "ml:v1",
    "two-cudnn:1",
    "torch:cpu",
)
"""What has a Python, and so can be read both ways."""
HEAVY: Final = frozenset({"two-cudnn:1", "torch:cpu"})
"""Images of gigabytes."""
NOT_RUN: Final = ("nopython:1", "distroless:1", "cpp-cuda:1", "cpp-cuda:2")
"""What has none: readable through its layers alone."""
WHOLE: Final = Options(cache=False, verify=True)


def marked(names: tuple[str, ...]) -> list[Any]:
    return [
        pytest.param(name, marks=[pytest.mark.heavy] if name in HEAVY else []) for name in names
    ]


def take(text: str, options: Options = WHOLE) -> Manifest:
    (manifest,) = snapshots(text, options)
    return manifest


def known(manifest: Manifest) -> list[Fact]:
    """List what the image holds, as far as it could be read."""
    facts = [fact for fact in manifest.facts if fact.scope == "image"]
    assert [fact for fact in facts if isinstance(fact, Unreadable)] == []
    assert len(facts) > 3
    return facts


@pytest.fixture(autouse=True)
def passes(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note each time that a layer has to be passed over again: what interest.py should have."""
    again: list[str] = []
    real = fetching.Again.__call__

    def noted(self: fetching.Again, at: int, size: int) -> bytes:
        again.append(f"{size} bytes at {at}")
        return real(self, at, size)

    monkeypatch.setattr(fetching.Again, "__call__", noted)
    return again


@pytest.mark.parametrize("name", marked(IMAGES))
def test_reading_an_image_finds_what_running_it_finds(
    name: str, docker_engine: Engine, image: BuildImage, passes: list[str]
) -> None:
    tag = image(name)
    run = take(tag, Options(host=docker_engine.host))
    read = take(tag, Options(host=docker_engine.host, static=True, cache=False))
    assert known(read) == known(run)
    assert read.digests.image == run.digests.image
    assert read.target.properties["mode"] == "static"
    assert passes == []


@pytest.mark.parametrize("name", marked((*IMAGES, *NOT_RUN)))
def test_an_archive_holds_what_the_engine_has(
    name: str, docker_engine: Engine, image: BuildImage, tmp_path: Path, passes: list[str]
) -> None:
    engine = take(f"docker:{image(name)}", Options(host=docker_engine.host, cache=False))
    path = write(tmp_path / "image.tar", recipe(name), "app:1")
    for verify in (True, False):
        archive = take(f"docker-archive:{path}", Options(cache=False, verify=verify))
        assert known(archive) == known(engine)
        assert ("unverified" in archive.target.properties) is not verify
    assert passes == []


@pytest.mark.parametrize(
    ("name", "layout"),
    [
        *(("ml:v1", layout) for layout in (*LAYOUTS, "registry")),
        *(("cpp-cuda:1", layout) for layout in ("oci-zstd", "registry")),
        *((name, "oci-archive-gzip") for name in ("conda:1", "layers:1")),
    ],
)
def test_every_layout_holds_the_same(
    name: str, layout: str, registry: ThrowawayRegistry, tmp_path: Path, passes: list[str]
) -> None:
    source = write(tmp_path / "source.tar", recipe(name), "app:1")
    expected = known(take(f"docker-archive:{source}"))
    if layout == "registry":
        registry.push(f"docker-archive:{source}", "modes/app:1")
        text = f"registry:{registry.host}/modes/app:1"
    else:
        target = copy(source, LAYOUTS[layout], tmp_path / "target", "app:1")
        transport = LAYOUTS[layout].transport
        text = f"{'oci-dir' if transport == 'oci' else transport}:{target}"
    assert known(take(text)) == expected
    assert passes == []


def test_podman_and_a_directory_of_layers_hold_the_same(
    podman_engine: Engine, image: BuildImage, docker_engine: Engine
) -> None:
    docker = take(f"docker:{image('cpp-cuda:1')}", Options(host=docker_engine.host, cache=False))
    tag = image("cpp-cuda:1", host=podman_engine.host)
    podman = take(f"podman:{tag}", Options(host=podman_engine.host, cache=False))
    assert known(podman) == known(docker)


@pytest.mark.parametrize("name", ["layers:1", "ml:v1"])
def test_layers_on_this_machine_s_disk_are_read_where_they_lie(
    name: str, image: BuildImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(EngineImage, "deliver", None)  # Nothing is exported.
    archive = take(f"docker-archive:{write(tmp_path / 'image.tar', recipe(name), 'app:1')}")
    with DockerEngine() as engine:
        tag = image(name, host=engine.host)
        here = take(f"docker:{tag}", Options(host=engine.host, cache=False))
    assert known(here) == known(archive)
