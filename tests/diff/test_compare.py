"""Comparing: every difference becomes a change, and what was not read is never equal."""

from __future__ import annotations

import pytest

from repro.diff import Change, compare
from repro.manifest import Fact, Unreadable
from tests.manifests import absent, known, manifest, many, setting, unreadable

ONE, TWO = known("libc", "glibc", "2.35"), known("libc", "glibc", "2.36")
HIDDEN = unreadable("libc", "glibc")


def changes(a: list[Fact], b: list[Fact]) -> tuple[Change, ...]:
    return compare(manifest(*a), manifest(*b)).changes


def hows(a: list[Fact], b: list[Fact]) -> list[str]:
    return [change.how for change in changes(a, b)]


@pytest.mark.parametrize(
    ("a", "b", "how"),
    [
        ([ONE], [ONE], []),
        ([ONE], [TWO], ["changed"]),
        ([ONE], [], ["removed"]),
        ([], [ONE], ["added"]),
        ([ONE], [absent("libc", "glibc")], ["removed"]),
        ([ONE], [HIDDEN], ["lost"]),
        ([HIDDEN], [ONE], ["gained"]),
        ([HIDDEN], [HIDDEN], ["unknown"]),
        ([HIDDEN], [absent("libc", "glibc")], ["unknown"]),
        ([HIDDEN], [], ["unknown"]),
        ([absent("libc", "glibc")], [absent("libc", "glibc", "other words")], []),
        ([absent("libc", "glibc")], [], []),
        ([ONE, TWO], [ONE], ["removed"]),
        ([ONE, HIDDEN], [ONE, HIDDEN], ["unknown"]),
        ([ONE, HIDDEN], [ONE], ["unknown"]),
        ([ONE, HIDDEN], [], ["removed", "unknown"]),
        ([ONE, HIDDEN], [TWO], ["changed", "unknown"]),
        ([ONE, TWO], [ONE, HIDDEN], ["lost"]),
    ],
)
def test_how_two_sides_stand_to_each_other(a: list[Fact], b: list[Fact], how: list[str]) -> None:
    assert hows(a, b) == how


def test_a_change_holds_the_facts_of_both_sides() -> None:
    gone = absent("libc", "glibc", "musl here")
    assert [(c.old, c.new) for c in changes([ONE], [gone])] == [(ONE, gone)]
    assert [(c.old, c.new) for c in changes([HIDDEN], [ONE])] == [(HIDDEN, ONE)]
    assert [c.versions for c in changes([ONE], [TWO])] == [("2.35", "2.36")]
    assert [c.versions for c in changes([HIDDEN], [TWO])] == [(None, "2.36")]


@pytest.mark.parametrize("kind", ["gpu.device", "gpu"])
def test_a_kind_that_could_not_be_read_hides_all_of_it(kind: str) -> None:
    device = known("gpu.device", "gpu0")
    wide = Unreadable(scope="host", kind=kind, name="*", reason="NVML failed")
    found = {(c.kind, c.name): c.how for c in changes([device], [wide])}
    assert found == {("gpu.device", "gpu0"): "lost", (kind, "*"): "unknown"}


def test_a_family_of_names_that_could_not_be_read_hides_them() -> None:
    found = {
        c.name: c.how
        for c in changes(
            [setting("torch.backends.tf32", "on"), setting("jax.x64", "on")],
            [unreadable("setting", "torch.*")],
        )
    }
    assert found == {"torch.backends.tf32": "lost", "torch.*": "unknown", "jax.x64": "removed"}


def test_a_longer_kind_or_another_scope_hides_nothing() -> None:
    device = known("gpu.device", "gpu0")
    other = Unreadable(scope="host", kind="gpu.dev", name="*", reason="x")
    assert {c.how for c in changes([device], [other]) if c.name == "gpu0"} == {"removed"}
    elsewhere = Unreadable(scope="image", kind="gpu.device", name="*", reason="x")
    assert {c.how for c in changes([device], [elsewhere]) if c.name == "gpu0"} == {"removed"}


def test_the_same_name_in_two_scopes_is_two_things() -> None:
    a, b = known("cpu", "x", "1", scope="host"), known("cpu", "x", "1", scope="image")
    assert sorted(hows([a], [b])) == ["added", "removed"]


def test_changes_come_in_the_order_of_scope_kind_and_name() -> None:
    facts: list[Fact] = [known("libc", "z"), known("cpu", "c"), known("libc", "a")]
    found = [(c.scope, c.kind, c.name) for c in changes([], facts)]
    assert found == sorted(found)


def test_environments_keep_their_packages_apart() -> None:
    def package(where: str, version: str) -> Fact:
        return known("python.package", "numpy", version, environment=where, location=where)

    a = [package("/usr", "1.26.4"), package("/opt/venv", "2.0.0")]
    b = [package("/usr", "1.26.4"), package("/opt/venv", "2.1.0")]
    assert [c.versions for c in changes(a, b)] == [("2.0.0", "2.1.0")]


@pytest.mark.parametrize("nested", [False, True])
def test_of_a_thousand_components_only_those_that_differ_are_changes(nested: bool) -> None:
    a, b = (many(1000, differing=count, nested=nested) for count in (0, 300))
    changes = compare(a, b).changes
    assert len(changes) == 300
    assert {len(change.fields) for change in changes} == {2}
