"""What a canary computes is only kept where it comes out the same again."""

# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

from itertools import count

from repro.probe.canary.record import SHORT, UNSTABLE, Recorder

TEXTS = [("first", "a"), ("second", "b")]


def test_a_text_that_wavers_has_no_hash_and_no_value_and_its_neighbour_has() -> None:
    turns = count()
    recorder = Recorder(full=True)
    recorder.parts(TEXTS, (), ("ids",), lambda text: [[text, next(turns) if text == "b" else 0]])
    found = recorder.payload()
    assert found["kept"] == {"ids": {"first": ["a", 0]}}
    assert found["series"]["ids"][SHORT:] == UNSTABLE
    assert found["series"]["ids"][:SHORT] != UNSTABLE


def test_a_case_that_wavers_only_the_third_time_is_unstable() -> None:
    turns = iter([1, 1, 2])
    recorder = Recorder()
    recorder("late", lambda: next(turns))
    assert recorder.payload() == {"cases": 1, "unstable": ["late"]}
