"""The component for GitLab is well-formed, and its script does what it promises in a real shell."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import pytest
from ruamel.yaml import YAML

from repro.manifest import encode
from tests.manifests import known, manifest

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parents[2]
TEMPLATE: Final = ROOT / "templates" / "repro.yml"
OLD: Final = encode(manifest(known("python.package", "tokenizers", "0.21.1")))
NEW: Final = encode(manifest(known("python.package", "tokenizers", "0.21.2")))
GATE: Final = '[gate]\nbaseline = "evaluated.json"\n'
STRICT: Final = "set -eo pipefail\n"
"""How the runner's shells begin (gitlab-runner, shells/bash.go)."""


class Done(NamedTuple):
    """How a job ended, with its reports."""

    code: int
    out: str
    reports: dict[str, Any]


def documents() -> tuple[dict[str, Any], str]:
    """Return the inputs, and the text that they are put into."""
    head, _, body = TEMPLATE.read_text("utf-8").partition("\n---\n")
    inputs: dict[str, Any] = YAML(typ="safe").load(head)["spec"]["inputs"]
    return inputs, body


def rendered(**given: str) -> dict[str, Any]:
    """Put inputs into the template, as values: GitLab reads the YAML first."""
    inputs, body = documents()
    values = {name: str(told.get("default", "")) for name, told in inputs.items()}
    values |= {name.replace("_", "-"): text for name, text in given.items()}
    for name, text in values.items():
        pattern = inputs[name].get("regex")
        assert pattern is None or re.search(pattern, text), f"GitLab refuses {name}"
    return _filled(YAML(typ="safe").load(body), values)  # type: ignore[no-any-return]


def _filled(value: Any, values: dict[str, str]) -> Any:
    if isinstance(value, dict):
        return {_filled(key, values): _filled(each, values) for key, each in value.items()}
    if isinstance(value, list):
        return [_filled(each, values) for each in value]
    if not isinstance(value, str):
        return value
    return re.sub(r"\$\[\[ inputs\.([\w-]+) ]]", lambda found: values[found[1]], value)


def git(folder: Path, *arguments: str) -> None:
    said = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    subprocess.run(["git", *said, *arguments], cwd=folder, check=True, capture_output=True)


@pytest.fixture
def job(tmp_path: Path) -> Callable[..., Done]:
    """Run the job in a clone whose change loosens the policy and takes the drift for granted."""
    origin, clone = tmp_path / "origin", tmp_path / "clone"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch=main")
    (origin / "repro.toml").write_text(GATE)
    (origin / "evaluated.json").write_bytes(OLD)
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=base")
    git(tmp_path, "clone", "--quiet", f"file://{origin}", "clone")
    git(clone, "switch", "--quiet", "--create=change")
    (clone / "evaluated.json").write_bytes(NEW)
    (clone / "target.json").write_bytes(NEW)

    def run(*, request: bool = True, **inputs: str) -> Done:
        (described,) = rendered(**{"target": "target.json", "version": "", **inputs}).values()
        known_to_ci = {"CI_PROJECT_DIR": str(clone), "CI_COMMIT_SHA": "abc"}
        if request:
            known_to_ci["CI_MERGE_REQUEST_TARGET_BRANCH_NAME"] = "main"
        variables = {n: expanded(t, known_to_ci) for n, t in described["variables"].items()}
        environment = {**os.environ, **known_to_ci, **variables}
        environment["PATH"] = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        script = STRICT + "\n".join([*described["before_script"], *described["script"]])
        done = subprocess.run(
            ["bash", "-c", script],
            cwd=clone,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )
        kept = {name: clone / name for name in described["artifacts"]["paths"]}
        return Done(done.returncode, done.stdout, {n: p for n, p in kept.items() if p.exists()})

    return run


def expanded(text: str, variables: dict[str, str]) -> str:
    """Put variables in the place of their names; others are empty, as in GitLab."""
    return re.sub(r"\$(?:\{(\w+)}|(\w+))", lambda m: variables.get(m[1] or m[2], ""), text)


@pytest.mark.parametrize("part", ["spec", "jobs"])
def test_it_is_what_gitlab_describes(part: str, tmp_path: Path) -> None:
    file = tmp_path / "ci.yml"
    document = {"spec": {"inputs": documents()[0]}} if part == "spec" else rendered(target="x")
    file.write_text(json.dumps(document))
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema=vendor.gitlab-ci"]
    done = subprocess.run([*command, str(file)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def test_nothing_from_outside_becomes_code() -> None:
    (described,) = YAML(typ="safe").load(documents()[1]).values()
    for text in (*described["before_script"], *described["script"]):
        assert "$[[" not in text
    inputs = documents()[0]
    text = TEMPLATE.read_text("utf-8")
    assert all(f"$[[ inputs.{name} ]]" in text for name in inputs)


def test_the_reports_are_where_gitlab_looks_for_them(job: Callable[..., Done]) -> None:
    (described,) = rendered(target="x").values()
    done = job()

    assert done.code == 1
    assert "TOK006" in done.out
    assert set(described["artifacts"]["reports"].values()) <= set(done.reports)
    assert json.loads(done.reports["repro.codequality.json"].read_text())
    assert "<failure" in done.reports["repro.junit.xml"].read_text()


def test_a_merge_request_is_measured_by_its_target_branch(job: Callable[..., Done]) -> None:
    assert job(request=False).code == 0, "by its own baseline it passes"
    assert job(request=True).code == 1


def test_a_first_policy_counts_where_the_target_branch_has_none(
    job: Callable[..., Done], tmp_path: Path
) -> None:
    git(tmp_path / "origin", "rm", "--quiet", "repro.toml")
    git(tmp_path / "origin", "commit", "--quiet", "--message=without")
    done = job()
    assert (done.code, "has no policy yet" in done.out) == (0, True)

    (tmp_path / "origin" / "pyproject.toml").write_text(GATE.replace("gate", "tool.repro.gate"))
    git(tmp_path / "origin", "add", "--all")
    git(tmp_path / "origin", "commit", "--quiet", "--message=again")
    assert job().code == 1


def test_variables_of_the_pipeline_are_known_in_inputs(
    job: Callable[..., Done], tmp_path: Path
) -> None:
    (tmp_path / "clone" / "abc.json").write_bytes(OLD)
    assert job(target="$CI_COMMIT_SHA.json").code == 0


def test_options_are_words(job: Callable[..., Done], tmp_path: Path) -> None:
    done = job(options="--no-canary --timeout 60 *;touch${IFS}pwned", request=False)
    assert done.code == 2
    assert not list(tmp_path.rglob("*pwned*"))


@pytest.mark.parametrize(
    "text",
    ["`touch pwned`", '" ; touch pwned ; "', "' ; touch pwned ; '", "x; touch pwned", "-o=pwned"],
)
@pytest.mark.parametrize("name", ["target", "policy", "baseline"])
def test_hostile_inputs_are_words_and_nothing_else(
    job: Callable[..., Done], tmp_path: Path, name: str, text: str
) -> None:
    assert job(**{name: text}).code == 2
    assert not list(tmp_path.rglob("pwned"))


def test_a_version_that_is_none_is_refused_by_gitlab() -> None:
    rendered(target="x", version="1.2.0rc1")
    with pytest.raises(AssertionError, match="refuses version"):
        rendered(target="x", version="1; touch pwned")
