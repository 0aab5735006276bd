"""The action's steps do what they promise, run by a real shell against a stand-in for GitHub."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from integrations.github import comment
from repro.manifest import encode
from tests.integrations import github_api
from tests.integrations.runner import ROOT, Job, Runner, action, commands
from tests.manifests import known, manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from repro.manifest import Fact
    from tests.integrations.github_api import Api

OLD: Final = known("python.package", "tokenizers", "0.21.1")
NEW: Final = known("python.package", "tokenizers", "0.21.2")
GATE: Final = '[gate]\nbaseline = "evaluated.json"\n'
RAN: Final = ["Install repro", "Check the target", "Keep the reports"]
DRIFT: Final = ("suspect", "divergent")
"""What rules say of `NEW` is theirs to say: either counts."""
COMMENT: Final = "Comment on the pull request"
END: Final = "Pass or fail"


def save(path: Path, *facts: Fact) -> None:
    path.write_bytes(encode(manifest(*facts, name=path.name)))


def git(folder: Path, *arguments: str) -> str:
    said = ["-c", "user.name=t", "-c", "user.email=t@example.org", "-c", "commit.gpgsign=false"]
    command = ["git", *said, *arguments]
    return subprocess.run(
        command, cwd=folder, check=True, capture_output=True, text=True
    ).stdout.strip()


@pytest.fixture(scope="module")
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """RUNNER_TEMP: the environment that the action installs is made once."""
    return tmp_path_factory.mktemp("runner")


@pytest.fixture
def api() -> Iterator[Api]:
    with github_api.serving() as served:
        yield served


@pytest.fixture
def origin(tmp_path: Path) -> Path:
    """A repository whose main has a policy and a baseline."""
    origin = tmp_path / "origin"
    origin.mkdir()
    git(origin, "init", "--quiet", "--initial-branch=main")
    (origin / "repro.toml").write_text(GATE)
    save(origin / "evaluated.json", OLD)
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=base")
    return origin


@pytest.fixture
def job(tmp_path: Path, temporary: Path, origin: Path, api: Api) -> Callable[..., Job]:
    """Run the action on a pull request that changes files, as a checkout of depth 1 has them."""

    def run(*target: Fact, files: dict[str, str] | None = None, **inputs: str) -> Job:
        workspace = tmp_path / "workspace"
        if not workspace.exists():
            git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{origin}", "workspace")
            git(workspace, "switch", "--quiet", "--create=change")
        if base_is_gone := inputs.pop("forget", None):
            git(workspace, "checkout", "--quiet", "--orphan", base_is_gone)
            git(workspace, "commit", "--quiet", "--message=alone")
            git(workspace, "branch", "--quiet", "--delete", "--force", "main", "change")
        for name, text in (files or {}).items():
            (workspace / name).parent.mkdir(parents=True, exist_ok=True)
            (workspace / name).write_text(text)
        save(workspace / "target.json", *(target or (NEW,)))
        base = git(origin, "rev-parse", "HEAD")
        events: dict[str, dict[str, Any]] = {
            "request": {"pull_request": {"number": 7, "base": {"sha": base}}},
            "queue": {"merge_group": {"base_sha": base}},
            "push": {"ref": "refs/heads/x"},
        }
        event = inputs.pop("event", "request")
        runner = Runner(temporary, workspace, events[event], api.url)
        return runner.run(**{"target": "target.json", **inputs})

    return run


def test_it_is_an_action_as_github_describes_one() -> None:
    command = [sys.executable, "-m", "check_jsonschema", "--builtin-schema=vendor.github-actions"]
    done = subprocess.run(
        [*command, str(ROOT / "action.yml")], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout


def test_an_auditor_of_actions_finds_nothing() -> None:
    options = ["--offline", "--no-progress", "--no-config", "--persona=pedantic"]
    done = subprocess.run(
        [str(Path(sys.executable).parent / "zizmor"), *options, str(ROOT / "action.yml")],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_nothing_from_outside_becomes_code_and_what_it_uses_is_pinned() -> None:
    described = action()
    for step in described["runs"]["steps"]:
        assert "${{" not in step.get("run", "")
        assert re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", step.get("uses", f"a/b@{0:040}"))
    text = (ROOT / "action.yml").read_text("utf-8")
    for name in described["inputs"]:
        assert f"inputs.{name}" in text, f"{name} is used"
    secrets = [step["name"] for step in described["runs"]["steps"] if "token" in str(step)]
    assert secrets == [COMMENT], "one step alone sees the token"


def test_drift_fails_and_is_told_in_every_place(job: Callable[..., Job], api: Api) -> None:
    done = job()

    assert list(done.steps) == [*RAN, COMMENT, END]
    assert (done.failed, done.steps[END].code) == (True, 1)
    verdict = done.outputs["verdict"]
    assert (verdict in DRIFT, done.outputs["exit-code"]) == (True, "1")
    kept = Path(done.steps["Keep the reports"].given["path"])
    files = {"report.md", "report.json", "report.sarif", "junit.xml", "report.text"}
    assert files <= {path.name for path in kept.iterdir()}
    assert done.outputs["sarif"] == str(kept / "report.sarif")
    assert done.summary.startswith(f"## {verdict.capitalize()}\n")
    shown = done.steps["Check the target"].out
    assert "TOK006" in shown
    titles = [line.partition("::")[2].partition("::")[0] for line in commands(shown)]
    assert titles[0].partition(" ")[2] == f"title=repro%3A {verdict}"
    assert "TOK006" in titles[1]
    (written,) = api.comments
    assert written["body"].startswith(f"<!-- repro-diff repro -->\n## {verdict.capitalize()}\n")
    assert api.tokens == {"Bearer job-token"}


def test_the_same_comment_is_brought_up_to_date(job: Callable[..., Job], api: Api) -> None:
    for number in range(230):
        api.add(f"talk {number}", {"login": "somebody", "type": "User"})
    job()
    job(OLD)

    assert len(api.comments) == 231
    assert api.comments[-1]["body"].startswith("<!-- repro-diff repro -->\n## Identical")


def test_two_uses_have_two_comments(job: Callable[..., Job], api: Api) -> None:
    job(name="serving image")
    job(OLD, name="training image")
    job(OLD, name="serving image")

    assert [c["body"].split("\n")[:2] for c in api.comments] == [
        ["<!-- repro-diff serving image -->", "## Identical"],
        ["<!-- repro-diff training image -->", "## Identical"],
    ]


def test_what_somebody_else_marked_is_left_alone(job: Callable[..., Job], api: Api) -> None:
    forged = api.add("<!-- repro-diff repro -->\n## Identical", {"login": "x", "type": "User"})
    job()

    assert forged["body"].endswith("## Identical")
    assert "TOK006" in api.comments[1]["body"]


def test_a_person_s_token_finds_the_person_s_comment(job: Callable[..., Job], api: Api) -> None:
    api.login = "release-manager"
    mine = {"token": "hers"}
    job(**mine)
    job(OLD, **mine)

    assert len(api.comments) == 1
    assert "## Identical" in api.comments[0]["body"]
    assert api.tokens == {"Bearer hers"}


def test_a_change_cannot_loosen_what_it_is_measured_by(job: Callable[..., Job]) -> None:
    loose = {
        "repro.toml": GATE + 'fail-on = "never"\n',
        "evaluated.json": encode(manifest(NEW)).decode(),
    }
    assert job(files=loose).outputs["exit-code"] == "1"


def test_a_merge_queue_has_a_base_too_and_nobody_to_comment_to(
    job: Callable[..., Job], api: Api
) -> None:
    loose = {"repro.toml": GATE + 'fail-on = "never"\n'}
    assert job(files=loose, event="queue").outputs["exit-code"] == "1"
    assert api.asked == []


def test_a_push_is_measured_by_its_own_policy(job: Callable[..., Job], api: Api) -> None:
    loose = {"repro.toml": GATE + 'fail-on = "never"\n'}
    assert job(files=loose, event="push").outputs["exit-code"] == "0"
    assert api.asked == []


def test_the_base_is_fetched_where_the_checkout_lacks_it(job: Callable[..., Job]) -> None:
    loose = {"repro.toml": GATE + 'fail-on = "never"\n'}
    assert job(files=loose, forget="alone").outputs["exit-code"] == "1"


def test_without_a_checkout_it_is_said_and_nothing_passes(
    temporary: Path, tmp_path: Path, api: Api
) -> None:
    save(tmp_path / "target.json", OLD)
    event = {"pull_request": {"number": 7, "base": {"sha": "0" * 40}}}
    done = Runner(temporary, tmp_path, event, api.url).run(target="target.json")

    assert done.failed
    (error,) = commands(done.steps["Check the target"].out)
    assert "run actions/checkout first%0Agit: fatal: not a git repository" in error


def test_a_first_policy_counts_where_the_base_has_none(
    job: Callable[..., Job], origin: Path, api: Api
) -> None:
    git(origin, "rm", "--quiet", "repro.toml")
    (origin / "pyproject.toml").write_text('[project]\nname = "x"\n')
    git(origin, "add", "--all")
    git(origin, "commit", "--quiet", "--message=without")

    done = job(files={"repro.toml": GATE})

    assert done.outputs["exit-code"] == "1"
    assert "no policy yet" in commands(done.steps["Check the target"].out)[0]
    assert len(api.comments) == 1


def test_a_baseline_of_the_workspace_may_be_named(job: Callable[..., Job]) -> None:
    accepted = {"accepted.json": encode(manifest(NEW)).decode()}
    done = job(files=accepted, baseline="accepted.json")
    assert (done.failed, done.outputs["verdict"]) == (False, "identical")


def test_without_a_policy_a_baseline_and_a_threshold_will_do(job: Callable[..., Job]) -> None:
    done = job(baseline="evaluated.json", fail_on="never", formats="gitlab")
    assert (done.failed, done.outputs["verdict"] in DRIFT, done.outputs["sarif"]) == (
        False,
        True,
        "",
    )
    assert (Path(done.outputs["reports"]) / "codequality.json").exists()


@pytest.mark.parametrize(
    ("inputs", "said"),
    [
        ({"target": " "}, "the input target is empty"),
        ({"fail_on": "any"}, "fail-on without a baseline"),
        ({"fail_on": "any", "policy": "repro.toml"}, "a policy has its own fail-on"),
        ({"formats": "json=../../x"}, "is no format of a report"),
    ],
)
def test_inputs_that_make_no_sense_are_refused(
    job: Callable[..., Job], api: Api, inputs: dict[str, str], said: str
) -> None:
    done = job(**inputs)

    assert done.failed
    assert any(said in line for line in commands(done.steps["Check the target"].out))
    assert "## Could not run" in api.comments[0]["body"]


def test_what_could_not_run_is_no_verdict_and_no_pass(job: Callable[..., Job], api: Api) -> None:
    job(OLD)
    done = job(target="oci-archive:missing.tar")

    assert (done.steps[END].code, done.outputs["verdict"]) == (2, "")
    (written,) = api.comments
    assert "## Could not run" in written["body"], "an older verdict does not stand"
    assert "https://github.example/o/r/actions/runs/42" in written["body"]


def test_a_fork_s_token_may_not_comment_and_the_verdict_stands(
    job: Callable[..., Job], api: Api
) -> None:
    api.may_write = False
    done = job(OLD)

    assert not done.failed
    (warning,) = commands(done.steps[COMMENT].out)
    assert "the token needs pull-requests: write" in warning


def test_an_api_that_falters_is_asked_again(job: Callable[..., Job], api: Api) -> None:
    api.fail_first = 2
    job()
    assert len(api.comments) == 1


def test_comments_may_wait_for_drift_or_stay_away(job: Callable[..., Job], api: Api) -> None:
    job(OLD, comment="drift")
    assert api.comments == []
    job(comment="drift")
    job(OLD, comment="drift")
    assert "## Identical" in api.comments[0]["body"]
    api.asked.clear()
    assert COMMENT not in job(comment="never").steps
    assert api.asked == []


@pytest.mark.parametrize("size", [1_000, 65_400, 65_536])
def test_a_comment_is_never_longer_than_github_takes(tmp_path: Path, size: int) -> None:
    folded = "\n<details><summary>x</summary>\n\nwhy\n\n</details>\n"
    text = f"<!-- repro-diff -->\n## Divergent\n{folded * 2000}"
    (tmp_path / "report.md").write_text(text[:size])
    told = {"GITHUB_REPOSITORY": f"{'o' * 39}/{'r' * 100}", "REPRO_REPORTS": str(tmp_path)}

    body = comment.body(told)

    assert len(f"<!-- repro-diff {'n' * 64} -->\n{body}") <= github_api.LIMIT
    assert body.startswith("## Divergent\n")
    cut = size > 65_000
    assert ("More in the reports of the job." in body) is cut
    assert not cut or body.count("<details>") == body.count("</details>"), "nothing is left open"


HOSTILE: Final = (
    "$(touch pwned)",
    "`touch pwned`",
    "x; touch pwned #",
    '" && touch pwned && "',
    "' ; touch pwned ; '",
    "--output=pwned",
    "-opwned",
    "a\n::set-env name=X::pwned",
    "../../pwned",
)


@pytest.mark.parametrize(
    ("name", "text"),
    [
        *(("target", text) for text in HOSTILE),
        *((name, "".join(HOSTILE)) for name in ("policy", "baseline", "name", "version")),
    ],
)
def test_hostile_inputs_are_words_and_nothing_else(
    job: Callable[..., Job], tmp_path: Path, name: str, text: str
) -> None:
    done = job(**{name: text})

    assert not list(tmp_path.rglob("pwned"))
    for step in done.steps.values():
        assert not any(line.startswith("::set-env") for line in commands(step.out))
    if name != "name":
        assert done.failed


def test_what_an_image_says_is_no_command(job: Callable[..., Job], api: Api) -> None:
    evil = known("python.package", "x\n::add-mask::a\n##[set-env]\n<!-- repro-diff repro -->")
    done = job(OLD, evil)

    obeyed = commands(done.steps["Check the target"].out)
    assert {line.split(" ")[0] for line in obeyed} <= {"::error", "::warning", "::notice"}
    assert api.comments[0]["body"].count("<!--") == 1


def test_modules_of_the_workspace_are_not_imported(job: Callable[..., Job], tmp_path: Path) -> None:
    bad = "raise SystemExit(open('pwned', 'w').close() or 0)\n"
    names = ("repro/__init__.py", "repro/__main__.py", "click.py", "requests.py", "json.py")
    done = job(files=dict.fromkeys((*names, "sitecustomize.py"), bad))

    assert done.outputs["exit-code"] == "1"
    assert not list(tmp_path.rglob("pwned"))
