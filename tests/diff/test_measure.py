"""Two results of one canary are compared case by case, whatever else stands in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given
from hypothesis import strategies as st

from repro.diff import compare
from repro.diff.measure import Measurement, measure
from repro.diff.measured import summary
from tests.manifests import canary, known, manifest, unreadable

if TYPE_CHECKING:
    from repro.manifest import Component

TEXTS = [["greeting", "hello"], ["accent", "é"]]


def measured(old: Component, new: Component) -> Measurement:
    return measure(old, new, manifest(old), manifest(new))


def corpus(*texts: list[str]) -> Component:
    return known("canary.input", "corpus", source="canary", texts=list(texts))


def text(ids: str, **kept: Any) -> Component:
    return canary("text/lib", series={"ids": ids}, kept={"ids": kept}, input="corpus")


def test_equal_cases_are_counted_and_differing_ones_named() -> None:
    found = measured(canary("n/x", {"a": 1, "b": 2}), canary("n/x", {"a": 1, "b": 3}))
    assert (found.cases, [case.name for case in found.changed]) == (2, ["b"])
    assert found.changed[0].old.told["value"] == 2
    assert not found.equal


def test_equal_results_are_equal() -> None:
    found = measured(canary("n/x", {"a": 1}), canary("n/x", {"a": 1}))
    assert found.equal


def test_nothing_run_is_not_equal() -> None:
    assert not measured(canary("n/x"), canary("n/x")).equal


def test_a_series_is_read_with_the_texts_that_went_in() -> None:
    sides = text("AAAAABBBBB", accent=[1, 2]), text("AAAAACCCCC", accent=[3])
    a, b = (manifest(side, corpus(*TEXTS)) for side in sides)
    found = measure(*sides, a, b)
    assert [(case.name, case.new.text) for case in found.changed] == [("ids/accent", "é")]
    assert found.changed[0].old.told == {"value": [1, 2]}
    assert found.cases == 2


def test_another_corpus_is_compared_where_both_have_a_text() -> None:
    sides = text("AAAAABBBBB"), text("BBBBBDDDDD")
    a = manifest(sides[0], corpus(*TEXTS))
    b = manifest(sides[1], corpus(TEXTS[1], ["new", "!"]))
    found = measure(*sides, a, b)
    assert (found.cases, found.changed, found.unsettled) == (1, (), ())
    assert found.left_out == ("ids/greeting", "ids/new")
    assert not found.equal


def test_texts_that_came_later_are_left_out_and_settle_nothing() -> None:
    sides = text("AAAAABBBBB"), text("AAAAABBBBB?????")
    a, b = manifest(sides[0], corpus(*TEXTS)), manifest(sides[1], corpus(*TEXTS, ["new", "!"]))
    for found in (measure(*sides, a, b), measure(*sides[::-1], b, a)):
        assert (found.cases, found.unsettled, found.left_out) == (2, (), ("ids/new",))
        assert not found.equal


def test_a_text_in_other_words_is_another_text() -> None:
    sides = text("AAAAABBBBB"), text("AAAAACCCCC")
    a, b = manifest(sides[0], corpus(*TEXTS)), manifest(sides[1], corpus(TEXTS[0], ["accent", "e"]))
    found = measure(*sides, a, b)
    assert (found.changed, found.left_out, found.cases) == ((), ("ids/accent",), 1)


def test_a_missing_case_is_excused_by_a_smaller_corpus_alone() -> None:
    whole, cut = text("AAAAABBBBB"), text("AAAAA")
    a = manifest(whole, corpus(*TEXTS))
    for b in (manifest(cut, corpus(*TEXTS)), manifest(cut)):
        found = measure(whole, cut, a, b)
        assert "ids/accent" in found.unsettled
        assert found.left_out == ()


def test_a_series_without_its_corpus_is_counted_by_number() -> None:
    found = measured(text("AAAAABBBBB"), text("AAAAACCCCC"))
    assert [case.name for case in found.changed] == ["ids/#1"]


def test_what_is_not_the_same_each_time_is_no_change() -> None:
    old, new = canary("n/x", {"a": 1}, unstable=["b"]), canary("n/x", {"a": 1}, unstable=["b"])
    found = measured(old, new)
    assert (found.changed, found.unstable, found.equal) == ((), ("b",), True)


def test_what_is_unstable_on_one_side_alone_is_not_settled() -> None:
    found = measured(canary("n/x", {"a": 1, "b": 2}), canary("n/x", {"a": 1}, unstable=["b"]))
    assert (found.changed, found.unsettled, found.equal) == ((), ("b",), False)


def test_two_editions_do_not_compare() -> None:
    found = measured(canary("n/x", {"a": 1}), canary("n/x", {"a": 2}, edition=2))
    assert not found.comparable
    assert not found.equal


def test_a_side_on_which_canaries_were_not_run_is_not_compared_in_them() -> None:
    off = unreadable("canary", "*", "not run: turned off")
    a, b = (
        manifest(canary("n/x", {"a": 1}), known("cpu", "cpu")),
        manifest(off, known("cpu", "cpu")),
    )
    comparison = compare(a, b)
    assert (comparison.changes, comparison.unmeasured) == ((), ("b",))
    assert summary(comparison).without == ("b",)


def test_one_canary_without_time_is_left_out_alone() -> None:
    late = unreadable("canary", "n/y", "not run: no time left")
    a = manifest(canary("n/x", {"a": 1}), canary("n/y", {"a": 1}))
    comparison = compare(a, manifest(canary("n/x", {"a": 2}), late))
    assert [change.name for change in comparison.changes] == ["n/x"]
    assert comparison.unmeasured == ()


def test_one_canary_that_failed_is_a_loss() -> None:
    failed = unreadable("canary", "n/y", "killed by signal 11")
    a = manifest(canary("n/x", {"a": 1}), canary("n/y", {"a": 1}))
    comparison = compare(a, manifest(canary("n/x", {"a": 1}), failed))
    assert [change.how for change in comparison.changes] == ["lost"]


anything = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=12),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    st.dictionaries(st.sampled_from(["results", "series", "kept", "unstable", "input"]), anything)
)
def test_whatever_a_manifest_holds_for_a_canary_is_compared(properties: dict[str, Any]) -> None:
    hostile = known("canary", "n/x", source="canary", **properties)
    found = measured(hostile, canary("n/x", {"a": 1}, edition=None))
    assert measured(hostile, hostile).changed == ()
    assert found.cases >= 0
