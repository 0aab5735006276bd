"""What reports on many say: the samples, every width, and nothing that acts."""

from __future__ import annotations

import csv
import json
import os
import re
from io import StringIO
from pathlib import Path
from xml.etree import ElementTree as ET

import jsonschema
import msgspec
import pytest
from rich.cells import cell_len

from repro.policy import Policy
from repro.report.plain import HOSTILE
from repro.report.survey import FORMATS, json_report, markdown, terminal
from repro.rules.finding import Status
from repro.survey import Survey, survey
from tests.manifests import known, manifest
from tests.report import surveys

ROOT = Path(__file__).parents[2]
SAMPLES = {
    "text": ("fleet.txt", surveys.odd),
    "json": ("fleet.json", surveys.grouped),
    "markdown": ("fleet.md", surveys.odd),
    "junit": ("fleet.junit.xml", surveys.grouped),
    "github": ("fleet.github.txt", surveys.odd),
    "csv": ("fleet.csv", surveys.odd),
    "html": ("fleet.html", surveys.odd),
    "prometheus": ("fleet.prom", surveys.odd),
}
ESCAPE = re.compile("\x1b\\[[0-9;]*m")


@pytest.mark.parametrize("name", FORMATS)
def test_the_rendered_sample_is_what_the_format_writes(name: str) -> None:
    file, case = SAMPLES[name]
    path, text = ROOT / "reports" / file, FORMATS[name].render(case())
    if os.environ.get("REPRO_UPDATE_GOLDEN") == "1":
        path.write_bytes(text.encode())
    assert path.read_bytes().decode() == text


def test_the_command_line_knows_the_formats_by_the_same_names() -> None:
    from repro.cli import reporting  # noqa: PLC0415 - others need no command line

    assert tuple(FORMATS) == reporting.MANY
    assert all(name == found.name for name, found in FORMATS.items())


@pytest.mark.parametrize("case", surveys.CASES)
@pytest.mark.parametrize("name", FORMATS)
def test_nothing_in_a_report_acts_or_hides(name: str, case: str) -> None:
    text = FORMATS[name].render(surveys.CASES[case]())
    assert text.endswith("\n")
    left = text.replace("\r\n", "\n") if name == "csv" else text
    assert HOSTILE.search(left.replace("\n", "")) is None


@pytest.mark.parametrize("case", surveys.CASES)
@pytest.mark.parametrize("width", [1, 40, 47, 60, 80, 100, 200])
def test_lines_fit_the_width(case: str, width: int) -> None:
    for everything in (False, True):
        text = terminal.render(surveys.CASES[case](), width=width, everything=everything)
        lines = text.splitlines()
        assert [line for line in lines if cell_len(line) > min(max(width, 40), 120)] == []
        assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("case", surveys.CASES)
def test_colour_adds_escapes_and_changes_nothing_else(case: str) -> None:
    found = surveys.CASES[case]()
    bare, styled = (terminal.render(found, width=80, color=color) for color in (False, True))
    assert ESCAPE.sub("", styled) == bare != styled


def test_who_is_odd_and_in_what_is_on_the_first_screen() -> None:
    first = "\n".join(terminal.render(surveys.odd(), width=80).splitlines()[:40])
    for said in ("h100-57", "0.21.2", "h100-59", "535.104.05", "from the reference", "×52"):
        assert said in first


def test_the_image_and_the_host_are_told_apart() -> None:
    text = " ".join(terminal.render(surveys.odd()).split())
    assert "5 in the image alone; 1 in the run alone; 2 in the host alone" in text


def test_of_groups_what_is_between_them_decides_nothing() -> None:
    found = surveys.grouped()
    text = terminal.render(found)
    assert found.between[0].verdict.status is Status.SUSPECT
    assert "between groups, which decides nothing (1)" in text
    assert "it is alone in the group gpu.device@name NVIDIA L40S" in text


def test_a_reference_that_is_not_like_most_says_so() -> None:
    assert "where the reference is not like most" not in terminal.render(surveys.odd())
    text = terminal.render(surveys.split())
    assert "where the reference is not like most (1)" in text
    assert "tokenizers: 0.20.3 ×2, 0.21.2 ×3" in text


def test_json_fits_its_schema_and_names_each_finding_once() -> None:
    schema = json_report.schema()
    jsonschema.Draft202012Validator.check_schema(schema)
    for case in surveys.CASES.values():
        text = json_report.render(case())
        jsonschema.validate(json.loads(text), schema)
        found = msgspec.json.decode(text, type=json_report.Report)
        assert len({msgspec.json.encode(f) for f in found.findings}) == len(found.findings)


def test_junit_has_a_case_a_subject_and_is_red_where_the_exit_code_is() -> None:
    for case in surveys.CASES.values():
        found = case()
        root = ET.fromstring(FORMATS["junit"].render(found))  # noqa: S314  # our own
        cases = list(root.iter("testcase"))
        assert len(cases) == found.subjects + 1
        assert bool(root.findall(".//failure") or root.findall(".//error")) == bool(found.exit_code)
        lost = root.findall(".//testsuite[@name='repro: not judged']//error")
        assert len(lost) == len(found.unjudged)


def test_csv_names_every_subject_and_holds_no_formula() -> None:
    for case in surveys.CASES.values():
        found = case()
        rows = list(csv.reader(StringIO(FORMATS["csv"].render(found))))
        assert len({row[1] for row in rows[1:]}) == found.subjects
        assert all(len(row) == len(rows[0]) for row in rows)
        assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)


def test_a_comment_has_room_for_the_largest_survey() -> None:
    for found in (surveys.many(), _wide()):
        assert len(markdown.render(found)) < 65_536
    assert "more facts are not shown" in markdown.render(_wide())


def _wide() -> Survey:
    """Many facts with many long values."""
    subjects = [
        (
            f"s{n}",
            manifest(*(known("python.package", f"p-{i}" * 9, f"{n}" * 50) for i in range(200))),
        )
        for n in range(9)
    ]
    return survey(subjects, surveys.RULES, Policy())


@pytest.mark.parametrize("case", surveys.CASES)
def test_what_cannot_be_judged_is_never_a_pass(case: str) -> None:
    found = surveys.CASES[case]()
    never = msgspec.structs.replace(found, policy=Policy(fail_on="never"))
    assert not (found.unjudged and never.exit_code == 0)
    root = ET.fromstring(FORMATS["junit"].render(never))  # noqa: S314  # our own
    lost = [suite for suite in root if suite.get("name") == "repro: not judged"]
    assert sum(int(suite.get("errors", "0")) for suite in lost) == len(found.unjudged)


def test_the_page_about_fleets_quotes_the_sample() -> None:
    page = (ROOT / "docs" / "fleet.md").read_text("utf-8")
    quoted = page.partition("```\nDIVERGENT")[2].partition("```")[0]
    sample = (ROOT / "reports" / "fleet.txt").read_text("utf-8")
    assert quoted
    assert sample.startswith(f"DIVERGENT{quoted}")
