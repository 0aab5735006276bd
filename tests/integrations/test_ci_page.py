"""What docs/ci.md shows is what works: its files are checked, and its tests tried."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Final

import pytest
from ruamel.yaml import YAML

from repro import __version__
from tests.integrations.runner import action

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = (ROOT / "docs" / "ci.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    """Return the blocks of a language, in their order."""
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.DOTALL | re.MULTILINE)


def file_with(key: str) -> tuple[str, dict[str, Any]]:
    """Return the YAML that has a key at its top, as text and as data."""
    found = [(text, YAML(typ="safe").load(text)) for text in blocks("yaml")]
    ((text, data),) = [(text, data) for text, data in found if key in data]
    return text, data


def checked(text: str, schema: str, folder: Path) -> None:
    """Hold a file against a published schema."""
    (folder / "file.yml").write_text(text)
    command = [sys.executable, "-m", "check_jsonschema", f"--builtin-schema=vendor.{schema}"]
    done = subprocess.run(
        [*command, str(folder / "file.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_its_workflow_is_one_and_gives_the_action_what_it_takes(tmp_path: Path) -> None:
    text, workflow = file_with("jobs")
    checked(text, "github-workflows", tmp_path)
    steps = workflow["jobs"]["gate"]["steps"]
    (ours,) = [step for step in steps if step["uses"].startswith("OWNER/repro")]
    assert set(ours["with"]) <= set(action()["inputs"])
    for step in steps:
        assert re.search(r"@([0-9a-f]{40}|REVISION)$", step["uses"])


@pytest.mark.parametrize("kind", ["inputs", "outputs"])
def test_its_tables_name_all_that_the_action_has(kind: str) -> None:
    (section,) = re.findall(r"^## GitHub$(.*?)^## ", PAGE, re.DOTALL | re.MULTILINE)
    part = section.partition("| output |")[0 if kind == "inputs" else 2]
    assert re.findall(r"^\| `([a-z-]+)`", part, re.MULTILINE) == list(action()[kind])


def test_its_component_is_given_what_it_takes(tmp_path: Path) -> None:
    text, pipeline = file_with("include")
    checked(text, "gitlab-ci", tmp_path)
    head = (ROOT / "templates" / "repro.yml").read_text("utf-8").partition("\n---\n")[0]
    inputs = YAML(typ="safe").load(head)["spec"]["inputs"]
    (included,) = pipeline["include"]
    assert set(included["inputs"]) <= set(inputs)
    assert included["component"].endswith(f"/repro@{__version__}")
    assert inputs["version"]["default"] == __version__
    (section,) = re.findall(r"^## GitLab$(.*?)^## ", PAGE, re.DOTALL | re.MULTILINE)
    assert all(f"`{name}`" in section for name in inputs)


def test_its_hooks_are_those_that_there_are(tmp_path: Path) -> None:
    text, config = file_with("repos")
    (tmp_path / "config.yaml").write_text(text)
    command = [sys.executable, "-m", "pre_commit", "validate-config", str(tmp_path / "config.yaml")]
    assert subprocess.run(command, check=False).returncode == 0
    hooks = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text("utf-8"))
    (ours,) = config["repos"]
    assert [hook["id"] for hook in ours["hooks"]] == [hook["id"] for hook in hooks]
    assert ours["rev"] == f"v{__version__}"


def test_its_tests_pass_once_their_goldens_are_kept(tmp_path: Path) -> None:
    (text,) = blocks("python")
    (tmp_path / "test_model.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--rootdir=."]
    codes = [
        subprocess.run([*command, *more], cwd=tmp_path, capture_output=True, check=False).returncode
        for more in ((), ("--repro-golden-update",), ())
    ]
    assert codes == [1, 0, 0]


def test_every_option_of_the_plugin_is_on_the_page() -> None:
    source = subprocess.run(
        [sys.executable, "-m", "pytest", "--help"], capture_output=True, text=True, check=True
    ).stdout
    for option in set(re.findall(r"--repro-[a-z-]+", source)):
        assert f"`{option}" in PAGE, option
