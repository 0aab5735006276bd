"""The law of doubt: less information never makes a better verdict.

What holds, for the default policy, where PASS is exit 0 and everything else is not:

1. A fact that becomes unreadable, on one side or on both, never turns a FAIL (1) or an
   INDETERMINATE (3) into a PASS, whatever else the manifests and the catalogue hold. FAIL may
   become INDETERMINATE: what was known to differ is then not known at all.
2. A component that is taken out of one side, while the other side still has as many of its key,
   never turns a FAIL into a PASS, if no rule's condition looks at its kind and it had no field
   that its counterparts lack. Beyond that no program can see the loss: where the other side has
   none either, nothing tells that there ever was one, and to a condition a component that is
   not listed is one that is not installed. This is why collectors say `unreadable`, not nothing.
3. A row of the catalogue that calls changes harmless (impact none or speed, `within`, a
   bystander) can be taken away and no status becomes better, finding by finding.
4. A rule that accuses can be taken away and a FAIL stays one, where the kind's own row is not
   harmless and no harmless row speaks of the component. `divergent` may become `suspect`, since
   an inference is never sure. Where the kind's row is harmless (packages of the system, say) the
   rule is the knowledge itself, and without it there is none.
5. A canary that came out the same on both sides can be taken away from both, or from one, or be
   said to have failed, and no status becomes better: all that it does is to settle what rules
   suspect. One that came out otherwise speaks of its own impact, and is lost when it is not run;
   a canary that was never run on a side is not compared, and the report says so.

With `--fail-on divergent` the first law is weaker on purpose: a doubted condition leaves
`suspect`, and who tolerates suspicion tolerates that.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from repro.diff import compare
from repro.manifest import Component, Fact, Manifest, Unreadable, assemble
from repro.rules import catalog as shipped
from repro.rules.catalog import Catalog
from repro.rules.doubt import accuses
from repro.rules.finding import Impact, Status
from repro.rules.inference import PLACE
from tests.manifests import known, manifest, verdict
from tests.rules.making import catalog
from tests.rules.random_cases import catalogs, manifests, pairs
from tests.rules.test_catalog import component, kind_of, meeting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.diff import Change
    from repro.rules.rule import Rule

lawful = settings(derandomize=True, max_examples=100, deadline=None, database=None)
Sides = tuple[Manifest, Manifest]


def passes(sides: Sides, table: Catalog) -> bool:
    return verdict(*sides, table).exit_code == 0


def without(side: Manifest, fact: Fact) -> Manifest:
    return assemble(side.target, (other for other in side.facts if other != fact))


def hiding(side: Manifest, fact: Fact) -> Manifest:
    scope, kind, name = fact.key
    hidden = Unreadable(scope=scope, kind=kind, name=name, reason="permission denied")
    return assemble(side.target, [*without(side, fact).facts, hidden])


def on_side(sides: Sides, index: int, other: Manifest) -> Sides:
    return (other, sides[1]) if index == 0 else (sides[0], other)


def components_of(side: Manifest) -> list[Component]:
    return [fact for fact in side.facts if isinstance(fact, Component)]


@lawful
@given(pairs(), catalogs())
def test_the_status_is_the_same_in_both_directions(sides: Sides, table: Catalog) -> None:
    there, back = verdict(*sides, table), verdict(sides[1], sides[0], table)
    assert there.status is back.status
    assert sorted(f.code for f in there.findings) == sorted(f.code for f in back.findings)


@lawful
@given(manifests, catalogs())
def test_a_manifest_that_was_wholly_read_is_identical_to_itself(
    one: Manifest, table: Catalog
) -> None:
    status = verdict(one, one, table).status
    if not components_of(one):
        assert status is Status.INDETERMINATE
    elif not any(isinstance(fact, Unreadable) for fact in one.facts):
        assert status is Status.IDENTICAL
    else:
        assert status in (Status.EQUIVALENT, Status.INDETERMINATE)


@lawful
@given(pairs(), catalogs())
def test_every_change_has_a_finding(sides: Sides, table: Catalog) -> None:
    changes = compare(*sides).changes
    findings = verdict(*sides, table).findings
    assert all(any(f.change == change for f in findings) for change in changes)


@lawful
@given(pairs(), catalogs(), st.data())
def test_1_what_becomes_unreadable_betters_nothing(
    sides: Sides, table: Catalog, data: st.DataObject
) -> None:
    assume(not passes(sides, table))
    index = data.draw(st.integers(0, 1))
    assume(components_of(sides[index]))
    fact = data.draw(st.sampled_from(components_of(sides[index])))
    one = on_side(sides, index, hiding(sides[index], fact))
    assert not passes(one, table)
    both = on_side(one, 1 - index, hiding(sides[1 - index], fact))
    assert not passes(both, table)


@lawful
@given(pairs(), catalogs(), st.data())
def test_2_what_is_taken_from_one_side_betters_nothing(
    sides: Sides, table: Catalog, data: st.DataObject
) -> None:
    assume(not passes(sides, table))
    index = data.draw(st.integers(0, 1))
    removable = [f for f in components_of(sides[index]) if _law_2(f, sides, index, table)]
    assume(removable)
    fact = data.draw(st.sampled_from(removable))
    assert not passes(on_side(sides, index, without(sides[index], fact)), table)


def _law_2(fact: Component, sides: Sides, index: int, table: Catalog) -> bool:
    looked_at = {condition.kind for rule in table.rules for condition in rule.requires}
    here, there = ([f for f in components_of(side) if f.key == fact.key] for side in sides)
    if index == 1:
        here, there = there, here
    fields = set(leaves(fact))
    covered = all(fields <= set(leaves(other)) for other in there)
    if fact.kind == "canary":
        return False  # What was not run was not measured: law 5.
    return len(here) <= len(there) == 1 and covered and fact.kind not in looked_at


@lawful
@given(pairs(), catalogs(), st.data())
def test_5_an_equal_canary_that_is_taken_away_betters_nothing(
    sides: Sides, table: Catalog, data: st.DataObject
) -> None:
    ran = [f for f in components_of(sides[0]) if f.kind == "canary" and f in sides[1].facts]
    assume(ran and not passes(sides, table))
    fact = data.draw(st.sampled_from(ran))
    rest = [f for f in components_of(sides[0]) if f.kind == "canary" and f != fact]
    assume(rest and all(any(f.kind == "canary" for f in s.facts if f != fact) for s in sides))
    assert not passes((without(sides[0], fact), without(sides[1], fact)), table)
    for index in (0, 1):
        assert not passes(on_side(sides, index, without(sides[index], fact)), table)
        assert not passes(on_side(sides, index, hiding(sides[index], fact)), table)


@lawful
@given(pairs(), catalogs())
def test_5_without_any_canary_no_finding_of_a_rule_is_better(sides: Sides, table: Catalog) -> None:
    a, b = (assemble(s.target, [f for f in s.facts if f.kind != "canary"]) for s in sides)
    fewer = {(f.code, repr(f.change)): f.status.rank for f in verdict(a, b, table).findings}
    for finding in verdict(*sides, table).findings:
        if finding.change and finding.change.kind != "canary":
            assert fewer[finding.code, repr(finding.change)] >= finding.status.rank


def leaves(fact: Component) -> Iterator[str]:
    if fact.version is not None:
        yield "version"
    for key, value in fact.properties.items():
        yield from (f"{key}.{inner}" for inner in value) if isinstance(value, dict) else [key]


def harmless_rows(table: Catalog) -> list[Rule]:
    return [rule for rule in table.rules if not accuses(rule)]


def reduced(table: Catalog, *gone: Rule, bystanders: bool = True) -> Catalog:
    kept = [rule for rule in table.rules if rule not in gone]
    return Catalog(kept, table.kinds.values(), table.bystanders.values() if bystanders else ())


@lawful
@given(pairs(), catalogs(), st.data())
def test_3_a_harmless_row_that_is_taken_away_betters_nothing(
    sides: Sides, table: Catalog, data: st.DataObject
) -> None:
    before = verdict(*sides, table).status.rank
    assert verdict(*sides, reduced(table, bystanders=False)).status.rank >= before
    if rows := harmless_rows(table):
        fewer = reduced(table, data.draw(st.sampled_from(rows)))
        assert verdict(*sides, fewer).status.rank >= before


@lawful
@given(pairs())
def test_4_without_any_rule_what_might_matter_still_fails(sides: Sides) -> None:
    assume(all(fact.kind != "canary" for side in sides for fact in side.facts))
    bare = catalog(bystander="nobody")
    matter = [change for change in compare(*sides).changes if _might_matter(change, bare)]
    if matter:
        assert not passes(sides, bare)


def _might_matter(change: Change, bare: Catalog) -> bool:
    """Tell whether a kind's own row is not harmless, and more than the place differs."""
    if change.kind == "canary":
        return False  # Canaries are judged by what they measured.
    if change.kind == "image.env" or change.how not in ("changed", "added", "removed"):
        return False  # Declared values are settled by effective ones; law 1 has the unread.
    moved = change.how == "changed" and {field.path for field in change.fields} <= PLACE
    return bare.inference(change.kind).impact is not Impact.NONE and not moved


SHIPPED = shipped.load()
FIRING = [
    (rule, example)
    for rule in SHIPPED.rules
    for example in rule.example
    if example.fires and example.old is not None and example.new is not None
    if not rule.when.copies
]


def example_sides(rule: Rule, sides: tuple[object, object]) -> tuple[Sides, list[Component]]:
    kind = kind_of(rule)
    made = [component(rule, side, kind) for side in sides]  # type: ignore[arg-type]  # checked there
    around = [meeting(condition) for condition in rule.requires]
    company = known("kernel", "linux", "6.1")
    a, b = (manifest(one, *around, company) for one in made)
    return (a, b), made


def less(sides: Sides, made: list[Component]) -> Iterator[Sides]:
    """Yield the sides with one fact less known: hidden on each side, on both, and taken away."""
    a, b = sides
    old, new = made
    yield hiding(a, old), b
    yield a, hiding(b, new)
    yield hiding(a, old), hiding(b, new)
    yield without(a, old), b
    yield a, without(b, new)


@pytest.mark.parametrize(("rule", "example"), FIRING, ids=lambda item: getattr(item, "code", ""))
def test_the_shipped_catalogue_keeps_the_first_two_laws(rule: Rule, example: object) -> None:
    pair = (getattr(example, "old", None), getattr(example, "new", None))
    sides, made = example_sides(rule, pair)
    if passes(sides, SHIPPED):
        assert not accuses(rule)
        return
    cases = ("A unread", "B unread", "both unread", "A taken", "B taken")
    better = [
        case
        for case, known_less in zip(cases, less(sides, made), strict=True)
        if passes(known_less, SHIPPED)
    ]
    assert better == []


def test_the_shipped_catalogue_keeps_the_third_law() -> None:
    strict = reduced(SHIPPED, *harmless_rows(SHIPPED), bystanders=False)
    for rule, example in FIRING:
        sides, _ = example_sides(rule, (example.old, example.new))
        assert verdict(*sides, strict).status.rank >= verdict(*sides, SHIPPED).status.rank


def test_no_shipped_rule_calls_presence_on_one_side_harmless() -> None:
    """Such a rule would break the second law: to take a fact away would be to excuse it."""
    assert [r.code for r in harmless_rows(SHIPPED) if r.when.presence] == []


def test_no_shipped_rule_makes_unknown_conditions_sure() -> None:
    """Where the facts that conditions look at are gone, nothing that they excused is excused."""
    conditional = [(r, e) for r, e in FIRING if r.requires and not accuses(r)]
    for rule, example in conditional:
        (a, b), made = example_sides(rule, (example.old, example.new))
        around = {fact.key for fact in chain(a.facts, b.facts)} - {fact.key for fact in made}
        for key in around:
            looked = [fact for fact in a.facts if fact.key == key]
            if not any(condition.kind == key[1] for condition in rule.requires):
                continue
            hidden = [hiding(side, fact) for side in (a, b) for fact in looked]
            codes = [f.code for f in verdict(hidden[0], hidden[-1], SHIPPED).findings]
            assert rule.code not in codes
