"""What GitLab shows in a merge request, held to the fields that its documents demand."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest
from hypothesis import given, settings

from repro.report import gitlab
from repro.report.plain import HOSTILE
from repro.rules.finding import Status
from tests.report import cases
from tests.report.test_terminal import verdicts

if TYPE_CHECKING:
    from repro.verdict import Verdict

TEXT = {"type": "string", "minLength": 1}
SCHEMA = {
    "type": "array",
    "items": {
        "type": "object",
        "required": ["description", "check_name", "fingerprint", "severity", "location"],
        "additionalProperties": False,
        "properties": {
            "description": TEXT,
            "check_name": TEXT,
            "fingerprint": {"type": "string", "pattern": "^[0-9a-f]{64}$"},
            "severity": {"enum": ["info", "minor", "major", "critical", "blocker"]},
            "location": {
                "type": "object",
                "required": ["path", "lines"],
                "properties": {
                    "path": {"type": "string", "pattern": r"^(?!\.?/)(?!\.)[^\\]+$"},
                    "lines": {
                        "type": "object",
                        "required": ["begin"],
                        "properties": {"begin": {"type": "integer", "minimum": 1}},
                    },
                },
            },
        },
    },
}
"""Written from docs.gitlab.com, "Code Quality report format": GitLab publishes no schema of it."""


def rows(verdict: Verdict) -> Any:
    found = json.loads(gitlab.render(verdict))
    jsonschema.validate(found, SCHEMA)
    assert len({row["fingerprint"] for row in found}) == len(found), "GitLab drops the second"
    return found


@pytest.mark.parametrize("name", cases.CASES)
def test_every_report_has_the_fields_that_are_demanded(name: str) -> None:
    rows(cases.CASES[name]())


def test_a_row_is_as_grave_as_its_status() -> None:
    found = [(row["check_name"], row["severity"]) for row in rows(cases.divergent())]
    assert found == [
        ("TOK001", "critical"),
        ("TPL002", "critical"),
        ("SET004", "critical"),
        ("CUD011", "minor"),
        ("CUD020", "info"),
    ]
    assert [row["severity"] for row in rows(cases.indeterminate())] == ["major"]
    assert rows(cases.equivalent()) == []


def test_a_row_says_what_why_and_what_to_do_and_names_the_target() -> None:
    side = cases.subject("/registry.example/../serve:2", "b")
    row = rows(cases.verdict(Status.DIVERGENT, [cases.finding(advice="Pin it.")], b=side))[0]
    assert row["description"] == (
        "tokenizers: Added tokens are split in another way (0.19.1 → 0.20.3; tokens, documented)."
        " The two releases put text into different tokens. Do: Pin it."
    )
    assert row["location"] == {"path": "registry.example/serve:2", "lines": {"begin": 1}}


@settings(max_examples=60)
@given(verdicts())
def test_whatever_the_text_the_report_is_valid_and_inert(verdict: Verdict) -> None:
    alerts = [f for f in verdict.findings if f.status is not Status.EQUIVALENT]
    assert len(rows(verdict)) == len(alerts)
    assert set(HOSTILE.findall(gitlab.render(verdict))) == {"\n"}
