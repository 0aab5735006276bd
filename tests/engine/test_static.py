"""Images that are not run: asked for, or because they cannot run here; layers read once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from lab.archives import write
from lab.images import recipe
from lab.layer import Data, Files
from lab.recipes import extend
from repro.manifest import Component, Manifest
from repro.target.image import NotRunWarning
from repro.target.options import Options
from repro.target.resolve import snapshots
from tests.engine.calling import repro

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage
    from lab.registry import ThrowawayRegistry

pytestmark = pytest.mark.engine

BLOB: Final = "/blobs/"


def take(text: str, options: Options) -> Manifest:
    (manifest,) = snapshots(text, options)
    return manifest


@pytest.mark.parametrize("name", ["nopython:1", "distroless:1"])
def test_an_image_without_python_is_read_and_that_is_said(
    name: str, docker_engine: Engine, image: BuildImage
) -> None:
    with pytest.warns(NotRunWarning, match="its files are read instead, and nothing is run"):
        found = take(image(name), Options(host=docker_engine.host, cache=False))
    assert found.target.properties["mode"] == "static"
    assert any(fact.kind == "os.package" for fact in found.facts)


def test_the_command_line_says_it_and_goes_on(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    arguments = ("snapshot", image("nopython:1"), "-o", str(tmp_path / "m.json"))
    done = repro(*arguments, host=docker_engine.host)
    assert done.code == 0
    assert "no Python that could run the probe: its files are read instead" in done.err


def test_a_python_that_is_no_program_of_this_machine_is_read(
    docker_engine: Engine, image: BuildImage
) -> None:
    foreign = b"\x7fELF\x02\x01\x01".ljust(18, b"\0") + b"\xf7\0"  # EM_BPF: nobody's machine.
    recipe_ = extend(
        recipe("nopython:1"),
        Files((("/usr/bin/python3", Data(foreign, mode=0o755)),)),
    )
    with pytest.warns(NotRunWarning, match="another platform"):
        found = take(image("foreign:1", recipe_), Options(host=docker_engine.host, cache=False))
    assert found.target.properties["mode"] == "static"


def test_a_second_tag_costs_the_layers_that_differ_and_the_same_tag_none(
    registry: ThrowawayRegistry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRO_CACHE_DIR", str(tmp_path / "cache"))
    names = {}
    for tag in ("ml:v1", "ml:v2"):
        path = write(tmp_path / f"{tag[-2:]}.tar", recipe(tag), "app:1")
        registry.push(f"docker-archive:{path}", f"layers/app:{tag[-2:]}")
        names[tag] = f"registry:{registry.host}/layers/app:{tag[-2:]}"

    def blobs(tag: str) -> tuple[int, int]:
        """Take a snapshot; count the blobs that were sent for it, and their bytes."""
        before = len(registry.requests())
        take(names[tag], Options())
        sent = [r for r in registry.requests()[before:] if r.method == "GET" and BLOB in r.path]
        return len(sent), sum(r.sent for r in sent)

    first, second = blobs("ml:v1"), blobs("ml:v2")
    layers = len(recipe("ml:v1").layers)
    assert first[0] == layers + 1  # With the config.
    assert second[0] == layers  # All but the base.
    assert blobs("ml:v1")[0] == blobs("ml:v2")[0] == 1


def test_a_manifest_says_which_layer_and_step_brought_what(
    docker_engine: Engine, image: BuildImage
) -> None:
    found = take(f"docker:{image('ml:v1')}", Options(host=docker_engine.host, cache=False))
    origins = {(origin.kind, origin.name): origin.layer for origin in found.origins}
    assert origins["os.package", "libc-bin"] == 0
    assert origins["python.package", "numpy"] == 1
    assert origins["tokenizer", "/models/demo"] == 2
    assert [layer.step for layer in found.layers] == ["repro lab"] * 3
    known = {(fact.kind, fact.name) for fact in found.facts if isinstance(fact, Component)}
    assert set(origins) <= known


def test_a_manifest_of_a_run_image_does_not_depend_on_what_was_read_before(
    docker_engine: Engine, image: BuildImage, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("REPRO_CACHE_DIR", str(tmp_path))
    tag = image("ml:v1")
    before = take(tag, Options(host=docker_engine.host))
    take(f"docker:{tag}", Options(host=docker_engine.host))
    after = take(tag, Options(host=docker_engine.host))
    assert [layer.step for layer in before.layers] == ["repro lab"] * 3
    assert msgspec.structs.replace(after, volatile=before.volatile) == before
