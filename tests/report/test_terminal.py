"""What a person reads, at every width, with colour and without."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.cells import cell_len

from repro.diff import Layers, LeftOut, Origins, Scopes
from repro.manifest import Manifest, Unreadable
from repro.policy import Policy
from repro.report import terminal
from repro.report.plain import HOSTILE
from repro.rules.finding import Basis, Impact, Status
from tests.manifests import known, manifest, setting, verdict
from tests.report import cases
from tests.rules.making import catalog

if TYPE_CHECKING:
    from repro.verdict import Verdict

ESCAPE = re.compile("\x1b\\[[0-9;]*m")


def _left_out(*sides: Literal["a", "b"]) -> Scopes:
    out = LeftOut(reason="not taken", sides=sides)
    return Scopes(compared=("image",), left_out={"process": out, "host": out})


@pytest.mark.parametrize("name", cases.CASES)
@pytest.mark.parametrize("width", [1, 40, 47, 60, 80, 100, 200])
def test_lines_fit_the_width_and_only_a_source_may_be_longer(name: str, width: int) -> None:
    lines = terminal.render(cases.CASES[name](), width=width).splitlines()
    wide = [line for line in lines if cell_len(line) > max(width, 40)]
    assert all(line.lstrip().startswith("source ") for line in wide)
    assert all(line == line.rstrip() for line in lines)


@pytest.mark.parametrize("name", cases.CASES)
def test_colour_adds_escapes_and_changes_nothing_else(name: str) -> None:
    verdict = cases.CASES[name]()
    bare = terminal.render(verdict, width=80, color=False)
    styled = terminal.render(verdict, width=80, color=True)
    assert "\x1b" not in bare
    assert ESCAPE.sub("", styled) == bare
    assert styled != bare


def test_the_environment_has_no_say(monkeypatch: pytest.MonkeyPatch) -> None:
    before = [terminal.render(cases.divergent(), width=80, color=color) for color in (True, False)]
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TTY_COMPATIBLE", "JUPYTER_COLUMNS"):
        monkeypatch.setenv(name, "50")
    monkeypatch.setenv("TERM", "dumb")
    after = [terminal.render(cases.divergent(), width=80, color=color) for color in (True, False)]
    assert after == before


def test_the_worst_comes_first() -> None:
    text = terminal.render(cases.divergent())
    places = [text.index(word) for word in ("DIVERGENT", "TOK001", "CUD011", "tqdm", "CUD020")]
    assert places == sorted(places)


@pytest.mark.parametrize(
    ("case", "first"),
    [
        ("divergent", "outputs will differ: 1 finding changes tokens, 1 prompt, 1 numerics"),
        ("identical", "nothing differs"),
        ("equivalent", "3 differences, none changes outputs"),
        ("indeterminate", "this cannot be judged: 1 fact could not be read"),
        ("many", "outputs will differ: 500 findings change tokens"),
        ("on_both_sides", "nothing differs, but both sides share a known fault"),
    ],
)
def test_the_first_line_is_the_verdict_in_words(case: str, first: str) -> None:
    verdict = cases.CASES[case]()
    line = terminal.render(verdict).splitlines()[0]
    assert line == f"{verdict.status.upper()}  {first}"


def test_one_image_on_two_hosts_is_said_to_be_that() -> None:
    assert "same image, different host\n" in terminal.render(cases.indeterminate())
    assert "same image" not in terminal.render(cases.divergent())


def test_two_hosts_without_an_image_are_no_same_image() -> None:
    empty = cases.manifest_of_nothing().digests.image
    host = msgspec.structs.replace(cases.subject("gpu-01", "a"), image_digest=empty)
    verdict = cases.verdict(Status.IDENTICAL, a=host, b=host, same_image=True)
    assert "same image" not in terminal.render(verdict)


def test_a_block_shows_values_impact_basis_reason_advice_and_source() -> None:
    text = terminal.render(cases.divergent(), width=100)
    block = text[text.index("TOK001") : text.index("TPL002")]
    assert re.search(
        r"^TOK001  tokenizers  0\.19\.1 → 0\.20\.3 +tokens · measured$", block, re.MULTILINE
    )
    assert "14 of 300 strings" in block
    assert "do      Pin tokenizers" in block
    assert "/releases/tag/v0.20.0 (+1)\n" in block
    assert "canary" not in block[block.index("do ") :], (
        "it was measured: there is nothing to settle"
    )


def test_an_unmeasured_finding_names_the_canary_that_could_settle_it() -> None:
    block = terminal.render(cases.divergent()).partition("SET004")[2].partition("CUD011")[0]
    assert "(none) → 0" in block
    assert "canary  numerics, run on both sides, would settle it" in block


def test_digests_are_short_and_whole_on_one_line() -> None:
    for width in (40, 60, 100):
        text = terminal.render(cases.divergent(), width=width)
        assert "sha256:3f786850e387" in text
        assert "sha256:89e6c98d9288" in text


def test_a_side_names_its_image_by_all_its_digests_and_how_it_was_looked_at() -> None:
    a = cases.subject("a:1", "a")
    b = cases.subject("b:1", "b", mode="read", repo_digests=("sha256:" + "3" * 64,))
    found = cases.verdict(Status.IDENTICAL, a=a, b=b)
    ours = ["id sha256:a0d1e2f3a4b5", "manifest sha256:a1b2c3d4e5f6"]
    theirs = ["id sha256:b0d1e2f3a4b5", "digest sha256:333333333333"]
    last = "manifest sha256:b1b2c3d4e5f6"
    wide = terminal.render(found, width=110).splitlines()
    assert wide[2] == "  ".join(["A", "a:1", "image, run ", *ours])
    assert wide[3] == "  ".join(["B", "b:1", "image, read", *theirs, last])
    narrow = terminal.render(found, width=80).splitlines()
    assert narrow[2:4] == ["A  a:1", "   " + "  ".join(["image, run", *ours])]
    assert narrow[4:7] == ["B  b:1", "   " + "  ".join(["image, read", *theirs]), f"   {last}"]


def test_a_digest_is_said_once_and_none_speaks_for_several() -> None:
    one, two = "sha256:" + "1" * 64, "sha256:" + "2" * 64
    same = cases.subject("x", "a", image_id=one, repo_digests=(one,))
    several = cases.subject("y", "b", kind="container", mode=None, repo_digests=(one, two))
    text = terminal.render(cases.verdict(Status.IDENTICAL, a=same, b=several), width=100)
    assert text.splitlines()[2].split("  ") == [
        *("A", "x", "image, run", "id sha256:111111111111", "manifest sha256:a1b2c3d4e5f6")
    ]
    assert "  digest " not in text
    assert "y  container   id " in text


def test_what_has_no_effect_is_folded_and_counted() -> None:
    text = terminal.render(cases.divergent())
    assert "no effect on outputs (11)" in text
    assert "… 3 more, listed with --all" in text
    assert text.count("no model output passes through it") == 1
    every = terminal.render(cases.divergent(), folded=None)
    assert "more, listed" not in every
    assert all(f.subject in every for f in cases.divergent().findings)
    none = terminal.render(cases.divergent(), folded=0)
    assert "… 11 more" in none


@pytest.mark.parametrize("width", [40, 100])
def test_what_several_findings_have_in_common_is_said_once(width: int) -> None:
    findings = [cases.finding(name, why="No rule knows it.", new=None) for name in ("xyz", "ab")]
    other = cases.finding("third", why="Another reason.")
    verdict = cases.verdict(Status.DIVERGENT, [findings[0], other, findings[1]])
    text = terminal.render(verdict, width=width)
    assert text.count("No rule knows it.") == 1
    assert text.count("documented") == 2
    assert text.index("xyz") < text.index("ab ") < text.index("No rule") < text.index("third")
    if width == 100:
        assert "\n        ab   0.19.1 → (none)\n" in text, "aligned under the first"


def test_what_is_unreadable_on_both_sides_is_named_on_one_line() -> None:
    unread = Unreadable(scope="process", kind="x", name="*", reason="not run")
    gone = cases.change(unread, unread, how="unknown")
    lost = cases.change(unread, unread, how="lost")
    said = {"code": "UNREAD", "status": Status.INDETERMINATE, "new": None}
    found = [cases.finding(name, change=gone, old=None, **said) for name in ("aa", "bb", "cc")]
    found.append(cases.finding("dd", change=lost, old="1", **said))
    lines = terminal.render(cases.verdict(Status.INDETERMINATE, found), width=80).splitlines()
    rows = [line.split() for line in lines]
    assert ["UNREAD", "dd", "1", "→", "(unreadable)", "tokens", "·", "documented"] in rows
    assert ["3", "facts", "unreadable", "on", "both", "sides"] in rows
    assert ["aa,", "bb,", "cc"] in rows
    two = terminal.render(cases.verdict(Status.INDETERMINATE, found[:2]), width=80)
    assert "facts  unreadable" not in two
    assert two.count("unreadable on both sides") == 2


def test_a_side_that_holds_nothing_leads_and_is_the_headline() -> None:
    nothing = cases.finding(
        "manifest B",
        code="NOTHING",
        status=Status.INDETERMINATE,
        impact=Impact.NONE,
        change=None,
        old=None,
        new=None,
        why="B was read, not run, so nothing is known of its process.",
    )
    found = cases.verdict(Status.INDETERMINATE, [nothing])
    first, *_ = terminal.render(found, width=100).splitlines()
    assert first.endswith(
        "this cannot be judged: B was read, not run, so nothing is known of its process"
    )
    assert "changed" not in terminal.render(found, width=100)
    both = terminal.render(cases.verdict(Status.INDETERMINATE, [nothing] * 2), width=100)
    assert "this cannot be judged: neither side holds what is asked" in both


def test_a_fault_on_both_sides_shows_its_value_once() -> None:
    text = terminal.render(cases.on_both_sides())
    assert "on both sides, so no drift (1)" in text
    assert text.count("8.9.7 and 9.1.0") == 1


@pytest.mark.parametrize(
    ("status", "fail_on", "last"),
    [
        (Status.IDENTICAL, "any", "PASS [no findings]"),
        (Status.EQUIVALENT, "suspect", "PASS [equivalent:1]"),
        (Status.EQUIVALENT, "any", "FAIL [equivalent:1]"),
        (Status.SUSPECT, "divergent", "PASS [suspect:1]"),
        (Status.DIVERGENT, "divergent", "FAIL [divergent:1]"),
        (Status.DIVERGENT, "never", "PASS [divergent:1]"),
        (Status.INDETERMINATE, "divergent", "INDETERMINATE [unreadable:1]"),
    ],
)
def test_the_last_line_is_the_tally_with_the_exit_code(
    status: Status, fail_on: str, last: str
) -> None:
    findings = [] if status is Status.IDENTICAL else [cases.finding(status=status)]
    policy = Policy(fail_on=fail_on)  # type: ignore[arg-type]  # parametrized words
    verdict = cases.verdict(status, findings, policy=policy)
    line = terminal.render(verdict).splitlines()[-1]
    assert line.startswith(last)
    assert f"exit {verdict.exit_code}: " in line


def test_what_the_policy_does_not_look_at_is_said() -> None:
    policy = Policy(impacts=frozenset({Impact.PROMPT, Impact.TOKENS}))
    text = terminal.render(cases.verdict(Status.EQUIVALENT, ignored=7, policy=policy))
    assert "the policy looks at tokens, prompt only: 7 findings ignored\n" in text


def test_markup_and_escapes_of_an_image_are_shown_not_obeyed() -> None:
    text = terminal.render(cases.hostile(), width=120)
    assert "[bold]markup[/bold]" in text
    assert "\\x1b[31mred" in text
    assert "\\u202eevil" in text


def test_a_finding_says_the_layer_and_the_step_of_each_side_that_knows() -> None:
    text = terminal.render(cases.static())
    block = text.partition("TOK001")[2].partition("TPL002")[0]
    assert block.index("do ") < block.index("layer ") < block.index("source ")
    assert "layer   A 4/7 sha256:a7e21c4d09b8  RUN pip install -r requirements.txt\n" in block
    assert "\n                B 4/8 sha256:b7e21c4d09b8  RUN |1 HF_TOKEN pip install" in block
    alone = text.partition("TPL002")[2].partition("CUD011")[0]
    assert "layer   B 7/8 sha256:e7e21c4d09b8  COPY models /models\n" in alone
    assert " A " not in alone
    assert re.search(r"layer   A 3/7 sha256:f7e21c4d09b8$", text, re.MULTILINE), "no step is known"


def test_findings_of_two_layers_are_told_apart() -> None:
    one, other = (
        cases.finding(name, origin=Origins(a=None, b=cases.layer(number, "RUN x")))
        for name, number in (("left", 2), ("right", 3))
    )
    text = terminal.render(cases.verdict(Status.DIVERGENT, [one, other]))
    assert re.findall(r"B (\d)/7 ", text) == ["2", "3"]


def test_layers_that_brought_drift_are_listed_worst_first_with_their_findings() -> None:
    text = terminal.render(cases.static()).partition("brought by layers (4)")[2]
    rows = re.findall(r"^([AB] layer \d/\d)  (.*?)  +(\d finding.*)$", text, re.MULTILINE)
    assert rows == [
        ("B layer 4/8", "RUN |1 HF_TOKEN pip install -r requirements.txt", _ONE_OF_3),
        ("B layer 7/8", "COPY models /models", "1 finding (1 divergent)"),
        ("A layer 3/7", "sha256:f7e21c4d09b8", "1 finding (1 suspect)"),
        ("B layer 5/8", "RUN pip install --upgrade tqdm", "1 finding"),
    ]
    assert "\n1 without a known layer\n" in text
    assert "brought by" not in terminal.render(cases.divergent())


_ONE_OF_3 = "3 findings (1 divergent)"


@pytest.mark.parametrize(
    ("a", "b", "side"),
    [(False, False, "B"), (False, True, "A"), (True, False, "B"), (True, True, "B")],
)
def test_drift_is_brought_by_the_layer_that_the_other_image_lacks(
    a: bool, b: bool, side: str
) -> None:
    origin = Origins(a=cases.layer(2, "RUN a", shared=a), b=cases.layer(3, "RUN b", shared=b))
    text = terminal.render(cases.verdict(Status.DIVERGENT, [cases.finding(origin=origin)]))
    assert re.findall(r"^([AB]) layer", text, re.MULTILINE) == [side]


def test_many_layers_are_counted_and_not_all_listed() -> None:
    findings = [
        cases.finding(f"p{n}", origin=Origins(a=None, b=cases.layer(n, f"RUN {n}", of=40)))
        for n in range(1, 31)
    ]
    text = terminal.render(cases.verdict(Status.DIVERGENT, findings)).partition("brought by")[2]
    assert len(re.findall(r"^B layer", text, re.MULTILINE)) == 8
    assert "… 22 more" in text


@pytest.mark.parametrize(
    ("layers", "line"),
    [
        (Layers(shared=3, a=2, b=4), "layers: 3 shared, A has 2 more, B has 4 more"),
        (Layers(shared=3, a=0, b=1), "layers: 3 shared, B has 1 more"),
        (Layers(shared=0, a=1, b=1), "layers: 0 shared, A has 1 more, B has 1 more"),
        (Layers(shared=5, a=0, b=0), "layers: all 5 shared"),
    ],
)
def test_layers_that_both_images_have_are_said_once(layers: Layers, line: str) -> None:
    verdict = cases.verdict(Status.EQUIVALENT, layers=layers)
    assert f"\n   {line}\n" in terminal.render(verdict)
    same = msgspec.structs.replace(cases.identical(), layers=layers)
    assert "layers:" not in terminal.render(same), "that is said already"


@pytest.mark.parametrize(
    ("scopes", "line"),
    [
        (_left_out("b"), "what the image holds; process and host were not taken: B was read"),
        (_left_out("a", "b"), "process and host were not taken: A and B were read, not run"),
        (
            Scopes(
                compared=("image", "process"),
                left_out={"host": LeftOut(reason="not asked")},
                asked=True,
            ),
            "what the image holds and what the process sees; host was not asked for",
        ),
    ],
)
def test_what_was_not_compared_is_said_above_all_findings(scopes: Scopes, line: str) -> None:
    text = terminal.render(cases.verdict(Status.DIVERGENT, [cases.finding()], scopes=scopes))
    head = " ".join(text.partition("divergent (1)")[0].split())
    assert f"compared {line}" in head or line in head
    assert "compared  " not in terminal.render(cases.divergent())


def test_nothing_differs_is_no_claim_about_what_was_left_out() -> None:
    verdict = msgspec.structs.replace(cases.identical(), scopes=_left_out("b"))
    line = terminal.render(verdict).splitlines()[0]
    assert line == "IDENTICAL  nothing differs in what was compared"


@st.composite
def verdicts(draw: st.DrawFn) -> Verdict:
    """Verdicts with any text in every place that an image or a rule can fill."""
    text = st.text(st.characters(exclude_categories=())) | st.just(cases.HOSTILE)
    layer = st.builds(cases.layer, st.integers(1, 7), st.none() | text, text, shared=st.booleans())
    origins = st.builds(Origins, a=st.none() | layer, b=st.none() | layer)
    findings = [
        cases.finding(
            draw(text),
            code=draw(text),
            title=draw(text),
            status=status,
            impact=draw(st.sampled_from(list(Impact))),
            basis=draw(st.sampled_from(list(Basis))),
            old=draw(st.none() | text),
            new=draw(st.none() | text),
            why=draw(text),
            advice=draw(text),
            sources=tuple(draw(st.lists(text, max_size=2))),
            canary=draw(st.none() | text),
            origin=draw(st.none() | origins),
        )
        for status in draw(st.lists(st.sampled_from(list(Status)), max_size=4))
    ]
    worst = max((f.status for f in findings), key=lambda s: s.rank, default=Status.IDENTICAL)
    side = cases.subject(draw(text), "a")
    return cases.verdict(worst, findings, a=side, b=cases.subject(draw(text), "b"))


@settings(max_examples=60)
@given(verdicts(), st.integers(min_value=20, max_value=220))
def test_no_text_whatever_puts_a_control_character_into_the_report(
    verdict: Verdict, width: int
) -> None:
    text = terminal.render(verdict, width=width, color=False)
    assert set(HOSTILE.findall(text)) == {"\n"}
    assert not re.search(" $", text, re.MULTILINE)
    text.encode()
    assert terminal.render(verdict, width=width, color=False) == text


def test_the_image_the_run_and_the_host_are_told_apart() -> None:
    def sides(tqdm: str, kernel: str, tf32: str = "1") -> Manifest:
        image, run = known("python.package", "tqdm", tqdm), setting("NVIDIA_TF32_OVERRIDE", tf32)
        return manifest(image, run, known("kernel", "linux", kernel))

    def said(a: Manifest, b: Manifest, policy: Policy | None = None) -> str:
        return terminal.render(verdict(a, b, catalog(), policy)).splitlines()[4].strip()

    one = sides("1", "6.1")
    assert said(one, sides("2", "6.1")) == "different image, same run and host"
    assert said(one, sides("2", "6.8")) == "different image and host, same run"
    assert said(one, sides("2", "6.8", "0")) == "different image, run and host"
    assert said(one, sides("1", "6.8")) == "same image, different host"
    assert said(one, one) == "same image"
    narrow = Policy(impacts=frozenset({Impact.TOKENS}))
    assert "same" not in said(one, sides("2", "6.8"), narrow)
