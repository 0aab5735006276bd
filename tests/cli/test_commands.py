"""The commands as a user calls them: exit codes, what goes to which stream, what is said."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from repro.cli import main, reporting
from repro.manifest import Component, Fact, Target, Unreadable, assemble, encode
from repro.report import FORMATS, terminal

REPRO = [sys.executable, "-m", "repro"]


def package(name: str, version: str) -> Component:
    return Component(
        scope="image", kind="python.package", name=name, version=version, source="metadata"
    )


def manifest(path: Path, *facts: Fact) -> str:
    made = assemble(Target(kind="image", name=path.stem), facts)
    path.write_bytes(encode(made))
    return str(path)


def repro(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    variables = {key: value for key, value in os.environ.items() if key != "DOCKER_HOST"}
    return subprocess.run(
        [*REPRO, *arguments],
        capture_output=True,
        text=True,
        env={**variables, **environment},
        check=False,
        timeout=60,
    )


@pytest.fixture
def old(tmp_path: Path) -> str:
    return manifest(tmp_path / "old.json", package("tokenizers", "0.13.2"), package("tqdm", "4.66"))


@pytest.fixture
def new(tmp_path: Path) -> str:
    return manifest(tmp_path / "new.json", package("tokenizers", "0.13.3"), package("tqdm", "4.67"))


def test_no_difference_exits_with_0(old: str) -> None:
    done = repro("diff", old, old)

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("IDENTICAL")


def test_drift_exits_with_1_and_the_report_alone_is_on_standard_output(old: str, new: str) -> None:
    done = repro("diff", old, new)

    assert (done.returncode, done.stderr) == (1, "")
    assert done.stdout.startswith("DIVERGENT")
    assert "tokenizers" in done.stdout
    assert "0.13.2 → 0.13.3" in done.stdout
    assert "https://" in done.stdout


def test_harmless_drift_exits_with_0_unless_any_drift_is_forbidden(tmp_path: Path) -> None:
    a = manifest(tmp_path / "a.json", package("tqdm", "4.66"))
    b = manifest(tmp_path / "b.json", package("tqdm", "4.67"))

    assert repro("diff", a, b).returncode == 0
    assert repro("diff", a, b, "--fail-on", "any").returncode == 1


def test_the_threshold_and_the_impacts_are_the_users(old: str, new: str) -> None:
    assert repro("diff", old, new, "--fail-on", "divergent").returncode == 1
    assert repro("diff", old, new, "--fail-on", "never").returncode == 0
    assert repro("diff", old, new, "--impact", "sampling,prompt").returncode == 0


def test_what_could_not_be_read_exits_with_3(tmp_path: Path) -> None:
    hidden = Unreadable(scope="host", kind="gpu.device", name="*", reason="driver mismatch")
    a, b = manifest(tmp_path / "a.json", hidden), manifest(tmp_path / "b.json", hidden)

    done = repro("diff", a, b)

    assert done.returncode == 3
    assert done.stdout.startswith("INDETERMINATE")
    assert "driver mismatch" in done.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("diff", "missing.json", "missing.json"), "missing.json: no such file"),
        (("diff", "OLD", "OLD", "-f", "yaml"), "--format 'yaml'"),
        (("diff", "OLD", "OLD", "-f", "json", "-f", "text"), "two reports for standard output"),
        (("diff", "OLD", "OLD", "--impact", "vibes"), "--impact 'vibes'"),
        (("diff", "OLD", "OLD", "-o", "/missing/report.md"), "cannot write /missing/report.md"),
        (("diff", "OLD"), "B is missing"),
        (("snapshot",), "Usage: repro snapshot"),
        (("snapshot", "python:"), "python: names nothing"),
        (("snapshot", "python:/missing"), "/missing cannot be started: No such file"),
        (("snapshot", "local", "--gpus", "all"), "mean nothing for local"),
        (("snapshot", "local", "--memory", "lots"), "--memory 'lots' is not an amount"),
        (("snapshot", "image:x", "-H", "unix:///missing.sock"), "no such socket"),
        (("snapshot", "image:x", "-c", "nowhere"), "there is no docker context 'nowhere'"),
        (("rules", "explain", "NOPE999"), "no rule 'NOPE999'"),
        (("frobnicate",), "No such command 'frobnicate'"),
        (("clean", "-H", "tcp://127.0.0.1:1"), "no container engine answers"),
    ],
)
def test_what_cannot_be_done_exits_with_2_and_says_why(
    arguments: tuple[str, ...], said: str, old: str
) -> None:
    done = repro(*(old if word == "OLD" else word for word in arguments))

    assert done.returncode == 2
    assert said in done.stderr
    assert done.stdout == ""
    assert "Traceback" not in done.stderr


def test_a_file_that_is_no_manifest_is_refused_with_its_name(tmp_path: Path, old: str) -> None:
    (tmp_path / "x.json").write_text('{"hello": 1}')

    done = repro("diff", str(tmp_path / "x.json"), old)

    assert done.returncode == 2
    assert f"{tmp_path}/x.json: not a manifest" in done.stderr


def test_hostile_names_reach_no_terminal(tmp_path: Path) -> None:
    a = manifest(tmp_path / "a.json", package("evil\x1b[2J\u202e[red]x[/red]", "1\x07"))
    b = manifest(tmp_path / "b.json", package("evil\x1b[2J\u202e[red]x[/red]", "2"))

    for arguments in (("diff", a, b), ("diff", a, b, "-f", "markdown"), ("show", a)):
        text = repro(*arguments).stdout
        assert "\x1b" not in text
        assert "\x07" not in text
        assert "\u202e" not in text


def test_reports_go_to_files_beside_the_one_on_standard_output(
    tmp_path: Path, old: str, new: str
) -> None:
    where = tmp_path / "report.json", tmp_path / "comment.md"

    done = repro("diff", old, new, "-f", "text", "-f", f"json={where[0]}", "-o", str(where[1]))

    assert done.returncode == 1
    assert json.loads(where[0].read_text())["status"] == "divergent"
    assert where[1].read_text() == done.stdout or "DIVERGENT" in where[1].read_text().upper()


def test_the_help_names_every_format() -> None:
    assert tuple(FORMATS) == reporting.FORMATS


def test_the_suffix_of_an_output_file_says_its_format(tmp_path: Path, old: str, new: str) -> None:
    repro("diff", old, new, "-o", str(tmp_path / "r.json"))
    repro("diff", old, new, "-o", str(tmp_path / "r.md"))

    assert json.loads((tmp_path / "r.json").read_text())["status"] == "divergent"
    assert (tmp_path / "r.md").read_text().startswith("<!-- repro-diff -->")


def test_a_manifest_is_read_from_standard_input(old: str) -> None:
    done = subprocess.run(
        [*REPRO, "diff", "-", old], input=Path(old).read_bytes(), capture_output=True, check=False
    )

    assert done.returncode == 0


def test_a_reader_that_goes_away_is_no_crash() -> None:
    command = f"{sys.executable} -m repro rules list | head -n 1"

    done = subprocess.run(["bash", "-c", command], capture_output=True, text=True, check=True)

    assert len(done.stdout.splitlines()) == 1
    assert done.stderr == ""


def test_a_local_snapshot_goes_to_standard_output_and_can_be_compared(tmp_path: Path) -> None:
    done = repro("snapshot", "local", "--no-frameworks")
    (tmp_path / "here.json").write_text(done.stdout)

    assert done.returncode == 0
    assert repro("show", str(tmp_path / "here.json")).returncode == 0
    assert json.loads(done.stdout)["schema"] == "repro/manifest/1.1"


def test_two_local_snapshots_are_the_same(tmp_path: Path) -> None:
    python = f"python:{sys.executable}"
    repro("snapshot", python, "--no-frameworks", "-o", str(tmp_path / "1.json"))
    repro("snapshot", python, "--no-frameworks", "-o", str(tmp_path / "2.json"))
    one, two = (json.loads((tmp_path / name).read_text()) for name in ("1.json", "2.json"))

    assert one["digests"] == two["digests"]
    assert one["volatile"]["probed_at"] <= two["volatile"]["probed_at"]


def test_several_targets_go_to_a_folder_and_one_failure_keeps_the_rest(tmp_path: Path) -> None:
    folder = tmp_path / "all"

    done = repro("snapshot", "local", "python:/missing", "-o", f"{folder}/", "--no-frameworks")

    assert done.returncode == 2
    assert [path.name for path in folder.iterdir()] == ["local.json"]
    assert "python:/missing: /missing cannot be started" in done.stderr


def test_control_c_ends_with_130_and_no_half_file(tmp_path: Path) -> None:
    process = subprocess.Popen(
        [*REPRO, "snapshot", "local", "-o", str(tmp_path / "x.json")], stderr=subprocess.PIPE
    )
    time.sleep(1)  # Before that Python itself may not be ready.
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=20)

    assert process.returncode == 130 or (tmp_path / "x.json").exists()
    assert b"Traceback" not in errors
    assert [path.name for path in tmp_path.iterdir() if path.name != "x.json"] == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_completion_scripts_name_the_command(shell: str) -> None:
    done = repro("completion", shell)

    assert done.returncode == 0
    assert "_REPRO_COMPLETE" in done.stdout


def test_every_command_has_help_with_an_example() -> None:
    for command in ("snapshot", "diff", "show", "rules", "clean", "schema", "completion"):
        done = repro(command, "--help")
        assert done.returncode == 0
        assert "Example" in done.stdout, command


def test_rules_can_be_listed_and_explained() -> None:
    listed = repro("rules", "list", "--kind", "python.package").stdout.splitlines()
    code = listed[0].split()[0]

    explained = repro("rules", "explain", code)

    assert explained.returncode == 0
    assert explained.stdout.startswith(code)
    assert "What to do:" in explained.stdout


def test_a_bug_exits_with_70(monkeypatch: pytest.MonkeyPatch, old: str) -> None:
    def broken(*_: object, **__: object) -> str:
        raise RuntimeError("boom")

    monkeypatch.setattr(terminal, "render", broken)

    assert main.run(["diff", old, old]) == 70


def test_a_root_that_is_nowhere_is_a_usage_error(old: str, new: str) -> None:
    wrong = repro("diff", old, new, "--root", "no-such-package")
    assert wrong.returncode == 2
    assert "--root no-such-package: no package of that name" in wrong.stderr
    assert repro("diff", old, old, "--root", "Tokenizers").returncode == 0
