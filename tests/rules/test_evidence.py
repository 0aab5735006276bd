"""What a finding keeps of its canary is enough for a picture, and bounded."""

from __future__ import annotations

import base64
import struct
from typing import Any

import msgspec
import pytest

from repro.rules.evidence import OUTCOMES, STRIP, WIDEST, Evidence, Strip
from tests.manifests import canary, known, manifest, verdict
from tests.rules.making import catalog

RULES = catalog()


def shown(a: Any, b: Any, *facts: Any) -> dict[str, Evidence]:
    """The evidence of each finding about two results of one canary, by code."""
    found = verdict(manifest(a, *facts), manifest(b, *facts), RULES).findings
    return {finding.code: finding.evidence for finding in found if finding.evidence}


def array(*values: float, code: str = "f", dtype: str = "float32") -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}{code}", *values)
    sample = base64.b64encode(data).decode()
    return {"hash": repr(values), "dtype": dtype, "shape": [len(values)], "sample": sample}


def test_a_strip_shows_which_cases_changed_in_their_order() -> None:
    found = shown(
        canary("own/x", {"a": 1, "b": 2, "c": 3, "d": 4}),
        canary("own/x", {"a": 1, "b": 9, "c": 3, "d": 9}),
    )["MEASURED"]
    assert (found.cases, found.changed) == (4, 2)
    assert found.strips == (Strip(aspect="", cases=".x.x"),)
    assert [(each.name, each.old, each.new) for each in found.outcomes] == [
        ("b", "2", "9"),
        ("d", "4", "9"),
    ]
    assert found.spread == ()


def test_texts_have_a_strip_for_each_of_their_results() -> None:
    corpus = known(
        "canary.input", "corpus", source="canary", texts=[["one", "a"], ["two", "ﬁ"], ["3", "c"]]
    )

    def text(ids: str, decoded: str) -> Any:
        series = {"ids": ids, "decoded": decoded}
        return canary("text/lib", series=series, input="corpus", impacts=["tokens"])

    found = shown(
        text("aaaaabbbbbccccc", "dddddeeeeefffff"),
        text("aaaaaBBBBBccccc", "ddddd?????fffff"),
        corpus,
    )
    strips = {strip.aspect: strip.cases for strip in found["MEASURED"].strips}
    assert strips == {"ids": ".x.", "decoded": ".."}, "what is not the same each time is no case"
    assert found["MEASURED"].outcomes[0].text == "ﬁ"


def test_cases_of_another_finding_are_marked_as_that() -> None:
    old = canary("numerics/x", {"a": array(1.0), "b": array(1.0), "c": array(1.0)})
    near = 1.0 + 2.0**-23
    new = canary("numerics/x", {"a": array(near), "b": array(2.0), "c": array(1.0)})
    found = shown(old, new)
    assert found["ROUNDING"].strips[0].cases == "xo."
    assert found["MEASURED"].strips[0].cases == "ox."


@pytest.mark.parametrize(
    ("units", "place"), [(1, 1), (2, 2), (3, 2), (4, 3), (512, 10), (1000, 10)]
)
def test_a_spread_counts_by_powers_of_two_of_units(units: int, place: int) -> None:
    old = canary("numerics/x", {"a": array(2.0**22), "b": array(1.0)})
    new = canary("numerics/x", {"a": array(2.0**22 + units / 2), "b": array(1.0)})
    (found,) = shown(old, new).values()
    assert found.spread == (1, *[0] * (place - 1), 1)
    assert found.outcomes[0].units == units


def test_what_is_not_finite_is_beyond_every_power() -> None:
    old = canary("numerics/x", {"a": array(1.0)})
    found = shown(old, canary("numerics/x", {"a": array(float("inf"))}))["MEASURED"]
    assert found.spread == (0, *[0] * (WIDEST - 1), 1)
    assert found.outcomes[0].units is None
    msgspec.json.encode(found)


def test_indices_have_no_units() -> None:
    old, new = (canary("numerics/x", {"a": array(n, code="q", dtype="int64")}) for n in (1, 2))
    found = shown(old, new)["MEASURED"]
    assert (found.spread, found.outcomes[0].units) == ((), None)


def test_a_generation_keeps_the_tokens_around_its_parting() -> None:
    def said(tokens: list[int]) -> Any:
        gaps = [(0.03).hex()] * len(tokens)
        return canary("model/x", {"greedy": {"tokens": tokens, "logprobs": gaps, "gaps": gaps}})

    left, right = list(range(40)), [*range(20), *range(100, 115)]
    parting = shown(said(left), said(right))["MEASURED"].outcomes[0].parting
    assert parting is not None
    assert (parting.token, parting.lengths, parting.start, parting.near) == (20, (40, 35), 16, True)
    assert parting.old[:6] == ("16", "17", "18", "19", "20", "21")
    assert parting.new[:6] == ("16", "17", "18", "19", "100", "101")
    assert len(parting.old) == len(parting.new) == 12


def test_evidence_is_bounded_whatever_was_measured() -> None:
    many = {f"case {n:05}" + "x" * 300: n for n in range(STRIP + 50)}
    found = shown(
        canary("own/x", many), canary("own/x", {name: n + 1 for name, n in many.items()})
    )["MEASURED"]
    assert found.changed == STRIP + 50
    assert (len(found.outcomes), len(found.strips[0].cases)) == (OUTCOMES, STRIP)
    assert all(len(each.name) <= 120 for each in found.outcomes)
