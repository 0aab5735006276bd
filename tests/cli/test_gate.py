"""A gate passes what its policy allows, says what it does not, and never passes by accident."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from click.testing import CliRunner

from repro.cli.main import cli
from repro.errors import ReproError, UsageError
from repro.manifest import encode
from tests.manifests import known, manifest, unreadable

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Fact

OLD = known("python.package", "tokenizers", "0.21.1")
NEW = known("python.package", "tokenizers", "0.21.2")
GATE = '[gate]\nbaseline = "baseline.json"\n'
ALLOW = """
[[gate.allow]]
code = "TOK006"
subject = "tokenizers"
owner = "platform"
reason = "compared on the evaluation set"
expires = 2999-01-01
"""


class Project:
    """A folder with a policy, a baseline and a target."""

    def __init__(self, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self.folder = folder
        monkeypatch.chdir(folder)
        self.save("baseline.json", OLD)

    def save(self, name: str, *facts: Fact) -> None:
        (self.folder / name).write_bytes(encode(manifest(*facts, name=name)))

    def gate(self, *facts: Fact, policy: str = GATE) -> tuple[int, dict[str, Any]]:
        """Return the exit code and the report of a gate."""
        (self.folder / "repro.toml").write_text(policy, encoding="utf-8")
        self.save("target.json", *facts)
        arguments = ["gate", "target.json", "-f", "json"]
        result = CliRunner().invoke(cli, arguments, standalone_mode=False)
        if result.exception:
            raise result.exception
        return result.return_value, json.loads(result.stdout)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Project:
    return Project(tmp_path, monkeypatch)


def codes(report: dict[str, Any]) -> list[str]:
    return [finding["code"] for finding in report["findings"]]


def test_what_is_as_the_baseline_passes(project: Project) -> None:
    assert project.gate(OLD)[0] == 0


def test_drift_from_the_baseline_fails(project: Project) -> None:
    code, report = project.gate(NEW)
    assert (code, codes(report)) == (1, ["TOK006"])


def test_a_waiver_lets_its_finding_pass_and_is_printed(project: Project) -> None:
    code, report = project.gate(NEW, policy=GATE + ALLOW)
    assert (code, codes(report), report["notes"]) == (0, [], [])
    (waived,) = report["waived"]
    assert waived["finding"]["code"] == "TOK006"
    assert waived["waiver"]["owner"] == "platform"


def test_a_waiver_for_something_else_changes_nothing_and_is_said_to_match_nothing(
    project: Project,
) -> None:
    other = ALLOW.replace("TOK006", "TOK001")
    code, report = project.gate(NEW, policy=GATE + other)
    assert code == 1
    assert report["notes"] == ["the waiver of platform for TOK001 tokenizers matches nothing"]


def test_a_waiver_that_has_expired_holds_no_more(project: Project) -> None:
    code, report = project.gate(NEW, policy=GATE + ALLOW.replace("2999", "2020"))
    assert (code, codes(report)) == (1, ["TOK006"])
    assert "expired on 2020-01-01" in report["notes"][0]


def test_waived_findings_are_in_every_format(project: Project) -> None:
    project.gate(NEW, policy=GATE + ALLOW)
    for name in ("text", "markdown"):
        result = CliRunner().invoke(cli, ["gate", "target.json", "-f", name], standalone_mode=False)
        words = " ".join(result.stdout.split())
        assert "compared on the evaluation set; platform, until 2999-01-01" in words
        assert "ifferences, none that counts changes outputs (1 waived)" in words
        assert "waived:1" in words


def test_a_gate_writes_a_page(project: Project) -> None:
    project.gate(NEW, policy=GATE + ALLOW)
    arguments = ["gate", "target.json", "-o", "gate.html"]
    result = CliRunner().invoke(cli, arguments, standalone_mode=False)
    text = (project.folder / "gate.html").read_text(encoding="utf-8")
    assert result.return_value == 0
    assert text.startswith("<!doctype html>\n")
    assert "compared on the evaluation set" in text


@pytest.mark.parametrize(
    ("facts", "expected"),
    [
        ([known("gpu.device", "gpu0", compute_capability="9.0")], 0),
        ([], 3),
        ([unreadable("gpu.device", "*")], 3),
        ([unreadable("gpu", "*")], 3),
    ],
    ids=["seen", "none", "unreadable", "all unreadable"],
)
def test_a_gate_that_demands_a_gpu_is_not_passed_where_none_was_seen(
    project: Project, facts: list[Fact], expected: int
) -> None:
    project.save("baseline.json", OLD, *facts)
    code, report = project.gate(OLD, *facts, policy=GATE + 'require = ["gpu.device"]\n')
    assert code == expected
    assert ("REQUIRED" in codes(report)) is (expected == 3)


PIN = '[[gate.pin]]\nkind = "cuda.library"\nname = "cudnn"\n'


@pytest.mark.parametrize(
    ("version", "pin", "expected"),
    [
        ("9.10.2", 'versions = "==9.10.*"', 0),
        ("9.11.0", 'versions = "==9.10.*"', 1),
        ("570.1", 'versions = ">=550,<600"', 0),
        ("600", 'versions = ">=550,<600"', 1),
        (None, 'versions = ">=1"', 1),
        ("garbage", 'versions = ">=1"', 1),
    ],
)
def test_a_pin_holds_or_fails(
    project: Project, version: str | None, pin: str, expected: int
) -> None:
    cudnn = known("cuda.library", "cudnn", version)
    project.save("baseline.json", OLD, cudnn)
    code, report = project.gate(OLD, cudnn, policy=f"{GATE}{PIN}{pin}\n")
    assert (code, "PIN" in codes(report)) == (expected, bool(expected))


def test_a_pin_of_what_is_not_there_fails(project: Project) -> None:
    assert project.gate(OLD, policy=f'{GATE}{PIN}versions = ">=1"\n')[0] == 1


def test_a_pinned_setting_is_compared_by_its_value(project: Project) -> None:
    pin = '[[gate.pin]]\nkind = "setting"\nname = "OMP_NUM_THREADS"\nvalue = "{}"\n'
    fact = known("setting", "OMP_NUM_THREADS", value="8")
    project.save("baseline.json", OLD, fact)
    assert project.gate(OLD, fact, policy=GATE + pin.format(8))[0] == 0
    assert project.gate(OLD, fact, policy=GATE + pin.format(4))[0] == 1


def test_what_a_policy_demands_cannot_be_waived_by_it(project: Project) -> None:
    for code in ("REQUIRED", "PIN", "NOTHING"):
        waiver = ALLOW.replace("TOK006", code).replace('subject = "tokenizers"', 'subject = "*"')
        demands = 'require = ["gpu.device"]\n'
        assert project.gate(OLD, policy=GATE + demands + waiver)[0] == 3


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "[gate]\n",
        "[canary.a]\ncommand = 'x'\n",
        GATE + 'fail_on = "any"\n',
        GATE + 'fail-on = "sometimes"\n',
        GATE + "fail-on = 3\n",
        GATE + "impacts = []\n",
        GATE + 'impacts = ["vibes"]\n',
        GATE + "scopes = []\n",
        GATE + ALLOW.replace("owner", "boss"),
        GATE + ALLOW.replace('"platform"', '""'),
        GATE + ALLOW.replace("2999-01-01", '"someday"'),
        GATE + ALLOW.replace("2999-01-01", "2999-02-31"),
        GATE + ALLOW + ALLOW,
        GATE + PIN,
        GATE + PIN + 'versions = "about nine"\n',
        GATE + PIN + 'versions = "==9"\nvalue = "9"\n',
        GATE + "[[gate.pin]\n",
        "[gate]\nbaseline = 3\n",
        '[gate]\nfail-on = "any"\n',
        '[gate]\nbaseline = "no-such.json"\n',
        "[gates]\nbaseline = 'x'\n",
    ],
)
def test_a_policy_that_is_none_never_passes(project: Project, policy: str) -> None:
    with pytest.raises(ReproError):
        project.gate(OLD, policy=policy)


def test_without_any_policy_there_is_no_gate(project: Project) -> None:
    project.save("target.json", OLD)
    with pytest.raises(UsageError, match="no policy"):
        CliRunner().invoke(
            cli, ["gate", "target.json"], standalone_mode=False, catch_exceptions=False
        )


def test_the_policy_of_another_place_and_pyproject_s_are_read(
    project: Project, tmp_path: Path
) -> None:
    project.save("target.json", NEW)
    other = tmp_path / "base"
    other.mkdir()
    (other / "pyproject.toml").write_text(
        GATE.replace("[gate", "[tool.repro.gate").replace("baseline.json", "../baseline.json")
    )
    for arguments in (["--policy", "base/pyproject.toml"],):
        result = CliRunner().invoke(cli, ["gate", "target.json", *arguments], standalone_mode=False)
        assert result.return_value == 1


def test_a_first_policy_passes_its_own_manifest_and_is_not_written_twice(
    project: Project, tmp_path: Path
) -> None:
    run = CliRunner().invoke
    project.save("evaluated.json", OLD, known("tokenizer", "t"))
    result = run(cli, ["gate", "init", "evaluated.json"], standalone_mode=False)
    assert result.exception is None
    assert 'require = ["python.package", "tokenizer"]' in (tmp_path / "repro.toml").read_text()
    assert run(cli, ["gate", "evaluated.json"], standalone_mode=False).return_value == 0
    again = run(cli, ["gate", "init", "evaluated.json"], standalone_mode=False)
    assert isinstance(again.exception, UsageError)


def lint(*arguments: str) -> tuple[Exception | None, str]:
    result = CliRunner().invoke(cli, ["gate", "lint", *arguments], standalone_mode=False)
    return result.exception, result.stderr  # type: ignore[return-value]  # nothing exits here


def test_a_policy_is_checked_without_a_target(project: Project) -> None:
    place = project.folder / "repro.toml"
    place.write_text(GATE + ALLOW)
    assert lint() == (None, "")
    assert lint("repro.toml") == (None, "")

    place.write_text(GATE + ALLOW.replace("2999", "2020"))
    assert lint() == (
        None,
        "repro: warning: repro.toml: the waiver of platform for TOK006 expired on 2020-01-01\n",
    )


@pytest.mark.parametrize(
    ("code", "said"),
    [
        ("TOK06", "no rule has this code"),
        ("tok006", "no rule has this code"),
        ("TOK*", "no rule has this code"),
        ("PIN", "what the policy demands cannot be waived"),
        ("INFER", ""),
    ],
)
def test_a_waiver_that_lets_nothing_pass_is_found_without_a_target(
    project: Project, code: str, said: str
) -> None:
    (project.folder / "repro.toml").write_text(GATE + ALLOW.replace("TOK006", code))
    warned = f"repro: warning: repro.toml: the waiver of platform for {code} lets nothing pass"
    assert lint() == (None, f"{warned}: {said}\n" if said else "")


@pytest.mark.parametrize(
    "policy",
    [
        "",
        "[gate]\n",
        GATE + "fail-on = 3\n",
        GATE.replace("baseline.json", "missing.json"),
        GATE + "[canary.a]\n",
        GATE + '[attest]\nkeys = ["missing.pub"]\n',
        "[canary.a]\ncommand = 3\n",
    ],
)
def test_what_is_wrong_in_a_policy_is_found_without_a_target(project: Project, policy: str) -> None:
    (project.folder / "repro.toml").write_text(policy)
    assert isinstance(lint("repro.toml")[0], ReproError)


def test_where_there_is_no_policy_that_is_said(project: Project) -> None:
    expected = "there is no policy here: neither repro.toml nor [tool.repro] in pyproject.toml"
    assert str(lint()[0]) == expected
    (project.folder / "pyproject.toml").write_text("[project]\n")
    assert str(lint()[0]) == expected
    (project.folder / "repro.toml").write_text("[gate]\n")
    assert str(lint()[0]) == "repro.toml has no policy under [gate], or an empty one"


def test_files_that_are_no_policies_are_nothing_to_lint(project: Project) -> None:
    (project.folder / "repro.toml").write_text('[canary.a]\ncommand = "true"\n')
    (project.folder / "pyproject.toml").write_text('[project]\nname = "x"\n')
    assert lint("repro.toml", "pyproject.toml") == (None, "")


def test_a_damaged_baseline_is_found_without_a_target(project: Project) -> None:
    (project.folder / "repro.toml").write_text(GATE)
    (project.folder / "baseline.json").write_text("<<<<<<< HEAD\n")
    assert isinstance(lint()[0], ReproError)
