"""What a reviewer reads under a pull request, parsed by a real Markdown parser."""

from __future__ import annotations

import html
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from markdown_it import MarkdownIt

from repro.diff import Origins
from repro.report import markdown
from repro.rules.finding import Status
from tests.report import cases
from tests.report.test_terminal import verdicts

if TYPE_CHECKING:
    from repro.verdict import Verdict

TAG = re.compile(r"</?([a-z]+[0-9]?)((?: [^>]*)?)/?>")


def page(verdict: Verdict) -> str:
    """The comment as HTML, raw HTML included, as a host of pull requests renders it."""
    parser = MarkdownIt("commonmark", {"html": True}).enable("table")
    return str(parser.render(markdown.render(verdict)))


def tables(verdict: Verdict) -> list[list[int]]:
    """For each table, the number of cells of each row."""
    bodies = re.findall(r"<table>.*?</table>", page(verdict), re.DOTALL)
    return [
        [
            len(re.findall(r"<t[hd][ >]", row))
            for row in re.findall(r"<tr>.*?</tr>", body, re.DOTALL)
        ]
        for body in bodies
    ]


@pytest.mark.parametrize("name", cases.CASES)
def test_a_comment_fits_the_limit_and_begins_with_the_marker(name: str) -> None:
    text = markdown.render(cases.CASES[name]())
    assert len(text) <= 65_536
    assert text.startswith("<!-- repro-diff -->\n## ")
    assert text.endswith("\n")


def test_what_does_not_fit_is_counted_and_said_where_it_is() -> None:
    text = markdown.render(cases.many())
    rows = len(re.findall(r"^\| <code>PKG", text, re.MULTILINE))
    blocks = text.count("<details><summary><code>PKG")
    assert rows > 50
    assert f"\n{500 - rows} more not shown in this table; the text and JSON reports" in text
    assert f"\nDetails not shown for {500 - blocks} of 500; the text and JSON reports" in text
    assert "500 without effect on outputs" in text
    assert "2 findings ignored" in text


def test_even_the_longest_texts_fit() -> None:
    texts = dict.fromkeys(("old", "new", "why", "title", "advice"), "|" * 9_000)
    findings = [
        cases.finding("|" * 9_000, status=status, sources=("|" * 999,), **texts)
        for status in Status
        for _ in range(40)
    ]
    assert len(markdown.render(cases.verdict(Status.DIVERGENT, findings))) <= 65_536


def test_the_table_lists_the_worst_first_with_both_values() -> None:
    lines = markdown.render(cases.divergent()).splitlines()
    rows = [line for line in lines if line.startswith("| <code>")]
    codes = [re.findall(r"[A-Z]{3}[0-9]{3}", row)[:1] for row in rows]
    assert codes[:4] == [["TOK001"], ["TPL002"], ["SET004"], ["CUD011"]]
    assert rows[0].endswith("| <code>0.19.1</code> → <code>0.20.3</code> | tokens | measured |")


def test_details_hold_reason_advice_canary_and_a_link_to_the_source() -> None:
    body = page(cases.divergent())
    assert "14 of 300 strings" in body
    assert "<strong>Do:</strong> Pin tokenizers" in body
    assert '<a href="https://github.com/huggingface/tokenizers/releases/tag/v0.20.0">' in body
    assert "<code>numerics</code>, run on both sides, would settle it" in body
    assert body.count("<details>") == body.count("</details>") == 6


def test_layers_are_summed_up_and_named_in_the_details() -> None:
    text = markdown.render(cases.static())
    digest = "<code>sha256&#58;b7e21c4d09b8</code>"
    step = "<code>RUN &#124;1 HF_TOKEN pip install -r requirements.txt</code>"
    assert f"\n- B 4/8 {digest} {step}: 3 findings (1 divergent)\n" in text
    assert f"\n- **Layer:** B 4/8 {digest} {step}\n" in text
    assert "\n- Layers: 2 shared, A has 5 more, B has 6 more\n" in text
    assert text.index("| Code |") < text.index("Brought by layers:") < text.index("<details>")
    assert "Brought by" not in markdown.render(cases.divergent())


def test_what_was_not_compared_is_said_before_the_table() -> None:
    head = markdown.render(cases.static()).partition("| Code |")[0]
    assert (
        "\n**Compared:** what the image holds; process and host were not taken: "
        "A and B were read, not run.\n"
    ) in head
    assert "**Compared:**" not in markdown.render(cases.divergent())


def test_many_layers_are_counted_in_a_comment() -> None:
    findings = [
        cases.finding(origin=Origins(a=None, b=cases.layer(n, "RUN x", of=40)))
        for n in range(1, 31)
    ]
    text = markdown.render(cases.verdict(Status.DIVERGENT, findings))
    assert len(re.findall(r"^- B ", text, re.MULTILINE)) == 8
    assert "\n- 22 more layers\n" in text


def test_details_that_are_the_same_are_given_once_and_name_their_subjects() -> None:
    findings = [cases.finding(f"p{index}") for index in range(8)]
    text = markdown.render(cases.verdict(Status.DIVERGENT, findings))
    assert text.count("<details>") == 1
    assert "<code>p5</code> and 2 more: Added tokens" in text
    assert text.count("| <code>TOK001</code>") == 8


def test_a_fault_on_both_sides_stands_apart_from_drift() -> None:
    text = markdown.render(cases.on_both_sides())
    assert "On both sides, so no drift:" in text
    assert "| Code |" not in text


def test_hostile_strings_become_no_element_no_link_and_no_mention() -> None:
    body = page(cases.hostile())
    names = {found[1] for found in TAG.finditer(body)}
    assert names <= {
        "h2", "p", "strong", "ul", "li", "code", "br", "details", "summary",
        "table", "thead", "tbody", "tr", "th", "td",
    }  # fmt: skip
    assert "alert(1)" in html.unescape(body)
    outside = html.unescape(re.sub(r"<code>.*?</code>", "", body))
    assert "@" not in outside
    assert "://" not in outside
    assert "#1" not in outside


@pytest.mark.parametrize(
    "text", ["# head", "- item", "1. item", "+ item", "> quote", "    code", "===", "---", "```"]
)
def test_a_reason_that_looks_like_a_block_stays_a_paragraph(text: str) -> None:
    body = page(cases.verdict(Status.SUSPECT, [cases.finding(status=Status.SUSPECT, why=text)]))
    paragraph = html.unescape(re.sub(r"</?code>", "", body.split("</summary>")[1]))
    assert paragraph.strip().startswith(f"<p>{text.strip()}</p>")


@settings(max_examples=60)
@given(verdicts())
def test_tables_keep_their_columns_whatever_the_text(verdict: Verdict) -> None:
    apart = (Status.EQUIVALENT, Status.IDENTICAL)
    heavy = sum(finding.status not in apart for finding in verdict.findings)
    light = sum(finding.status is Status.EQUIVALENT for finding in verdict.findings)
    for line in markdown.render(verdict).splitlines():
        assert not line.startswith("| ") or line.count("|") in (4, 6), "parsers drop excess cells"
    expected = [[5] * (1 + heavy)] * (heavy > 0) + [[3] * (1 + light)] * (light > 0)
    assert tables(verdict) == expected
