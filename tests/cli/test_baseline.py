"""A baseline changes when somebody accepts what is shown, and by nothing else."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest
from click.testing import CliRunner, Result

from repro.cli.main import cli
from repro.errors import OutputError, UsageError
from repro.manifest import Target, assemble, encode, load
from tests.manifests import known, manifest, setting, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Fact

OLD: Final = known("python.package", "tokenizers", "0.21.1")
NEW: Final = known("python.package", "tokenizers", "0.21.2")
GATE: Final = '[gate]\nbaseline = "evaluated.json"\n'


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a policy, a baseline, and a target that differs from it."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "repro.toml").write_text(GATE)
    save(tmp_path / "evaluated.json", OLD)
    save(tmp_path / "target.json", NEW)
    return tmp_path


def save(path: Path, *facts: Fact) -> None:
    path.write_bytes(encode(manifest(*facts, name=path.name)))


def update(*arguments: str) -> Result:
    words = ["baseline", "update", "target.json", *arguments]
    return CliRunner().invoke(cli, words, standalone_mode=False)


def versions(path: Path) -> list[str]:
    return [str(getattr(fact, "version", None)) for fact in load(path).facts]


def test_what_is_accepted_is_shown_and_passes_the_gate_from_then_on(project: Path) -> None:
    run = CliRunner().invoke
    assert run(cli, ["gate", "target.json"], standalone_mode=False).return_value == 1

    done = update("--yes")

    assert (done.return_value, done.exception) == (0, None)
    assert "TOK006" in done.stdout
    assert "baseline → evaluated.json (1 facts)" in done.stderr
    assert versions(project / "evaluated.json") == ["0.21.2"]
    assert run(cli, ["gate", "target.json"], standalone_mode=False).return_value == 0


def test_where_nobody_can_be_asked_nothing_is_written(project: Path) -> None:
    before = (project / "evaluated.json").read_bytes()

    done = update()

    assert isinstance(done.exception, UsageError)
    assert "--yes" in done.exception.advice
    assert "TOK006" in done.stdout, "it is shown what would be accepted"
    assert (project / "evaluated.json").read_bytes() == before


@pytest.mark.parametrize(("answer", "code", "now"), [("y", 0, "0.21.2"), ("n", 2, "0.21.1")])
def test_who_sits_at_a_terminal_is_asked(project: Path, answer: str, code: int, now: str) -> None:
    ours, theirs = pty.openpty()
    os.write(ours, f"{answer}\n".encode())
    command = [sys.executable, "-m", "repro", "baseline", "update", "target.json"]

    done = subprocess.run(command, stdin=theirs, capture_output=True, text=True, check=False)

    os.close(ours)
    os.close(theirs)
    assert done.returncode == code, done.stderr
    assert "Accept this as evaluated.json? [y/N]" in done.stderr
    assert "TOK006" in done.stdout
    assert versions(project / "evaluated.json") == [now]


def test_what_is_the_same_is_not_written_again(project: Path) -> None:
    save(project / "target.json", OLD)
    before = (project / "evaluated.json").stat().st_mtime_ns

    done = update()

    assert done.return_value == 0
    assert "nothing to accept" in done.stderr
    assert (project / "evaluated.json").stat().st_mtime_ns == before


def test_a_first_baseline_lies_beside_its_policy(project: Path) -> None:
    folder = project / "policies"
    folder.mkdir()
    (folder / "repro.toml").write_text(GATE.replace("evaluated", "first"))

    assert isinstance(update("--policy", "policies/repro.toml").exception, UsageError)
    assert not (folder / "first.json").exists()
    assert update("--policy", "policies/repro.toml", "--yes").return_value == 0

    assert versions(folder / "first.json") == ["0.21.2"]


@pytest.mark.parametrize(
    ("demand", "code"),
    [
        ('require = ["gpu.device"]\n', 3),
        ('[[gate.pin]]\nkind = "python.package"\nname = "tokenizers"\nversions = "==0.20.*"\n', 1),
    ],
)
@pytest.mark.parametrize("there", [True, False])
def test_what_the_policy_demands_cannot_be_accepted_away(
    project: Path, demand: str, code: int, *, there: bool
) -> None:
    (project / "repro.toml").write_text(GATE + demand)
    if not there:
        (project / "evaluated.json").unlink()

    done = update("--yes")

    assert done.return_value == code
    assert "lacks what the policy demands" in done.stderr
    assert ("REQUIRED" in done.stdout) or ("PIN" in done.stdout)
    assert (project / "evaluated.json").exists() is there
    assert not there or versions(project / "evaluated.json") == ["0.21.1"]


def test_a_baseline_that_knows_less_is_warned_of(project: Path) -> None:
    save(project / "evaluated.json", OLD, setting("OMP_NUM_THREADS", "8"))
    image = Target(kind="image", name="read", properties={"mode": "static"})
    unseen = unreadable("setting", "*", "not run: the image was read")
    (project / "target.json").write_bytes(encode(assemble(image, [NEW, unseen])))

    done = update("--yes")

    assert "says nothing of the process: the gate compares less" in done.stderr


def test_a_baseline_that_is_a_target_cannot_be_written(project: Path) -> None:
    (project / "repro.toml").write_text('[gate]\nbaseline = "registry:example.org/app:v1"\n')

    done = update("--yes")

    assert isinstance(done.exception, UsageError)
    assert "no file to write" in done.exception.message


def test_a_folder_that_is_not_there_is_said_and_nothing_else_happens(project: Path) -> None:
    done = update("--baseline", "missing/new.json", "--yes")

    assert isinstance(done.exception, OutputError)
    assert not (project / "missing").exists()


def test_a_damaged_baseline_is_not_overwritten(project: Path) -> None:
    (project / "evaluated.json").write_text("<<<<<<< HEAD\n")

    assert update("--yes").exception is not None

    assert (project / "evaluated.json").read_text() == "<<<<<<< HEAD\n"
