"""What a history says of manifests: when each subject changed, and what is not known."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as some

from repro.history.timeline import Judging
from repro.history.wanted import Wanted
from repro.policy import Policy
from repro.rules.catalog import load
from repro.rules.finding import Status
from tests.history.made import cudnn, taken, told, torch
from tests.manifests import absent, known, setting, unreadable

if TYPE_CHECKING:
    from repro.history import History
    from repro.manifest import Fact

Said = list[tuple[str, str, str | None, str | None]]


def said(found: History, number: int = 0) -> Said:
    """Of one subject: day, fact, and its two values."""
    steps = found.timelines[number].steps
    return [(s.at[5:10], e.name, e.old, e.new) for s in steps for e in s.entries]


def test_only_changes_are_told_with_their_day() -> None:
    found = told(*(taken(d, cudnn(v)) for d, v in (("01-01", "9.1"), ("01-02", "9.1"))))
    assert said(found) == []
    later = [taken("01-03", cudnn("9.3")), taken("01-04", cudnn("9.3"))]
    found = told(taken("01-01", cudnn("9.1")), *later)
    assert said(found) == [("01-03", "cudnn", "9.1", "9.3")]
    assert found.timelines[0].manifests == 3


def test_the_order_is_that_of_time_and_not_of_arrival() -> None:
    days = [
        taken("03-01", cudnn("9.3")),
        taken("01-01", cudnn("9.1")),
        taken("02-01", cudnn("9.2")),
    ]
    assert said(told(*days)) == [("02-01", "cudnn", "9.1", "9.2"), ("03-01", "cudnn", "9.2", "9.3")]


def test_a_time_in_another_zone_is_the_same_moment() -> None:
    early = taken("", cudnn("9.1"), at="2026-01-01T09:00:00+02:00")
    late = taken("", cudnn("9.3"), at="2026-01-01T08:00:00Z")
    assert said(told(late, early)) == [("01-01", "cudnn", "9.1", "9.3")]


def test_each_host_has_its_own_line() -> None:
    found = told(
        taken("01-01", cudnn("9.1")),
        taken("01-02", cudnn("9.3"), host="h2"),
        taken("01-03", cudnn("9.1")),
    )
    assert [(str(t.subject), t.steps) for t in found.timelines] == [
        ("serve:v1 on h1", ()),
        ("serve:v1 on h2", ()),
    ]


def test_two_hosts_of_one_name_are_told_apart_by_their_machines() -> None:
    found = told(
        taken("01-01", cudnn("9.1"), machine="a" * 16),
        taken("01-02", cudnn("9.3"), machine="b" * 16),
    )
    assert [str(t.subject) for t in found.timelines] == [
        "serve:v1 on h1 [aaaaaaaa]",
        "serve:v1 on h1 [bbbbbbbb]",
    ]


def test_what_was_read_is_one_wherever_that_was_done_and_is_no_run() -> None:
    found = told(
        taken("01-01", cudnn("9.1"), mode="static", host="ci-1"),
        taken("01-02", cudnn("9.3"), mode="static", host="ci-2"),
        taken("01-03", cudnn("9.9"), host="ci-2"),
    )
    assert [str(t.subject) for t in found.timelines] == ["serve:v1 (read)", "serve:v1 on ci-2"]
    assert said(found) == [("01-02", "cudnn", "9.1", "9.3")]


@pytest.mark.parametrize(
    ("at", "why"),
    [
        (None, "it does not say when it was taken"),
        ("", "it does not say when it was taken"),
        ("yesterday", "it does not say when it was taken"),
        (7, "it does not say when it was taken"),
        ("0001-01-01T00:00:00+14:00", "it does not say when it was taken"),
        ("1970-01-01T00:00:10Z", "its host's clock was not set: it says 1970-01-01 00:00"),
    ],
)
def test_what_has_no_time_is_a_row_and_no_step(at: object, why: str) -> None:
    found = told(taken("01-01", cudnn("9.1")), taken("", cudnn("9.3"), at=at))
    assert said(found) == []
    assert [(each.place, each.reason) for each in found.unplaced] == [("1", why)]
    assert found.exit_code == 0


def test_what_became_unreadable_is_a_change_and_stays_named() -> None:
    dark = unreadable("cuda.library", "cudnn")
    found = told(
        taken("01-01", cudnn("9.1")), taken("01-02", dark), taken("01-03", dark, torch("1"))
    )
    assert said(found)[0] == ("01-02", "cudnn", "9.1", "unreadable")
    assert [each[1] for each in said(found)[1:]] == ["torch"]
    assert found.timelines[0].unread == ("cuda.library cudnn: permission denied",)


def test_of_asks_for_some_facts_and_tells_what_they_were_at_first() -> None:
    days = [taken("01-01", cudnn("9.1"), torch("1")), taken("01-02", cudnn("9.3"), torch("2"))]
    found = told(*days, wanted=Wanted.parse("cudnn"))
    assert said(found) == [("01-01", "cudnn", None, "9.1"), ("01-02", "cudnn", "9.1", "9.3")]
    assert found.timelines[0].steps[0].entries[0].how == "first"


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("cudnn", ["cudnn"]),
        ("CUDNN", ["cudnn"]),
        ("cuda.library", ["cudnn"]),
        ("cuda.*", ["cudnn"]),
        ("cuda.library:cu*", ["cudnn"]),
        ("setting:NCCL_*", ["NCCL_ALGO"]),
        ("gpu.device@model", ["gpu0"]),
        ("gpu.device@uuid", []),
        ("python.package:cudnn", []),
        ("*", ["cudnn", "gpu0", "NCCL_ALGO"]),
    ],
)
def test_facts_are_asked_for_by_kind_by_name_or_by_property(text: str, names: list[str]) -> None:
    def day(which: str) -> list[Fact]:
        gpu = known("gpu.device", "gpu0", model=f"H{which}00", memory=which)
        return [cudnn(f"9.{which}"), gpu, setting("NCCL_ALGO", which)]

    days = [taken("01-01", *day("1")), taken("01-02", *day("2"))]
    found = told(*days, wanted=Wanted.parse(text))
    changed = [e.name for s in found.timelines[0].steps for e in s.entries if e.how != "first"]
    assert sorted(changed) == sorted(names)


def test_a_property_is_told_by_its_own_value() -> None:
    gpus = {"01-01": "A", "01-02": "B"}
    days = [taken(day, known("gpu.device", "gpu0", a=z, z=z)) for day, z in gpus.items()]
    found = told(*days, wanted=Wanted.parse("gpu.device@z"))
    assert said(found) == [("01-01", "gpu0", None, "A"), ("01-02", "gpu0", "z=A", "z=B")]


@pytest.mark.parametrize("text", ["", "a:", ":b", "a@", "@"])
def test_what_names_no_fact_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{text}$"):
        Wanted.parse(text)


def test_what_may_hide_behind_something_unreadable_is_not_called_unchanged() -> None:
    other = taken("01-01", cudnn("9.1"), host="h2")
    dark = taken("01-01", unreadable("cuda"), unreadable("gpu.device"))
    found = told(other, dark, wanted=Wanted.parse("cudnn"))
    assert [t.unread for t in found.timelines] == [("cuda *: permission denied",), ()]
    alone = told(dark, wanted=Wanted.parse("cudnn"))
    assert len(alone.timelines[0].unread) == 2


def test_a_step_has_a_verdict_where_somebody_asks() -> None:
    days = [taken("01-01", torch("2.1.0"), absent("gpu.driver")), taken("01-02", torch("2.5.1"))]
    assert told(*days).timelines[0].steps[0].status is None
    judging = Judging(load(), Policy())
    step = told(*days, judging=judging).timelines[0].steps[0]
    assert step.status is not None
    assert step.status.rank >= Status.SUSPECT.rank
    assert step.entries[0].status is step.status
    assert step.entries[0].codes


@given(some.lists(some.tuples(some.integers(0, 27), some.sampled_from("abc")), min_size=1))
def test_values_told_are_those_that_were_held(days: list[tuple[int, str]]) -> None:
    """From the first value, the steps lead through what the manifests hold, in order of time."""
    ordered = dict(days)
    manifests = [taken(f"01-{day + 1:02}", cudnn(version)) for day, version in ordered.items()]
    found = said(told(*manifests, wanted=Wanted.parse("cudnn")))
    held = [version for _, version in sorted(ordered.items())]
    runs = [version for n, version in enumerate(held) if n == 0 or version != held[n - 1]]
    assert [new for *_, new in found] == runs
    assert [old for *_, old, _ in found][1:] == runs[:-1]
