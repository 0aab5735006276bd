"""What a survey makes of groups, baselines, scopes and those who cannot be judged."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from repro.diff.grouping import Grouping, Pattern, criterion
from repro.errors import UsageError
from repro.policy import Policy
from repro.rules.finding import Impact, Status
from repro.rules.rule import Condition
from repro.survey import Baseline, Survey, Unjudged, survey
from tests.manifests import known, manifest, unreadable
from tests.rules.making import catalog, rule

if TYPE_CHECKING:
    from repro.manifest import Manifest

RULES = catalog(
    rule(
        "XXX001",
        requires=(Condition(kind="gpu.device", path="properties.value", pattern="a"),),
        version=True,
    )
)


def host(version: str = "1", *, gpu: str = "a", kernel: str = "6") -> Manifest:
    return manifest(
        known("python.package", "lib", version),
        known("gpu.device", "gpu0", value=gpu),
        known("kernel", "linux", kernel),
    )


def clusters(found: Survey) -> list[tuple[tuple[str, ...], Status]]:
    return [(each.names, each.status) for group in found.groups for each in group.clusters]


def test_what_is_not_compared_makes_no_clusters() -> None:
    subjects = [(f"s{n}", host(kernel=str(n))) for n in range(4)]
    assert len(clusters(survey(subjects, RULES, Policy()))) == 4
    found = survey(subjects, RULES, Policy(), scopes=("image",))
    assert clusters(found) == [(("s0", "s1", "s2", "s3"), Status.IDENTICAL)]


def test_but_where_it_decides_what_is_to_be_said_clusters_stay_apart() -> None:
    # The rule's condition looks at the GPU, whose scope is not compared.
    base = Baseline(name="base", manifest=host("2", gpu="b"))
    subjects = [("a", host(gpu="a")), ("b", host(gpu="b"))]
    found = survey(subjects, RULES, Policy(), scopes=("image",), baselines=[base])
    assert len(clusters(found)) == 2
    assert {status for _, status in clusters(found)} == {Status.DIVERGENT, Status.SUSPECT}


def test_what_differs_in_image_and_in_host_is_told_apart() -> None:
    subjects = [
        ("a", host()),
        ("b", host()),
        ("c", host("2")),
        ("d", host(kernel="7")),
        ("e", host("2", kernel="7")),
    ]
    (group,) = survey(subjects, RULES, Policy()).groups
    found = {
        each.names[0]: (each.differs, each.variants["image"], each.variants["host"])
        for each in group.clusters
    }
    assert found["c"] == (("image",), 2, 1)
    assert found["d"] == (("host",), 1, 2)
    assert found["e"] == (("image", "host"), 2, 2)


def test_a_row_counts_who_has_which_value() -> None:
    subjects = [
        *((f"a{n}", host()) for n in range(6)),
        ("b", host("2")),
        ("c", host("3")),
        ("d", host("3")),
    ]
    (group,) = survey(subjects, RULES, Policy()).groups
    (row,) = group.rows
    assert [(v.text, v.count, v.reference, v.majority) for v in row.values] == [
        ("1", 6, True, True),
        ("3", 2, False, False),
        ("2", 1, False, False),
    ]
    assert (row.subject, row.status, row.codes) == ("lib", Status.DIVERGENT, ("XXX001",))


def test_a_reference_may_be_in_the_minority() -> None:
    # The one in the middle agrees with each of the others in something, and is nobody's majority.
    versions = [("1", "1", "1"), ("2", "1", "1"), ("2", "2", "1"), ("2", "1", "2")]
    subjects = [
        (
            f"s{n}",
            manifest(*(known("os.package", name, v) for name, v in zip("abc", each, strict=True))),
        )
        for n, each in enumerate(versions)
    ]
    (group,) = survey(subjects, RULES, Policy()).groups
    assert group.reference == "s1"
    base = Baseline(name="base", manifest=subjects[0][1])
    (group,) = survey(subjects[1:], RULES, Policy(), baselines=[base]).groups
    (a,) = [row for row in group.rows if row.name == "a"]
    assert [(v.text, v.count, v.majority) for v in a.values] == [("1", 0, False), ("2", 3, True)]


def test_a_reference_with_an_unreadable_fact_is_not_called_identical() -> None:
    dark = manifest(known("python.package", "lib", "1"), unreadable("gpu.device", "*"))
    found = survey([("a", dark), ("b", dark), ("c", dark)], RULES, Policy())
    assert clusters(found) == [(("a", "b", "c"), Status.INDETERMINATE)]
    assert found.exit_code == 3


def test_groups_have_references_of_their_own() -> None:
    subjects = [
        (f"{gpu}{n}", host("1" if gpu == "a" else "2", gpu=gpu)) for gpu in "ab" for n in range(2)
    ]
    by = Grouping(by=(criterion("gpu.device@value"),))
    found = survey(subjects, RULES, Policy(), grouping=by)
    assert [(g.name, g.reference, g.status) for g in found.groups] == [
        ("gpu.device@value a", "a0", Status.IDENTICAL),
        ("gpu.device@value b", "b0", Status.IDENTICAL),
    ]
    assert [c.number for g in found.groups for c in g.clusters] == [1, 2]
    assert (found.status, found.exit_code) == (Status.IDENTICAL, 0)
    assert found.between[0].verdict.status is Status.DIVERGENT


def test_who_is_alone_or_cannot_be_placed_is_not_judged() -> None:
    dark = manifest(known("python.package", "lib", "1"), unreadable("gpu.device", "*"))
    subjects = [("a", host()), ("b", host()), ("c", host(gpu="c")), ("d", dark)]
    by = Grouping(by=(criterion("gpu.device@value"),))
    found = survey(
        subjects,
        RULES,
        Policy(fail_on="divergent"),
        grouping=by,
        unjudged=[Unjudged(name="0", reason="bad")],
    )
    assert [each.name for each in found.unjudged] == ["0", "c", "d"]
    assert (found.subjects, found.status, found.exit_code) == (5, Status.INDETERMINATE, 3)


def test_a_baseline_is_no_subject_and_belongs_to_one_group() -> None:
    patterns = Grouping(patterns=(Pattern(name="new", match=("n*",)),))
    subjects = [("n1", host("2")), ("n2", host("2")), ("o1", host()), ("o2", host())]
    new = Baseline(name="x", manifest=host("1"), group="new")
    found = survey(subjects, RULES, Policy(), grouping=patterns, baselines=[new])
    assert [(g.name, g.baseline, g.size, g.status) for g in found.groups] == [
        ("new", True, 2, Status.DIVERGENT),
        ("others", False, 2, Status.IDENTICAL),
    ]
    with pytest.raises(UsageError, match="two baselines of the group new: x and n9"):
        survey(
            subjects,
            RULES,
            Policy(),
            grouping=patterns,
            baselines=[new, Baseline(name="n9", manifest=host())],
        )
    unused = msgspec.structs.replace(new, group="moon")
    assert survey(subjects, RULES, Policy(), grouping=patterns, baselines=[unused]).notes == (
        "there is a baseline for the group moon, and no subject in it",
    )


def test_nothing_at_all_is_no_pass() -> None:
    assert survey([], RULES, Policy()).status is Status.INDETERMINATE


def test_policies_hold_as_for_two() -> None:
    subjects = [("a", host()), ("b", host()), ("c", host("2"))]
    speed = survey(subjects, RULES, Policy(impacts=frozenset({Impact.SPEED})))
    assert (speed.exit_code, speed.groups[0].clusters[1].verdict.ignored) == (0, 1)
    assert survey(subjects, RULES, Policy(fail_on="never")).exit_code == 0
