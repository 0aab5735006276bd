"""Laws of surveys, over random fleets: what two at a time say, many at once say too."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from repro.diff.many import Agreement, fold
from repro.manifest import Manifest, Unreadable, assemble
from repro.manifest.model import canonical
from repro.policy import Policy
from repro.report.survey import json_report
from repro.survey import Baseline, Survey, survey
from tests.manifests import manifest, verdict
from tests.rules.random_cases import catalogs, components, facts

if TYPE_CHECKING:
    from repro.manifest import Fact
    from repro.rules.catalog import Catalog
    from repro.rules.finding import Status

lawful = settings(derandomize=True, max_examples=150, deadline=None, database=None)
Fleet = list[tuple[str, Manifest]]


@st.composite
def fleets(draw: st.DrawFn, least: int = 2) -> Fleet:
    """Some manifests, most of them several times, for a fleet has much in common."""
    shared = draw(st.lists(components(), max_size=4))
    kinds = [
        manifest(*shared, *more)
        for more in draw(st.lists(st.lists(facts, max_size=3), min_size=1, max_size=4))
    ]
    chosen = draw(st.lists(st.sampled_from(kinds), min_size=least, max_size=7))
    return [(f"s{index}", each) for index, each in enumerate(chosen)]


def statuses(found: Survey) -> dict[str, Status]:
    """The status of each subject that was judged."""
    return {
        name: cluster.status
        for group in found.groups
        for cluster in group.clusters
        for name in cluster.names
    }


@lawful
@given(fleets(), catalogs(), st.randoms(use_true_random=False))
def test_the_order_of_subjects_changes_nothing(
    fleet: Fleet, table: Catalog, chance: object
) -> None:
    shuffled = list(fleet)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]  # hypothesis gives a random.Random
    one, other = (survey(each, table, Policy()) for each in (fleet, shuffled))
    assert json_report.render(one) == json_report.render(other)


@lawful
@given(fleets(), catalogs())
def test_each_subject_has_the_verdict_of_a_pair_with_the_reference(
    fleet: Fleet, table: Catalog
) -> None:
    found = survey(fleet, table, Policy())
    (group,) = found.groups
    reference = dict(fleet)[group.reference]
    alone = {name: verdict(reference, each, table) for name, each in fleet}
    assert statuses(found) == {name: each.status for name, each in alone.items()}
    for cluster in group.clusters:
        for name in cluster.names:
            assert cluster.verdict.findings == alone[name].findings


@lawful
@given(fleets(), catalogs())
def test_of_two_it_says_what_a_comparison_of_two_says(fleet: Fleet, table: Catalog) -> None:
    (first, a), (second, b) = fleet[:2]
    found = survey([(second, b)], table, Policy(), baselines=[Baseline(name=first, manifest=a)])
    alone = verdict(a, b, table)
    assert (found.status, found.exit_code) == (alone.status, alone.exit_code)
    assert found.groups[0].clusters[0].verdict.findings == alone.findings


@lawful
@given(fleets(), catalogs(), st.integers(0, 6))
def test_one_more_of_the_same_subject_changes_no_verdict_against_a_baseline(
    fleet: Fleet, table: Catalog, index: int
) -> None:
    again = ("again", fleet[index % len(fleet)][1])
    baselines = [Baseline(name="base", manifest=fleet[0][1])]
    one, other = (
        survey(each, table, Policy(), baselines=baselines) for each in (fleet, [*fleet, again])
    )
    assert statuses(one) == {k: v for k, v in statuses(other).items() if k != "again"}


def hiding(side: Manifest, gone: Fact) -> Manifest:
    scope, kind, name = gone.key
    unread = Unreadable(scope=scope, kind=kind, name=name, reason="hidden")
    return assemble(side.target, [*(f for f in side.facts if f.key != gone.key), unread])


@lawful
@given(fleets(), catalogs(), st.data())
def test_what_becomes_unreadable_in_one_subject_lets_nothing_pass(
    fleet: Fleet, table: Catalog, data: st.DataObject
) -> None:
    baselines = [Baseline(name="base", manifest=fleet[0][1])]
    before = survey(fleet, table, Policy(), baselines=baselines)
    index = data.draw(st.integers(0, len(fleet) - 1))
    name, side = fleet[index]
    assume(side.facts and statuses(before)[name].rank > 1)
    fact = data.draw(st.sampled_from(side.facts))
    changed = [*fleet[:index], (name, hiding(side, fact)), *fleet[index + 1 :]]
    after = survey(changed, table, Policy(), baselines=baselines)
    assert after.exit_code, "a subject that failed must not pass with less known of it"


@lawful
@given(fleets(), catalogs(), st.data())
def test_nor_where_the_reference_may_change_with_it(
    fleet: Fleet, table: Catalog, data: st.DataObject
) -> None:
    assume(survey(fleet, table, Policy()).exit_code)
    index = data.draw(st.integers(0, len(fleet) - 1))
    name, side = fleet[index]
    assume(side.facts)
    fact = data.draw(st.sampled_from(side.facts))
    changed = [*fleet[:index], (name, hiding(side, fact)), *fleet[index + 1 :]]
    assert survey(changed, table, Policy()).exit_code


@lawful
@given(fleets())
def test_the_ordinary_one_agrees_the_most(fleet: Fleet) -> None:
    """Counted one by one, fact by fact; what is unreadable agrees with nothing."""
    folds = fold(fleet)
    keys = {f.key for _, each in fleet for f in each.facts}
    every = [(each, name) for each in folds for name in each.names]
    agreement = Agreement(folds)
    best = agreement.ordinary()

    def score(index: int) -> int:
        own = [agreement.value(index, key) for key in keys]
        others = [[agreement.value(folds.index(f), key) for key in keys] for f, _ in every]
        return sum(
            x is not None and x == y for other in others for x, y in zip(own, other, strict=True)
        )

    assert score(best) == max(map(score, range(len(folds))))


@lawful
@given(fleets())
def test_values_are_equal_where_facts_are(fleet: Fleet) -> None:
    folds = fold(fleet)
    agreement = Agreement(folds)
    for key in {f.key for _, each in fleet for f in each.facts}:
        held = [
            sorted(canonical(f) for f in each.manifest.facts if f.key == key and _there(f))
            for each in folds
        ]
        values = [agreement.value(index, key) for index in range(len(folds))]
        for i, x in enumerate(values):
            for j, y in enumerate(values):
                assert x is None or y is None or (x == y) == (held[i] == held[j])
        for index, each in enumerate(folds):
            unread = any(isinstance(f, Unreadable) for f in each.manifest.facts if f.key == key)
            assert not unread or values[index] is None


def _there(fact: Fact) -> bool:
    return type(fact).__name__ == "Component"
