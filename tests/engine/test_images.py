"""Images of several distributions: what is found, that it is the same twice, and what differs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import pytest

from lab.recipes import DATA, VENV, hostile
from tests.engine.calling import diff, facts, repro, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

SUITES: Final = {
    "bullseye": ("3.9", "11"),
    "bookworm": ("3.11", "12"),
    "trixie": ("3.13", "13"),
    "sid": (None, None),
}
"""Python and VERSION_ID of Debian's suites; sid has whatever is newest, and no number."""


def steady(manifest: dict[str, Any]) -> str:
    """Return a manifest's text without what is never the same twice."""
    return json.dumps({key: value for key, value in manifest.items() if key != "volatile"})


def named(manifest: dict[str, Any], kind: str, name: str) -> list[dict[str, Any]]:
    return [fact for fact in facts(manifest, kind) if fact["name"] == name]


@pytest.mark.parametrize("suite", SUITES)
def test_each_debian_suite_is_read(
    suite: str, docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    manifest = snapshot(image(f"base:{suite}"), tmp_path / "m.json", host=docker_engine.host)
    python, release = SUITES[suite]
    (entry,) = [f for f in facts(manifest, "python.interpreter") if f["properties"].get("entry")]
    (running,) = facts(manifest, "python.runtime")
    (system,) = facts(manifest, "os.release")
    assert system["properties"]["id"] == "debian"
    assert system.get("version") == release
    assert running["version"].startswith(f"{entry['version']}.")
    if python is None:
        assert int(entry["version"].split(".")[1]) >= 13
    else:
        assert entry["version"] == python
    assert len(facts(manifest, "os.package")) > 20


def test_the_same_image_is_the_same_manifest_in_any_engine(
    docker_engine: Engine, second_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    tag = image("ml:v1")
    image("ml:v1", host=second_engine.host)
    first, again, elsewhere = (
        snapshot(tag, tmp_path / f"{number}.json", host=engine.host)
        for number, engine in enumerate((docker_engine, docker_engine, second_engine))
    )
    assert steady(first) == steady(again)
    assert steady(first) == steady(elsewhere)
    code, report = diff(tmp_path / "0.json", tmp_path / "2.json")
    assert (code, report["status"], report["findings"]) == (0, "identical", [])


def test_a_virtual_environment_and_the_system_s_packages_are_told_apart(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    manifest = snapshot(image("venv:1"), tmp_path / "m.json", host=docker_engine.host)
    (entry,) = [f for f in facts(manifest, "python.interpreter") if f["properties"].get("entry")]
    assert entry["properties"]["environment"] == VENV
    numpys = {
        fact["version"]: fact["properties"]["environment"]
        for fact in named(manifest, "python.package", "numpy")
    }
    assert numpys == {"2.1.3": VENV, "1.26.4": "/usr"}


def test_what_changes_outputs_is_named_with_reason_and_source(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    for version in ("v1", "v2"):
        snapshot(image(f"ml:{version}"), tmp_path / version, host=docker_engine.host)
    code, report = diff(tmp_path / "v1", tmp_path / "v2")
    assert (code, report["status"], report["exit_code"]) == (1, "divergent", 1)
    assert not report["same_image"]
    for names in (("tokenizers",), ("numpy",), ("cudart", "nvidia-cuda-runtime-cu12")):
        found = [f for f in report["findings"] if any(name in f["subject"] for name in names)]
        explained = [f for f in found if f["why"] and explains(f)]
        assert explained, (names, found)


def explains(finding: dict[str, Any]) -> bool:
    return any(source.startswith("https://") for source in finding["sources"])


def test_a_secret_leaves_its_name_alone(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    secrets = {"API_KEY": "s3cret-of-a-key", "HF_TOKEN": "hf_0123456789"}
    given = [word for name, value in secrets.items() for word in ("-e", f"{name}={value}")]
    path = tmp_path / "m.json"
    manifest = snapshot(image("base:bookworm"), path, *given, host=docker_engine.host)
    text = path.read_text()
    assert [value for value in secrets.values() if value in text] == []
    (names,) = [f for f in facts(manifest, "environment") if f["scope"] == "process"]
    assert set(secrets) <= set(names["properties"]["names"])


def test_a_mounted_tokenizer_is_found_where_the_user_says(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    tag, folder = image("base:bookworm"), tmp_path / "tokenizer"
    folder.mkdir()
    (folder / "tokenizer.json").write_bytes((DATA / "tokenizer.json").read_bytes())
    before = snapshot(tag, tmp_path / "without.json", host=docker_engine.host)
    options = ("-v", f"{folder}:/given/model", "--path", "/given/model")
    after = snapshot(tag, tmp_path / "with.json", *options, host=docker_engine.host)
    assert named(before, "tokenizer", "/given/model") == []
    assert len(named(after, "tokenizer", "/given/model")) == 1


def test_a_mounted_folder_cannot_be_written(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    (folder := tmp_path / "given").mkdir(mode=0o777)
    writer = hostile("echo owned > /given/file; echo owned > /file; echo tried >&2; exit 1")
    tag = image("hostile:writer", writer)
    done = repro("snapshot", tag, "-v", f"{folder}:/given", host=docker_engine.host)
    assert done.code == 2
    assert "the probe gave no answer: tried" in done.err
    assert list(folder.iterdir()) == []
