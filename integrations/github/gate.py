"""A step of the action: checks the target, and writes reports, annotations and the summary."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import Any, Final

sys.path.append(str(Path(__file__).parents[2]))  # Isolated, Python looks for nothing there.

from integrations.github.commands import output, quoted, say

FILES: Final = {"junit": "junit.xml", "markdown": "report.md", "gitlab": "codequality.json"}
"""Names of reports that are not `report.FORMAT`."""
SHOWN: Final = ("text", "json", "markdown", "github", "github-summary")
"""Formats that the action itself needs."""


class ImpossibleError(Exception):
    """What the action was told makes no sense here; the message says what to do."""


def main() -> int:
    """Run the check; its exit code is an output, so that later steps still run."""
    try:
        reports = Path(tempfile.mkdtemp(dir=os.environ["RUNNER_TEMP"], prefix="repro-reports-"))
        words = command(said("REPRO_FAIL_ON"), reports)
    except ImpossibleError as error:
        say("error", str(error))
        return 2
    with quoted():
        print(flush=True)
        code = subprocess.run([sys.executable, "-I", "-m", "repro", *words], check=False).returncode
        show(reports / "report.text")
    show(reports / "report.github")
    summarize(reports / "report.github-summary")
    output("exit-code", str(code))
    output("reports", str(reports))
    output("verdict", verdict(reports / "report.json"))
    output("sarif", str(reports / "report.sarif") if (reports / "report.sarif").exists() else "")
    if code not in (0, 1, 3):
        say("error", f"repro could not run (exit code {code}); the log says why")
    return 0


def said(name: str) -> str:
    """Return an input of the action without what surrounds it; empty where it was not given."""
    return os.environ.get(name, "").strip()


def command(fail_on: str, reports: Path) -> list[str]:
    """Return the words of `repro`; ImpossibleError where the inputs contradict each other."""
    target, baseline, policy = said("REPRO_TARGET"), said("REPRO_BASELINE"), said("REPRO_POLICY")
    if not target:
        raise ImpossibleError("the input target is empty")
    more = [word for line in said("REPRO_OPTIONS").splitlines() if (word := line.strip())]
    formats = [f"--format={name}={file}" for name, file in places(reports).items()]
    if not fail_on:
        measure = [*base(policy), *given("--policy", policy), *given("--baseline", baseline)]
        return ["gate", "check", *measure, *more, *formats, "--", target]
    if policy:
        raise ImpossibleError("policy and fail-on are both given: a policy has its own fail-on")
    if not baseline:
        raise ImpossibleError("fail-on without a baseline: there is nothing to compare with")
    return ["diff", f"--fail-on={fail_on}", *more, *formats, "--", baseline, target]


def given(option: str, value: str) -> list[str]:
    """Return an option if there is a value for it."""
    return [f"{option}={value}"] if value else []


def places(reports: Path) -> dict[str, Path]:
    """Name the file of each report."""
    names = (*SHOWN, *said("REPRO_FORMATS").split())
    if strange := [name for name in names if not re.fullmatch("[a-z-]+", name)]:
        raise ImpossibleError(f"{strange[0]!r} is no format of a report")
    return {name: reports / FILES.get(name, f"report.{name}") for name in names}


def base(policy: str) -> list[str]:
    """In a pull request, let its base say the policy; who changes a target must not change that."""
    revision = base_revision()
    if not revision:
        return []
    if not git("cat-file", "-e", f"{revision}^{{commit}}"):
        fetch(revision)
    if has_policy(revision, policy):
        return [f"--base={revision}"]
    say("notice", "the base revision has no policy yet, so that of this change is taken")
    return []


def fetch(revision: str) -> None:
    """Fetch one commit; ImpossibleError with what Git says."""
    command = ["git", "fetch", "--quiet", "--no-tags", "--depth=1", "origin", revision]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        said = f"git: {done.stderr.strip()}"
        raise ImpossibleError(f"the base cannot be fetched; run actions/checkout first\n{said}")


def base_revision() -> str:
    """Return the commit that a change is made against; empty where the event is about none."""
    path = os.environ.get("GITHUB_EVENT_PATH", "")
    event: Any = json.loads(Path(path).read_text("utf-8")) if path else {}
    request = event.get("pull_request") or {}
    group = event.get("merge_group") or {}
    return str((request.get("base") or {}).get("sha") or group.get("base_sha") or "")


def has_policy(revision: str, policy: str) -> bool:
    """Tell whether a revision has the policy, or any where none was named."""
    if policy:
        return git("cat-file", "-e", f"{revision}:./{policy}")
    return git("cat-file", "-e", f"{revision}:./repro.toml") or in_pyproject(revision)


def in_pyproject(revision: str) -> bool:
    """Tell whether a revision's pyproject.toml speaks of repro; one that is damaged may."""
    shown = subprocess.run(
        ["git", "cat-file", "blob", f"{revision}:./pyproject.toml"],
        capture_output=True,
        check=False,
    )
    try:
        return "repro" in tomllib.loads(shown.stdout.decode("utf-8")).get("tool", {})
    except ValueError:
        return True


def git(*words: str) -> bool:
    """Run Git; tell whether it succeeded."""
    return subprocess.run(["git", *words], capture_output=True, check=False).returncode == 0


def show(path: Path) -> None:
    """Print a report, where there is one."""
    if path.exists():
        print(path.read_text("utf-8"), flush=True)


def summarize(path: Path) -> None:
    """Add a report to the job's summary."""
    if path.exists():
        with Path(os.environ["GITHUB_STEP_SUMMARY"]).open("a", encoding="utf-8") as file:
            file.write(path.read_text("utf-8"))


def verdict(path: Path) -> str:
    """Return the status of the JSON report; empty where there is none."""
    return str(json.loads(path.read_text("utf-8"))["status"]) if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
