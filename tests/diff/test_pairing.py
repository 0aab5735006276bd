"""Pairing: of several components of one name, each stands against the one it resembles most."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repro.diff.pairing import pair
from tests.manifests import known

if TYPE_CHECKING:
    from repro.manifest import Component


def torch(version: str | None, location: str | None = None, **properties: Any) -> Component:
    return known("python.package", "torch", version, location=location, **properties)


def paired(*sides: list[Component]) -> set[tuple[str | None, str | None]]:
    return {(a.version if a else None, b.version if b else None) for a, b in pair(*sides)}


def test_one_against_one_is_a_pair_however_different() -> None:
    assert paired([torch("1", "/a")], [torch("2", "/b", entry=True)]) == {("1", "2")}


def test_nothing_against_something_is_left_alone() -> None:
    assert paired([torch("1")], []) == {("1", None)}
    assert paired([], [torch("1")]) == {(None, "1")}
    assert paired([], []) == set()


def test_what_is_wholly_the_same_pairs_first() -> None:
    a = [torch("1", "/a"), torch("2", "/b")]
    b = [torch("2", "/b"), torch("3", "/a")]
    assert paired(a, b) == {("2", "2"), ("1", "3")}


def test_the_order_of_keys_in_properties_hides_no_sameness() -> None:
    a = [torch("1", None, x=1, y=2), torch("1", None, x=3)]
    b = [torch("1", None, x=3), torch("1", None, y=2, x=1)]
    assert all(old == new for old, new in pair(a, b))


def test_revisions_of_one_repository_pair_with_themselves() -> None:
    a = [torch("1", "/hub", revision="abc"), torch("2", "/hub", revision="def")]
    b = [torch("3", "/hub", revision="def"), torch("4", "/hub", revision="fff")]
    assert paired(a, b) == {("2", "3"), ("1", "4")}
    elsewhere = [torch("5", "/other", revision="def"), torch("6", "/hub", revision="fff")]
    assert paired(a[1:], elsewhere) == {("2", "6"), (None, "5")}


def test_the_environment_of_the_entry_point_pairs_wherever_it_lies() -> None:
    a = [torch("1", "/usr/lib"), torch("2", "/venv/lib", entry=True)]
    b = [torch("3", "/usr/lib"), torch("4", "/opt/conda/lib", entry=True)]
    assert paired(a, b) == {("2", "4"), ("1", "3")}


def test_place_pairs_before_environment_and_environment_before_version() -> None:
    a = [torch("1", "/a", environment="/x"), torch("2", "/b", environment="/y")]
    b = [torch("2", "/a", environment="/y"), torch("1", "/c", environment="/y")]
    assert paired(a, b) == {("1", "2"), ("2", "1")}


def test_without_a_place_the_version_pairs() -> None:
    a = [torch("1", x=1), torch("2", x=2)]
    b = [torch("2", x=3), torch("1", x=4)]
    assert paired(a, b) == {("1", "1"), ("2", "2")}


def test_what_nothing_is_known_of_is_no_resemblance() -> None:
    a = [torch(None, None, x=1), torch("1", "/a")]
    b = [torch("1", "/a", x=2), torch(None, None, x=3)]
    assert paired(a, b) == {("1", "1"), (None, None)}


def test_the_rest_pairs_in_order_and_what_remains_is_alone() -> None:
    a = [torch("1"), torch("2"), torch("3")]
    assert paired(a, [torch("8"), torch("9")]) == {("1", "8"), ("2", "9"), ("3", None)}


def test_one_and_true_are_told_apart_when_pairing() -> None:
    a = [torch("1", None, x=1), torch("1", None, x=True)]
    b = [torch("1", None, x=True), torch("1", None, x=1)]
    assert all(type(o.properties["x"]) is type(n.properties["x"]) for o, n in pair(a, b) if o and n)


def test_every_component_is_in_exactly_one_pair() -> None:
    a = [torch(str(n % 3), f"/{n % 4}", environment=f"/{n % 2}") for n in range(11)]
    b = [torch(str(n % 4), f"/{n % 3}", entry=n % 5 == 0) for n in range(7)]
    pairs = list(pair(a, b))
    assert sorted(id(old) for old, _ in pairs if old) == sorted(map(id, a))
    assert sorted(id(new) for _, new in pairs if new) == sorted(map(id, b))
