"""With --base a gate measures by a Git revision, whatever the working directory says by now."""

from __future__ import annotations

import subprocess
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner, Result

from repro.cli.main import cli
from repro.errors import UsageError
from repro.manifest import encode
from tests.manifests import known, manifest

if TYPE_CHECKING:
    from pathlib import Path

OLD: Final = encode(manifest(known("python.package", "tokenizers", "0.21.1")))
NEW: Final = encode(manifest(known("python.package", "tokenizers", "0.21.2")))
GATE: Final = '[gate]\nbaseline = "evaluated.json"\n'


def git(*arguments: str) -> None:
    """Run Git, as somebody, with none of the user's settings."""
    said = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *said, *arguments], check=True, capture_output=True)


def commit() -> None:
    git("add", "--all")
    git("commit", "--quiet", "--message", "state")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose main has a policy; its working directory loosens it."""
    monkeypatch.chdir(tmp_path)
    git("init", "--quiet", "--initial-branch=main")
    (tmp_path / "repro.toml").write_text(GATE)
    (tmp_path / "evaluated.json").write_bytes(OLD)
    commit()
    git("switch", "--quiet", "--create", "change")
    (tmp_path / "repro.toml").write_text(GATE + 'fail-on = "never"\n')
    (tmp_path / "evaluated.json").write_bytes(NEW)
    commit()
    (tmp_path / "target.json").write_bytes(NEW)
    return tmp_path


def gate(*arguments: str) -> Result:
    return CliRunner().invoke(cli, ["gate", "target.json", *arguments], standalone_mode=False)


def message(result: Result) -> str:
    assert isinstance(result.exception, UsageError), result.output
    return result.exception.message


@pytest.mark.usefixtures("repository")
def test_who_changes_the_policy_and_the_baseline_is_measured_by_those_before() -> None:
    assert gate().return_value == 0, "by its own word it passes"

    done = gate("--base", "main")

    assert done.return_value == 1
    assert "TOK006" in done.stdout


def test_a_policy_in_a_folder_and_its_baseline_are_counted_from_where_one_stands(
    repository: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (repository / "service" / "ci").mkdir(parents=True)
    (repository / "service" / "ci" / "repro.toml").write_text(GATE.replace('"ev', '"../ev'))
    (repository / "service" / "evaluated.json").write_bytes(OLD)
    (repository / "service" / "target.json").write_bytes(NEW)
    commit()
    (repository / "service" / "evaluated.json").write_bytes(NEW)
    monkeypatch.chdir(repository / "service")

    assert gate("--base", "HEAD", "--policy", "ci/repro.toml").return_value == 1


def test_a_policy_in_pyproject_is_found_and_two_are_refused(repository: Path) -> None:
    (repository / "pyproject.toml").write_text(GATE.replace("gate", "tool.repro.gate"))
    commit()
    assert "both there" in message(gate("--base", "HEAD"))
    git("rm", "--quiet", "repro.toml")
    commit()

    assert gate("--base", "HEAD").return_value == 0, "evaluated.json of HEAD is as the target"


def test_a_baseline_that_the_revision_lacks_is_not_taken_from_here(repository: Path) -> None:
    (repository / "repro.toml").write_text(GATE.replace("evaluated", "later"))
    commit()
    (repository / "later.json").write_bytes(NEW)

    assert message(gate("--base", "HEAD")) == "the baseline later.json is no file of HEAD"


def test_a_baseline_that_is_named_beside_it_is_taken(repository: Path) -> None:
    (repository / "mine.json").write_bytes(NEW)

    assert gate("--base", "main", "--baseline", "mine.json").return_value == 0


@pytest.mark.usefixtures("repository")
@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--base", "nowhere"), "Git knows no revision 'nowhere' here"),
        (("--base", "--upload-pack=x"), "'--upload-pack=x' is no revision"),
        (("--base", "main", "--policy", "other.toml"), "main has no other.toml"),
        (("--base", "main", "--policy", "../repro.toml"), "main has no ../repro.toml"),
        (("--base", "main", "--policy", "/etc/hostname"), "main has no /etc/hostname"),
        (("--base", "main:"), "Git knows no revision 'main:' here"),
    ],
)
def test_what_is_not_there_is_said(arguments: tuple[str, ...], said: str) -> None:
    assert message(gate(*arguments)) == said


def test_outside_of_a_repository_git_is_quoted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    (tmp_path / "target.json").write_bytes(NEW)

    assert "not a git repository" in message(gate("--base", "main"))


def test_without_git_it_is_said(repository: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(repository))

    assert message(gate("--base", "main")) == "git is not installed"
