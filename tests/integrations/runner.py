"""Runs the steps of a composite action as GitHub's runner does: same shell, files and commands."""

from __future__ import annotations

import json
import os
import re
import subprocess
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from ruamel.yaml import YAML

if TYPE_CHECKING:
    from collections.abc import Mapping

ROOT: Final = Path(__file__).parents[2]
EXPRESSION: Final = re.compile(r"\$\{\{(.*?)\}\}")
SHELL: Final = ("bash", "--noprofile", "--norc", "-eo", "pipefail")
"""What `shell: bash` stands for (docs.github.com, "Workflow syntax", "steps[*].shell")."""


def action() -> dict[str, Any]:
    """Read action.yml."""
    read: dict[str, Any] = YAML(typ="safe").load((ROOT / "action.yml").read_text("utf-8"))
    return read


@dataclass
class Step:
    """How a step went."""

    name: str
    code: int | None
    """None for one that uses another action, and was not run here."""
    out: str = ""
    given: dict[str, str] = field(default_factory=dict)


@dataclass
class Job:
    """How an action went."""

    steps: dict[str, Step]
    outputs: dict[str, str]
    summary: str
    failed: bool


@dataclass
class Runner:
    """A machine with a folder of its own; the workspace is where the steps begin."""

    temporary: Path
    workspace: Path
    event: Mapping[str, Any]
    api: str = "http://127.0.0.1:9"
    environment: dict[str, str] = field(default_factory=dict)

    def run(self, **inputs: str) -> Job:
        """Run the action with inputs, whose names have `_` for `-`."""
        described = action()
        given = {name: value.get("default", "") for name, value in described["inputs"].items()}
        given |= {name.replace("_", "-"): value for name, value in inputs.items()}
        known = {f"inputs.{name}": str(value) for name, value in given.items()}
        known["github.token"] = "job-token"
        known["inputs.token"] = evaluated(known["inputs.token"], known)
        return self._steps(described, known)

    def _steps(self, described: dict[str, Any], known: dict[str, str]) -> Job:
        steps: dict[str, Step] = {}
        summary = self.temporary / "summary.md"
        summary.write_text("")
        failed = False
        for step in described["runs"]["steps"]:
            if not wanted(step.get("if"), known, failed=failed):
                continue
            found, outputs = self._step(step, known, summary)
            steps[step["name"]] = found
            failed = failed or bool(found.code)
            known |= {f"steps.{step.get('id')}.outputs.{k}": v for k, v in outputs.items()}
        told = {k: evaluated(v["value"], known) for k, v in described["outputs"].items()}
        return Job(steps, told, summary.read_text("utf-8"), failed)

    def _step(
        self, step: dict[str, Any], known: dict[str, str], summary: Path
    ) -> tuple[Step, dict[str, str]]:
        if "uses" in step:
            given = {name: evaluated(str(text), known) for name, text in step["with"].items()}
            return Step(step["name"], None, given=given), {}
        assert step["shell"] == "bash"
        script = self.temporary / "step.sh"
        script.write_text(evaluated(step["run"], known))
        said = self.temporary / "output.txt"
        said.write_text("")
        env = {name: evaluated(text, known) for name, text in step.get("env", {}).items()}
        done = subprocess.run(
            [*SHELL, str(script)],
            cwd=self.workspace,
            env={**self._machine(said, summary), **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        return Step(step["name"], done.returncode, done.stdout, env), outputs(said)

    def _machine(self, said: Path, summary: Path) -> dict[str, str]:
        event = self.temporary / "event.json"
        event.write_text(json.dumps(self.event))
        passed = ("PATH", "HOME", "LANG", "NO_PROXY", "no_proxy", "REPRO_CACHE_DIR")
        return {
            **{name: os.environ[name] for name in passed if name in os.environ},
            **{n: v for n, v in os.environ.items() if n.startswith(("PIP_", "SSL_", "REQUESTS_"))},
            "CI": "true",
            "GITHUB_ACTIONS": "true",
            "GITHUB_ACTION_PATH": str(ROOT),
            "GITHUB_API_URL": self.api,
            "GITHUB_EVENT_PATH": str(event),
            "GITHUB_OUTPUT": str(said),
            "GITHUB_REPOSITORY": "o/r",
            "GITHUB_RUN_ID": "42",
            "GITHUB_SERVER_URL": "https://github.example",
            "GITHUB_STEP_SUMMARY": str(summary),
            "GITHUB_WORKSPACE": str(self.workspace),
            "RUNNER_TEMP": str(self.temporary),
            **self.environment,
        }


def evaluated(text: str, known: Mapping[str, str]) -> str:
    """Put values in the place of expressions; what was never set is empty."""
    return EXPRESSION.sub(lambda found: known.get(found[1].strip(), ""), text)


def wanted(condition: str | None, known: Mapping[str, str], *, failed: bool) -> bool:
    """Tell whether a step runs: `!cancelled()`, and comparisons with texts, joined by `&&`."""
    if condition is None:
        return not failed
    parts = [part.strip() for part in condition.strip("${} ").split("&&")]
    assert "!cancelled()" in parts, "all conditions of this action begin so"
    return all(compared(part, known) for part in parts if part != "!cancelled()")


def compared(part: str, known: Mapping[str, str]) -> bool:
    """Evaluate one comparison."""
    found = re.fullmatch(r"(\S+) (==|!=) '([^']*)'", part)
    assert found, part
    return (known.get(found[1], "") == found[3]) is (found[2] == "==")


def outputs(file: Path) -> dict[str, str]:
    """Read what a step gave to later ones, in its one-line form."""
    lines = file.read_text("utf-8").splitlines()
    return dict(line.split("=", 1) for line in lines)


def commands(out: str) -> list[str]:
    """Return what the runner would obey of a step's output, between stop-commands too."""
    found: list[str] = []
    waiting = ""
    for line in map(str.strip, out.splitlines()):
        if waiting:
            waiting = "" if line == f"::{waiting}::" else waiting
        elif line.startswith("::stop-commands::"):
            waiting = line.removeprefix("::stop-commands::")
        elif line.startswith("::") or "##[" in line:
            found.append(line)
    assert not waiting, "commands were never taken again"
    return found
