"""What GitHub's runner takes from a job's output, read as the runner reads it."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, NamedTuple

import pytest
from hypothesis import given, settings

from repro.report import github, github_summary, markdown
from repro.report.plain import HOSTILE, plain, prose
from repro.rules.finding import Status
from tests.report import cases
from tests.report.test_terminal import verdicts

if TYPE_CHECKING:
    from repro.verdict import Verdict

COMMAND = re.compile(r"::(?P<level>[a-z]+) (?P<properties>.*?)::(?P<data>.*)")
"""A command begins a line; its properties end at the first `::`."""


class Annotation(NamedTuple):
    level: str
    title: str
    text: str


def read(verdict: Verdict) -> list[Annotation]:
    """Each line as a command; every line has to be one, and to have a title alone."""
    text = github.render(verdict)
    assert text.endswith("\n")
    found = []
    for line in text[:-1].split("\n"):
        command = COMMAND.fullmatch(line)
        assert command, line
        keys = dict(part.split("=", 1) for part in command["properties"].split(","))
        assert list(keys) == ["title"]
        found.append(Annotation(command["level"], _plain(keys["title"]), _plain(command["data"])))
    return found


def _plain(text: str) -> str:
    for escape, character in (("%3A", ":"), ("%2C", ","), ("%0D", "\r"), ("%0A", "\n")):
        text = text.replace(escape, character)
    return text.replace("%25", "%")


def test_the_verdict_comes_first_and_findings_by_their_level() -> None:
    found = read(cases.divergent())
    assert [each.level for each in found] == ["error"] * 4 + ["warning", "notice"]
    assert found[0].title == "repro: divergent"
    assert "outputs will differ: 1 finding changes tokens" in found[0].text
    assert "exit 1: drift at or over the threshold" in found[0].text
    assert found[1].title == "TOK001 tokenizers: Added tokens are split in another way"
    assert "0.19.1 → 0.20.3" in found[1].text
    assert "Do: Pin tokenizers" in found[1].text


def test_nothing_that_differs_is_one_notice() -> None:
    (only,) = read(cases.identical())
    assert only[:2] == ("notice", "repro: identical")


def test_what_could_not_be_read_is_an_error() -> None:
    assert [each.level for each in read(cases.indeterminate())] == ["error", "error"]


def test_more_than_github_shows_is_counted() -> None:
    heavy = [
        cases.finding(f"{status}-{n}", status=status)
        for status in (Status.DIVERGENT, Status.SUSPECT)
        for n in range(25)
    ]
    found = read(cases.verdict(Status.DIVERGENT, heavy))
    assert Counter(each.level for each in found) == {"error": 10, "warning": 10}
    assert found[9].title == "repro: 17 more", "the verdict is one of the ten"
    assert found[19].title == "repro: 16 more"


@pytest.mark.parametrize(
    "text",
    [
        "x\n::error::y",
        "x\r\n::stop-commands::y",
        "a::b",
        "a,file=/etc/passwd,line=1::b",
        "%0A::error::y",
        "##[command]rm",
    ],
)
def test_text_from_an_image_is_no_command_and_no_property(text: str) -> None:
    finding = cases.finding(text, code=text, title=text, why=text, advice=text)
    found = read(cases.verdict(Status.DIVERGENT, [finding], b=cases.subject(text, "b")))
    assert len(found) == 2
    assert found[1].title == f"{plain(text)} {plain(text)}: {prose(text)}", "it ends where it ends"
    whole = "".join([*found[1]])
    assert not {"\r", "\n"} & set(whole), "what came as a line break is white space, or visible"
    assert text.splitlines()[-1] in found[1].text


@settings(max_examples=60)
@given(verdicts())
def test_whatever_the_text_there_are_as_many_commands_as_findings(verdict: Verdict) -> None:
    assert len(read(verdict)) == 1 + sum(
        finding.status is not Status.EQUIVALENT for finding in verdict.findings
    )
    assert set(HOSTILE.findall(github.render(verdict))) == {"\n"}


def test_a_summary_is_the_comment_without_its_marker() -> None:
    for case in (cases.divergent, cases.static, cases.hostile):
        text = github_summary.render(case())
        assert f"{markdown.MARKER}\n{text}" == markdown.render(case())


def test_a_summary_has_room_for_more_than_a_comment() -> None:
    text = github_summary.render(cases.many())
    assert len(re.findall(r"^\| <code>PKG", text, re.MULTILINE)) == 500
    assert text.count("<details><summary><code>PKG") >= 490


def test_even_the_longest_summary_fits() -> None:
    texts = dict.fromkeys(("old", "new", "why", "title", "advice"), "\U0001f600" * 9_000)
    findings = [
        cases.finding(f"\U0001f600{number}", status=status, **texts)
        for status in Status
        for number in range(200)
    ]
    text = github_summary.render(cases.verdict(Status.DIVERGENT, findings))
    assert 500_000 < len(text.encode()) <= 1 << 20
