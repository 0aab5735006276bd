"""What a program reads: valid under the published schema, complete, the same bytes."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import jsonschema
import msgspec
import pytest
from hypothesis import given, settings

from repro.policy import Policy
from repro.report import json_report
from repro.report.plain import HOSTILE
from repro.rules.finding import Impact, Status
from tests.report import cases
from tests.report.test_terminal import verdicts

if TYPE_CHECKING:
    from repro.verdict import Verdict

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize("name", cases.CASES)
def test_every_report_is_valid_under_the_schema(name: str) -> None:
    schema = json_report.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(json.loads(json_report.render(cases.CASES[name]())), schema)


def test_the_schema_refuses_what_is_no_report() -> None:
    report = json.loads(json_report.render(cases.divergent()))
    report["findings"][0]["impact"] = "colour"
    with pytest.raises(jsonschema.ValidationError, match="colour"):
        jsonschema.validate(report, json_report.schema())


def test_a_report_says_all_that_a_verdict_holds() -> None:
    report = json.loads(json_report.render(cases.divergent()))
    assert report["schema"] == "repro/report/1.3"
    assert report["status"] == "divergent"
    assert report["exit_code"] == 1
    assert report["tally"] == {
        "divergent": 3,
        "unreadable": 0,
        "suspect": 1,
        "equivalent": 11,
        "shared": 1,
    }
    assert report["policy"] == {
        "fail_on": "suspect",
        "impacts": list(Impact),
        "require": [],
        "pins": [],
        "waivers": [],
    }
    first = report["findings"][0]
    assert first["change"]["fields"] == [{"path": "version", "old": "0.19.1", "new": "0.20.3"}]
    assert first["change"]["old"]["properties"] == {"environment": "/opt/venv"}
    assert len(first["sources"]) == 2
    assert report["findings"][-1]["change"] is None


def test_layers_and_scopes_are_given_whole() -> None:
    report = json.loads(json_report.render(cases.static()))
    out = {"reason": "not taken", "sides": ["a", "b"]}
    left_out = {"process": out, "host": out}
    assert report["scopes"] == {"asked": False, "compared": ["image"], "left_out": left_out}
    assert report["layers"] == {"shared": 2, "a": 5, "b": 6}
    origin = report["findings"][0]["origin"]
    assert origin["a"] == {
        "layer": 4,
        "of": 7,
        "digest": "sha256:" + "a7e21c4d09b8f6a3" * 4,
        "step": "RUN pip install -r requirements.txt",
        "shared": False,
    }
    assert report["findings"][1]["origin"]["a"] is None
    assert report["findings"][-1]["origin"] is None


def test_no_field_of_a_verdict_or_a_finding_is_forgotten() -> None:
    verdict = cases.divergent()
    report = json.loads(json_report.render(verdict))
    assert set(verdict.__struct_fields__) <= set(report)
    assert set(verdict.findings[0].__struct_fields__) == set(report["findings"][0])
    assert set(Policy.__struct_fields__) == set(report["policy"])


def test_keys_are_sorted_and_the_file_ends_in_a_line_feed() -> None:
    text = json_report.render(cases.hostile())
    data = json.loads(text)
    assert list(data) == sorted(data)
    assert list(data["findings"][0]["change"]) == sorted(data["findings"][0]["change"])
    assert text.endswith("}\n")


def test_strings_keep_their_data_and_a_lone_surrogate_becomes_its_escape() -> None:
    text = json_report.render(cases.hostile())
    name = json.loads(text)["a"]["name"]
    assert name == cases.HOSTILE.replace("\ud800", "\\ud800")
    assert msgspec.json.decode(text.encode())["a"]["name"] == name, "strict parsers take it too"


def test_nothing_in_the_file_acts_on_a_terminal() -> None:
    assert set(HOSTILE.findall(json_report.render(cases.hostile()))) == {"\n"}


def test_another_hash_seed_gives_the_same_bytes() -> None:
    code = (
        "import sys; from repro.report import FORMATS; from tests.report import cases\n"
        "for f in FORMATS.values(): sys.stdout.buffer.write(f.render(cases.divergent()).encode())"
    )
    outputs = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT)},
            cwd=ROOT,
            check=True,
            capture_output=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(outputs) == 1


@settings(max_examples=60)
@given(verdicts())
def test_any_text_survives_a_strict_parser(verdict: Verdict) -> None:
    data = msgspec.json.decode(json_report.render(verdict).encode())
    for finding, reported in zip(verdict.findings, data["findings"], strict=True):
        assert reported["subject"] == _without_surrogates(finding.subject)
        assert Status(reported["status"]) is finding.status


def _without_surrogates(text: str) -> str:
    return text.encode("utf-8", "backslashreplace").decode()
