"""One finding is explained in full, from a report that may come from anywhere."""

from __future__ import annotations

from pathlib import Path

import pytest
from click.testing import CliRunner

from repro.cli.main import cli
from repro.errors import UsageError
from repro.report import explaining, json_report

SAMPLE = Path(__file__).parents[2] / "reports" / "sample.json"
REPORT = json_report.parse(SAMPLE.read_bytes(), "sample.json")


def run(*arguments: str, text: str | None = None) -> str:
    result = CliRunner().invoke(cli, ["explain", *arguments], input=text, standalone_mode=False)
    if result.exception:
        raise result.exception
    return result.stdout


def test_findings_are_listed_with_numbers_that_choose_them() -> None:
    lines = run(str(SAMPLE)).splitlines()
    assert len(lines) == len(REPORT.findings)
    for number, finding in enumerate(REPORT.findings, 1):
        assert lines[number - 1].startswith(f"#{number} ")
        assert explaining.chosen(REPORT.findings, f"#{number}") == [finding]


@pytest.mark.parametrize("finding", REPORT.findings, ids=lambda f: f"{f.code} {f.subject}")
def test_all_that_is_known_of_a_finding_is_said(finding: json_report.ReportedFinding) -> None:
    text = explaining.explained(finding, 100)
    words = " ".join(text.split())
    assert finding.code in words
    assert str(finding.status) in words
    assert all(source in text for source in finding.sources)
    if finding.status.rank > 1:
        assert "What to do:" in text


def test_values_that_are_too_long_for_a_line_stand_below_each_other() -> None:
    finding = REPORT.findings[0]
    one = next(x for x in explaining.explained(finding, 100).splitlines() if " → " in x)
    head, old, new = one[:11], *one[11:].split(" → ")
    narrow = explaining.explained(finding, len(one) - 1).splitlines()
    assert narrow[narrow.index(head + old) + 1] == f"         → {new}"


def test_a_finding_is_chosen_by_code_and_by_what_it_is_about() -> None:
    first = REPORT.findings[0]
    assert first in explaining.chosen(REPORT.findings, first.code.lower())
    assert first in explaining.chosen(REPORT.findings, first.subject)


@pytest.mark.parametrize("wanted", ["#0", "#999", "NOPE000"])
def test_a_finding_that_is_not_there_is_a_usage_error(wanted: str) -> None:
    with pytest.raises(UsageError, match="has no finding"):
        run(str(SAMPLE), wanted)


@pytest.mark.parametrize(
    "text",
    ["", "{}", "[1", '{"schema": "repro/report/1.2"}', '{"schema": 3}', "nul"],
)
def test_what_is_no_report_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is no report"):
        run("-", text=text)


def test_a_report_of_a_later_major_version_is_refused() -> None:
    later = SAMPLE.read_text("utf-8").replace("repro/report/1.", "repro/report/2.", 1)
    with pytest.raises(UsageError, match=r"repro/report/2\."):
        run("-", text=later)


def test_what_acts_on_a_terminal_is_shown_as_an_escape() -> None:
    hostile = SAMPLE.read_text("utf-8").replace('"subject": "', '"subject": "\\u001b[31m\\u202e', 1)
    text = run("-", "#1", text=hostile) + run("-", text=hostile)
    assert "\x1b" not in text
    assert "\u202e" not in text
