"""The hooks run under the real pre-commit, which installs repro from this repository."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from repro.manifest import encode
from tests.manifests import known, manifest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
OLD: Final = encode(manifest(known("python.package", "tokenizers", "0.21.1")))
NEW: Final = encode(manifest(known("python.package", "tokenizers", "0.21.2")))
GATE: Final = '[gate]\nbaseline = "evaluated.json"\n'
CONFIG: Final = """\
repos:
  - repo: {source}
    rev: {revision}
    hooks:
      - id: repro-policy
      - id: repro-gate
        args: [target.json]
"""


def git(folder: Path, *arguments: str) -> str:
    said = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *said, *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return done.stdout.strip()


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The tree as it stands, committed to a repository of its own, as a release is."""
    folder = tmp_path_factory.mktemp("source")
    names = ("repro", ".pre-commit-hooks.yaml", "pyproject.toml", "README.md", "LICENSE")
    subprocess.run(["cp", "-r", *(str(ROOT / name) for name in names), str(folder)], check=True)
    git(folder, "init", "--quiet")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message=release")
    return folder


@pytest.fixture
def run(
    tmp_path: Path, source: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[..., tuple[int, str]]:
    """Run the hooks of a project over files; pre-commit's environment is made once."""
    git(tmp_path, "init", "--quiet")
    revision = git(source, "rev-parse", "HEAD")
    config = CONFIG.format(source=source, revision=revision)
    (tmp_path / ".pre-commit-config.yaml").write_text(config)
    (tmp_path / "repro.toml").write_text(GATE)
    (tmp_path / "evaluated.json").write_bytes(OLD)
    (tmp_path / "requirements.txt").write_text("tokenizers\n")
    home = tmp_path_factory.getbasetemp() / "pre-commit"

    def hooks(*files: str) -> tuple[int, str]:
        git(tmp_path, "add", "--all")
        done = subprocess.run(
            [sys.executable, "-m", "pre_commit", "run", "--files", *files],
            cwd=tmp_path,
            env={**os.environ, "PRE_COMMIT_HOME": str(home), "PRE_COMMIT_COLOR": "never"},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return done.returncode, done.stdout

    return hooks


def outcomes(out: str) -> dict[str, str]:
    """Return how each hook ended."""
    names = ("check repro's policy", "check drift from the baseline")
    lines = {name: line for line in out.splitlines() for name in names if line.startswith(name)}
    return {name: line.rpartition(".")[2] for name, line in lines.items()}


def test_a_policy_that_is_damaged_fails_its_hook(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "target.json").write_bytes(OLD)
    code, out = run("repro.toml")
    assert (code, [*outcomes(out).values()]) == (0, ["Passed", "Passed"]), out

    (tmp_path / "repro.toml").write_text(GATE + "fail_on = 3\n")
    code, out = run("repro.toml")
    assert (code, [*outcomes(out).values()]) == (1, ["Failed", "Failed"])
    assert "fail_on" in out


def test_drift_fails_when_what_the_target_is_built_from_changes(
    run: Callable[..., tuple[int, str]], tmp_path: Path
) -> None:
    (tmp_path / "target.json").write_bytes(NEW)
    code, out = run("requirements.txt")
    assert (code, out.count("TOK006"), outcomes(out)["check drift from the baseline"]) == (
        1,
        1,
        "Failed",
    )
    assert "no files to check" in outcomes(out)["check repro's policy"]

    assert run("evaluated.json")[0] == 0, "neither is about other files"
