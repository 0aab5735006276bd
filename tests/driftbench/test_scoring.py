"""Outcomes and scores are right on small made-up cases."""

from __future__ import annotations

import base64
import struct
from typing import Any

import pytest

from benchmarks.driftbench.outcome import compare, judge
from benchmarks.driftbench.pairs import pairs
from benchmarks.driftbench.score import opinion
from benchmarks.driftbench.scoring import Opinion, Tally, count, table, wanted


def floats(*values: float) -> dict[str, Any]:
    data = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    return {"dtype": "<f4", "shape": [len(values)], "data": data}


def runs(first: Any, second: Any = None) -> list[dict[str, Any]]:
    again = first if second is None else second
    return [{"outputs": {"x": first}}, {"outputs": {"x": again}}]


def test_equal_bits_are_identical_and_small_gaps_are_rounding() -> None:
    assert compare(floats(1, 2), floats(1, 2)) == ("identical", None)
    assert compare(floats(1, 4), floats(1 + 2.0**-21, 4)) == ("rounding", 1.0)
    assert compare(1.0, 1.0 - 2.0**-52) == ("rounding", 1.0)
    kind, size = compare(floats(1e-7, 2), floats(2e-7, 2))
    assert kind == "rounding", "a small value is rounded as the largest beside it is"
    assert size == pytest.approx(0.42, rel=0.01)


def test_what_is_not_rounding_is_changed() -> None:
    assert compare(floats(1, 2), floats(1, 2.01))[0] == "changed"
    assert compare(floats(1, 2), floats(1, float("nan")))[0] == "changed"
    assert compare(floats(1, 2), floats(1, float("inf")))[0] == "changed"
    assert compare(floats(1, 2), floats(1, 2, 3))[0] == "changed"
    assert compare([1, 2], [1, 3])[0] == "changed"
    assert compare(1, 1.5)[0] == "changed"
    assert compare("a", None)[0] == "changed"
    assert compare(floats(float("nan"), 1), floats(float("nan"), 1 + 2.0**-23))[0] == "rounding"


def test_the_first_difference_is_shown() -> None:
    found = judge(runs([[1, 2], [3, 4]]), runs([[1, 2], [3, 5]]))
    assert (found.outcome, found.changed) == ("changed", 1)
    assert found.first == "x[1][1]: '4' → '5'"
    assert judge(runs(floats(1, 2)), runs(floats(1, 3))).first == "x: [1] 2.0 → [1] 3.0"
    assert judge(runs("a" * 40 + "é!"), runs("a" * 40 + "è!")).first.endswith(r"a\xe8!'")


def test_a_side_that_cannot_run_is_an_error_and_a_wavering_one_is_named() -> None:
    broken = [{"error": "exit 1: no such"}] * 2
    assert judge(runs(1), broken).outcome == "error"
    assert judge(broken, broken).first.startswith("on both sides")
    assert judge(runs(1), runs(1, 2)).unsteady == ("x",)


def counted(outcome: str, said: str, *, impacts: tuple[str, ...] = ("tokens",)) -> Tally:
    into = Tally()
    truth = {"pieces": {"outcome": outcome}}
    count(into, truth, Opinion(said=said, verdict="suspect", impacts=impacts))
    return into


def test_a_change_that_is_not_told_is_missed() -> None:
    assert counted("changed", "silent") == Tally(changed=1, misses=1)
    assert counted("changed", "failed") == Tally(changed=1, misses=1, failed=1)
    assert counted("changed", "unsure") == Tally(changed=1, unsure=1)
    assert counted("changed", "alarm") == Tally(changed=1, heard=1, exact=1)
    assert counted("changed", "alarm", impacts=("sampling",)) == Tally(changed=1, heard=1)


def test_an_alarm_about_nothing_is_false() -> None:
    assert counted("identical", "alarm") == Tally(identical=1, false_alarms=1)
    assert counted("identical", "silent") == Tally(identical=1)
    assert counted("rounding", "alarm") == Tally(rounding=1, rounding_told=1)
    assert counted("error", "silent") == Tally(errors=1)


def test_a_false_alarm_that_a_canary_stands_behind_is_counted_apart_and_is_false() -> None:
    into = Tally()
    for codes in (("MEASURED", "TOK031"), ("TOK031",)):
        told = Opinion(said="alarm", verdict="divergent", impacts=("tokens",), codes=codes)
        count(into, {"pieces": {"outcome": "identical"}}, told)
    assert into == Tally(identical=2, false_alarms=2, measured=1)


def test_a_pair_is_asked_about_the_impacts_of_all_its_workloads() -> None:
    pair = next(pair for pair in pairs() if set(pair.workloads) == {"chat_auto", "tokenize_auto"})
    assert wanted(pair) == {"prompt", "tokens"}


def test_a_report_is_read_as_an_opinion() -> None:
    findings = [
        {"status": "suspect", "impact": "tokens", "code": "TOK001"},
        {"status": "equivalent", "impact": "none", "code": "REL001"},
        {"status": "identical", "impact": "prompt", "code": "TPL001"},
    ]
    found = opinion({"status": "suspect", "findings": findings})
    assert found == Opinion(said="alarm", verdict="suspect", impacts=("tokens",), codes=("TOK001",))


def test_what_is_silent_names_no_impact() -> None:
    findings = [{"status": "equivalent", "impact": "none", "code": "REL001"}]
    found = opinion({"status": "equivalent", "findings": findings})
    assert found == Opinion(said="silent", verdict="equivalent")


def test_a_table_has_a_row_for_each_contender() -> None:
    text = table({"repro": Tally(changed=4, misses=1, identical=3), "other": Tally()}, "test")
    assert "| repro | 1/4 (25 %) | 0/3 (0 %) | – |" in text
    assert len(text.splitlines()) == 4
