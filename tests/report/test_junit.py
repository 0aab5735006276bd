"""What readers of test reports see: which cases there are, and how each ended."""

from __future__ import annotations

from datetime import date
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import msgspec
import pytest
from hypothesis import given, settings

from repro.policy import Policy, Waiver
from repro.report import junit
from repro.report.plain import HOSTILE
from repro.rules.finding import Status
from repro.verdict import Waived
from tests.report import cases
from tests.report.test_terminal import verdicts

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.policy import FailOn
    from repro.verdict import Verdict

COUNTS = {"tests", "failures", "errors", "skipped"}
FORM = {
    "testsuites": ({"name", *COUNTS}, {"testsuite"}),
    "testsuite": ({"name", *COUNTS}, {"properties", "testcase"}),
    "properties": (set[str](), {"property"}),
    "property": ({"name", "value"}, set[str]()),
    "testcase": ({"classname", "name", "time"}, {"failure", "error", "skipped", "system-out"}),
    "failure": ({"type", "message"}, set[str]()),
    "error": ({"type", "message"}, set[str]()),
    "skipped": ({"message"}, set[str]()),
    "system-out": (set[str](), set[str]()),
}
"""Attributes and children by element: what all readers agree on (there is no standard)."""


def suites(verdict: Verdict) -> ET.Element:
    """The report, parsed, with its form and its counts checked."""
    root = ET.fromstring(junit.render(verdict).encode())  # noqa: S314  # our own
    assert root.tag == "testsuites"
    for element in root.iter():
        attributes, children = FORM[element.tag]
        assert set(element.attrib) == attributes
        assert {child.tag for child in element} <= children
        if element.tag == "testcase":
            assert len(element) <= 1
        if element.tag in {"testsuites", "testsuite"}:
            assert {key: int(element.attrib[key]) for key in COUNTS} == counts(element)
    named = [(case.attrib["classname"], case.attrib["name"]) for case in root.iter("testcase")]
    assert len(set(named)) == len(named), "GitLab takes two of one name for one"
    return root


def counts(element: ET.Element) -> dict[str, int]:
    tags = {"tests": "testcase", "failures": "failure", "errors": "error", "skipped": "skipped"}
    return {key: len(list(element.iter(tag))) for key, tag in tags.items()}


def ends(verdict: Verdict) -> dict[str, str]:
    """How each case ended, by its name."""
    found = {}
    for case in suites(verdict).iter("testcase"):
        tags = [child.tag for child in case if child.tag != "system-out"]
        found[case.attrib["name"]] = tags[0] if tags else "pass"
    return found


def under(fail_on: FailOn, verdict: Verdict) -> Verdict:
    return msgspec.structs.replace(verdict, policy=Policy(fail_on=fail_on))


@pytest.mark.parametrize("fail_on", ["divergent", "suspect", "any", "never"])
@pytest.mark.parametrize("name", cases.CASES)
def test_a_report_is_red_exactly_where_the_exit_code_is(name: str, fail_on: FailOn) -> None:
    verdict = under(fail_on, cases.CASES[name]())
    ended = set(ends(verdict).values())
    assert ("failure" in ended) >= (verdict.exit_code == 1)
    assert ("error" in ended) >= (verdict.exit_code == 3)
    assert bool(ended & {"failure", "error"}) == bool(verdict.exit_code)


def test_a_case_fails_where_the_policy_forbids_its_finding() -> None:
    found = ends(cases.divergent())
    assert found["verdict"] == found["TOK001 tokenizers"] == "failure"
    assert found["CUD011 cublas (loaded)"] == "failure"
    assert found["BYSTAND tqdm"] == found["CUD020 cudnn (on disk)"] == "pass"
    mild = ends(under("divergent", cases.divergent()))
    assert mild["TOK001 tokenizers"] == "failure"
    assert mild["CUD011 cublas (loaded)"] == "pass"
    assert ends(under("any", cases.equivalent()))["BYSTAND tqdm"] == "failure"
    assert set(ends(under("never", cases.divergent())).values()) == {"pass"}


def test_what_could_not_be_judged_errs_and_is_skipped_only_where_nothing_counts() -> None:
    assert ends(cases.indeterminate())["UNREAD nvidia"] == "error"
    assert ends(under("never", cases.indeterminate()))["UNREAD nvidia"] == "skipped"


def test_scopes_that_were_left_out_are_skipped_with_the_reason() -> None:
    root = suites(cases.static())
    skipped = root.findall("testsuite/testcase[@name='not compared']/skipped")
    assert len(skipped) == 2
    assert "A and B were read, not run" in skipped[0].attrib["message"]
    assert ends(cases.identical())["nothing found"] == "pass"


def test_what_is_waived_is_skipped_with_who_answers_for_it() -> None:
    waiver = Waiver(code="TOK001", owner="ml", reason="compared", expires=date(2027, 1, 31))
    waived = (Waived(finding=cases.finding(), waiver=waiver),)
    root = suites(msgspec.structs.replace(cases.equivalent(), waived=waived))
    (skipped,) = root.findall("testsuite/testcase[@name='TOK001 tokenizers']/skipped")
    assert "compared; ml, until 2027-01-31" in skipped.attrib["message"]


def test_a_failure_holds_values_reason_advice_layers_and_sources() -> None:
    root = suites(cases.static())
    (case,) = root.findall("testsuite/testcase[@name='TOK001 tokenizers']")
    assert case.attrib["classname"] == "repro.image.python.package"
    (failure,) = case
    assert failure.attrib["message"].startswith("divergent: tokenizers: Added tokens")
    assert failure.text
    lines = failure.text.splitlines()
    assert "0.19.1 → 0.20.3" in lines[0]
    assert "Do: Pin tokenizers" in lines[0]
    assert lines[2].startswith("Layer: B 4/8 sha256:b7e21c4d09b8")
    assert lines[3].startswith("Source: https://github.com/")


def test_cases_of_one_name_are_numbered() -> None:
    found = ends(cases.verdict(Status.DIVERGENT, [cases.finding(), cases.finding()]))
    assert {"TOK001 tokenizers", "TOK001 tokenizers (2)"} <= set(found)


@pytest.mark.parametrize(
    "text", ["\x00", "\x1b[31m", "\ufffe\uffff", "\ud800", "]]>", "<!--", "&x;"]
)
def test_what_xml_cannot_hold_becomes_a_visible_escape(text: str) -> None:
    finding = cases.finding(text, why=text, title=text, advice=text)
    suites(cases.verdict(Status.DIVERGENT, [finding]))


@settings(max_examples=60)
@given(verdicts())
def test_whatever_the_text_the_report_parses_and_is_inert(verdict: Verdict) -> None:
    root = suites(verdict)
    cases_ = list(root.iter("testcase"))
    assert len([c for c in cases_ if c.attrib["name"] not in QUIET]) == len(verdict.findings)
    assert not [text for text in texts(root) if HOSTILE.search(text)]
    assert set(HOSTILE.findall(junit.render(verdict))) == {"\n"}


QUIET = {"verdict", "nothing found", "not compared"}


def texts(root: ET.Element) -> Iterable[str]:
    for element in root.iter():
        yield from element.attrib.values()
        yield from (element.text or "").splitlines()
