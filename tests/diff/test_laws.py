"""Laws of manifests and their comparison, over random ones."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.diff import Change, FieldChange, How, compare
from repro.manifest import (
    Component,
    Fact,
    Layer,
    Manifest,
    Origin,
    Unreadable,
    assemble,
    decode,
    encode,
)
from repro.manifest.model import canonical
from repro.manifest.pool import Pool
from tests.manifests import known, manifest
from tests.rules.random_cases import manifests, pairs

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable

lawful = settings(derandomize=True, max_examples=150, deadline=None, database=None)
MIRROR: dict[How, How] = {
    "added": "removed",
    "removed": "added",
    "lost": "gained",
    "gained": "lost",
}

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=6)
values: st.SearchStrategy[Any] = st.recursive(
    st.one_of(st.none(), st.booleans(), st.integers(), text),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(text, inner, max_size=3)),
    max_leaves=8,
)
wild = st.builds(
    Component,
    scope=st.sampled_from(["image", "process", "host"]),
    kind=text,
    name=text,
    source=text,
    version=st.one_of(st.none(), text),
    location=st.one_of(st.none(), text),
    properties=st.dictionaries(text, values, max_size=4),
)

origins = st.builds(
    Origin, layer=st.integers(0, 2), kind=text, name=text, location=st.one_of(st.none(), text)
)


def turned(change: Change) -> Change:
    return msgspec.structs.replace(
        change,
        how=MIRROR.get(change.how, change.how),
        old=change.new,
        new=change.old,
        fields=tuple(FieldChange(path=f.path, old=f.new, new=f.old) for f in change.fields),
    )


def as_set(changes: Iterable[Change]) -> list[bytes]:
    return sorted(map(canonical, changes))


@lawful
@given(
    st.lists(wild, max_size=5),
    st.dictionaries(text, values, max_size=2),
    st.lists(st.none() | text, min_size=3, max_size=5),
    st.lists(origins, max_size=5),
)
def test_any_manifest_comes_back_from_its_bytes(
    facts: list[Fact], volatile: dict[str, Any], steps: list[str | None], named: list[Origin]
) -> None:
    layers = [Layer(digest="sha256:" + "0" * 64, step=step) for step in steps]
    one = assemble(manifest().target, facts, volatile, layers=layers, origins=named)
    assert one.digests == manifest(*facts).digests
    assert decode(encode(one)) == one
    assert encode(decode(encode(one))) == encode(one)


@lawful
@given(st.lists(wild, max_size=5), st.randoms(use_true_random=False))
def test_bytes_do_not_depend_on_the_order_of_facts(
    facts: list[Fact], chance: random.Random
) -> None:
    mixed = [*facts]
    chance.shuffle(mixed)
    assert encode(manifest(*mixed)) == encode(manifest(*facts))


@lawful
@given(manifests)
def test_a_manifest_differs_from_itself_in_what_was_not_read_alone(one: Manifest) -> None:
    changes = compare(one, one).changes
    assert {change.how for change in changes} <= {"unknown"}
    unread = {fact.key for fact in one.facts if isinstance(fact, Unreadable)}
    assert {(c.scope, c.kind, c.name) for c in changes} == unread


@lawful
@given(pairs())
def test_to_turn_the_sides_is_to_mirror_the_changes(sides: tuple[Manifest, Manifest]) -> None:
    a, b = sides
    assert as_set(compare(b, a).changes) == as_set(map(turned, compare(a, b).changes))


@lawful
@given(pairs())
def test_every_known_fact_that_only_one_side_holds_is_in_a_change(
    sides: tuple[Manifest, Manifest],
) -> None:
    a, b = (set(map(canonical, side.facts)) for side in sides)
    found = compare(*sides)
    seen = {canonical(f) for c in found.changes for f in (c.old, c.new) if f is not None}
    for side, other in ((sides[0], b), (sides[1], a)):
        facts = [f for f in side.facts if not (found.unmeasured and f.kind == "canary")]
        lone = [canonical(f) for f in facts if isinstance(f, Component)]
        assert {line for line in lone if line not in other} <= seen


@lawful
@given(wild, wild)
def test_two_components_differ_in_some_field_or_not_at_all(old: Component, new: Component) -> None:
    same_key = msgspec.structs.replace(new, scope=old.scope, kind=old.kind, name=old.name)
    changes = compare(manifest(old), manifest(same_key)).changes
    assert bool(changes) is (canonical(old) != canonical(same_key))
    assert all(change.fields for change in changes)


def test_a_field_of_any_type_differs_from_every_other() -> None:
    kinds: list[Any] = [None, True, False, 0, 1, "", "1", "true", [], [1], [True], {}, {"a": 1}]
    for old in kinds:
        for new in kinds:
            sides = manifest(known("k", "n", p=old)), manifest(known("k", "n", p=new))
            assert bool(compare(*sides).changes) is (canonical(old) != canonical(new))


@lawful
@given(pairs())
def test_facts_that_are_one_object_in_both_compare_as_equal_ones(
    both: tuple[Manifest, Manifest],
) -> None:
    """Of many manifests that are read together; a file alone shares nothing with another."""
    pool = Pool()
    a, b = (pool.decode(encode(each)) for each in both)
    c, d = (decode(encode(each)) for each in both)
    assert compare(a, b).changes == compare(c, d).changes
