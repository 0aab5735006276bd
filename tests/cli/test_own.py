"""Own canaries and servers as a user names them: with snapshot and diff."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from repro.manifest import Component, Target, assemble, encode

if TYPE_CHECKING:
    from pathlib import Path

REPRO = [sys.executable, "-m", "repro"]
CASE = """python -c 'print("{\\"case\\": \\"a\\", \\"output\\": \\"Paris\\"}")'"""


def repro(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [*REPRO, *arguments], capture_output=True, text=True, check=False, timeout=60, cwd=folder
    )


def own(output: str) -> dict[str, object]:
    facts = json.loads(output)["facts"]
    return {f["name"]: f["properties"]["results"] for f in facts if f["name"].startswith("own/")}


@pytest.fixture
def baseline(tmp_path: Path) -> str:
    fact = Component(scope="process", kind="libc", name="glibc", version="2.36", source="call")
    path = tmp_path / "baseline.json"
    path.write_bytes(encode(assemble(Target(kind="image", name="baseline"), [fact])))
    return str(path)


def test_a_command_runs_where_no_other_canary_does(tmp_path: Path) -> None:
    target = f"python:{sys.executable}"
    done = repro(
        "snapshot", target, "--no-frameworks", "--canary", f"greedy={CASE}", folder=tmp_path
    )
    assert done.returncode == 0, done.stderr
    (results,) = own(done.stdout).items()
    assert results[0] == "own/greedy"
    assert "Paris" in str(results[1])


def test_the_project_s_commands_run_where_canaries_do(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_text(f"[canary.file]\ncommand = '''{CASE}'''\n")
    words = ("snapshot", f"python:{sys.executable}", "--no-frameworks")
    assert own(repro(*words, folder=tmp_path).stdout) == {}
    assert own(repro(*words, "--no-canary", folder=tmp_path).stdout) == {}
    assert list(own(repro(*words, "--canaries", folder=tmp_path).stdout)) == ["own/file"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("snapshot", "local", "--canary", "a", "--no-canary"), "--canary and --no-canary"),
        (("snapshot", "local", "--canary", "x=a", "--canary", "x=b"), "two canaries are called x"),
        (("snapshot", "a", "b", "--endpoint", "http://127.0.0.1:1"), "there are several targets"),
        (("snapshot", "local", "--endpoint", "http://127.0.0.1:1"), "refuses connections"),
        (("snapshot", "endpoint:127.0.0.1:1"), "127.0.0.1:1 is no address"),
        (("snapshot", "endpoint:http://127.0.0.1:1", "--canary", "a"), "--canary needs a target"),
        (("snapshot", "endpoint:"), "endpoint: names nothing"),
        (("diff", "local", "local", "--endpoint", "http://127.0.0.1:1"), "one side that is a"),
        (("diff", "BASELINE", "BASELINE", "--endpoint", "http://127.0.0.1:1"), "one side that is"),
        (("diff", "BASELINE", "local", "--endpoint", "http://127.0.0.1:1"), "refuses connections"),
    ],
)
def test_what_makes_no_sense_is_refused(
    words: tuple[str, ...], said: str, baseline: str, tmp_path: Path
) -> None:
    done = repro(*(baseline if word == "BASELINE" else word for word in words), folder=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


def test_a_file_that_is_wrong_is_said_before_anything_runs(tmp_path: Path) -> None:
    (tmp_path / "repro.toml").write_text("[canary.x]\n")
    done = repro("snapshot", "local", folder=tmp_path)
    assert done.returncode == 2
    assert "repro.toml: canary.x.command" in done.stderr
