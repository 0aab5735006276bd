"""A comparison of images that are run names the layers that brought what differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

import msgspec
import pytest

from repro.cli.origins import traced
from repro.diff import compare
from repro.target.options import Options
from repro.target.resolve import snapshots
from tests.engine.calling import docker, repro

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage
    from repro.manifest import Manifest

pytestmark = pytest.mark.engine

BOTH: Final = (True, True)
QUICK: Final = ("--no-canary", "--no-frameworks")


def take(text: str, options: Options) -> Manifest:
    (manifest,) = snapshots(text, options)
    return manifest


def layers(manifest: Manifest) -> dict[tuple[str, str], int]:
    return {(origin.kind, origin.name): origin.layer for origin in manifest.origins}


def test_every_report_names_the_layer_and_the_step(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    formats = {name: tmp_path / name for name in ("text", "json", "markdown")}
    wanted = [word for name, path in formats.items() for word in ("-f", f"{name}={path}")]
    tags = (image("ml:v1"), image("ml:v2"))

    done = repro("diff", *tags, *QUICK, *wanted, "--no-cache", host=docker_engine.host)

    assert done.code == 1, done.err
    text, report, markdown = (path.read_text() for path in formats.values())
    findings = {found["code"]: found["origin"] for found in json.loads(report)["findings"]}
    for side in ("a", "b"):
        assert findings["TOK006"][side]["layer"] == 2
        assert findings["TPL001"][side]["layer"] == 3
        assert findings["TOK006"][side]["step"] == "repro lab"
        assert findings["TOK006"][side]["shared"] is False
    assert text.count("layer   A 2/3 sha256:") >= 1
    assert "B layer 2/3  repro lab" in text
    assert "- **Layer:** A 2/3 <code>sha256" in markdown
    assert "Brought by layers:" in markdown


def test_an_image_that_runs_and_a_manifest_of_one_are_told_apart(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    path = tmp_path / "v1.json"
    options = (*QUICK, "-f", "json")
    repro("snapshot", image("ml:v1"), *QUICK, "-o", str(path), host=docker_engine.host)

    done = repro("diff", str(path), image("ml:v2"), *options, host=docker_engine.host)

    assert "origins" not in json.loads(path.read_text())
    origins = [found["origin"] for found in json.loads(done.out)["findings"]]
    assert any(origin and origin["b"] for origin in origins)
    assert not any(origin and origin["a"] for origin in origins)

    policy = tmp_path / "repro.toml"
    policy.write_text('[gate]\nbaseline = "v1.json"\n')
    arguments = (image("ml:v2"), "--policy", str(policy), *options)
    gated = repro("gate", *arguments, host=docker_engine.host)
    assert [found["origin"] for found in json.loads(gated.out)["findings"]] == origins


def test_what_is_read_for_it_changes_no_fact_and_no_digest(
    docker_engine: Engine, image: BuildImage
) -> None:
    options = Options(host=docker_engine.host, frameworks=False, canaries=False)
    before = compare(take(image("ml:v1"), options), take(image("ml:v2"), options))

    after = traced(before, BOTH, options)

    assert layers(after.a)["python.package", "numpy"] == 1
    assert layers(after.b)["tokenizer", "/models/demo"] == 2
    for old, new in ((before.a, after.a), (before.b, after.b)):
        assert (new.digests, new.facts, new.layers) == (old.digests, old.facts, old.layers)
    assert after.changes == before.changes


def test_an_image_that_is_gone_is_not_explained_and_that_is_said(
    docker_engine: Engine, image: BuildImage, capfd: pytest.CaptureFixture[str]
) -> None:
    options = Options(host=docker_engine.host, frameworks=False, canaries=False)
    a, b = (gone(take(image(tag), options)) for tag in ("ml:v1", "ml:v2"))
    found = compare(a, b)
    capfd.readouterr()

    assert traced(found, BOTH, options) == found

    said = capfd.readouterr().err.splitlines()
    assert [line.partition(": the report does not say")[0] for line in said] == ["repro"] * 2
    assert traced(found, (False, False), options) == found
    assert traced(compare(a, a), BOTH, options) == compare(a, a)
    assert capfd.readouterr().err == "", "nothing was to be read"


def gone(manifest: Manifest) -> Manifest:
    """Say of an image that it had an id which the engine does not know."""
    properties = {**manifest.target.properties, "id": "sha256:" + "0" * 64}
    target = msgspec.structs.replace(manifest.target, properties=properties)
    return msgspec.structs.replace(manifest, target=target)


def test_what_lies_in_a_volume_is_no_layer_s(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    tag = image("ml:v1")
    container = docker("create", tag, "true", host=docker_engine.host)
    docker("cp", f"{container}:/models", str(tmp_path / "models"), host=docker_engine.host)
    docker("rm", container, host=docker_engine.host)
    options = Options(
        host=docker_engine.host,
        frameworks=False,
        canaries=False,
        volumes=(f"{tmp_path / 'models'}:/models/",),
    )
    mounted, other = take(tag, options), take(image("ml:v2"), options)

    found = layers(traced(compare(mounted, other), BOTH, options).a)

    assert any(fact.kind == "tokenizer" for fact in mounted.facts)
    assert found["python.package", "numpy"] == 1
    assert {kind for kind, name in found if "/models" in name} == set()
