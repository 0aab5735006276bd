"""Fields: every value inside a component that differs, and no other."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from repro.diff.fields import differences
from tests.manifests import known

if TYPE_CHECKING:
    from repro.manifest import Component


def made(properties: dict[str, Any]) -> Component:
    return known("model", "m", **properties)


def changed(old: dict[str, Any], new: dict[str, Any]) -> dict[str, tuple[Any, Any]]:
    fields = differences(made(old), made(new))
    return {field.path: (field.old, field.new) for field in fields}


def test_equal_components_differ_in_nothing() -> None:
    same = {"a": {"b": [1, {"c": None}]}, "d": "x"}
    assert changed(same, same) == {}


def test_version_place_and_source_come_as_fields() -> None:
    old = known("model", "m", "1", location="/a", source="file")
    new = known("model", "m", None, location="/b", source="call")
    assert [(f.path, f.old, f.new) for f in differences(old, new)] == [
        ("version", "1", None),
        ("location", "/a", "/b"),
        ("source", "file", "call"),
    ]


def test_a_nested_value_is_named_by_its_path() -> None:
    old = {"config": {"rope": {"theta": 1, "kind": "x"}, "same": 1}}
    new = {"config": {"rope": {"theta": 2, "kind": "x"}, "same": 1}}
    assert changed(old, new) == {"properties.config.rope.theta": (1, 2)}


def test_a_key_on_one_side_stands_against_nothing() -> None:
    assert changed({"c": {"a": 1}}, {"c": {"b": 2}}) == {
        "properties.c.a": (1, None),
        "properties.c.b": (None, 2),
    }
    assert changed({"a": 1}, {}) == {"properties.a": (1, None)}


@pytest.mark.parametrize("nested", [False, True])
def test_a_null_and_no_key_are_not_the_same(nested: bool) -> None:
    old, new = {"a": None}, dict[str, Any]()
    assert changed({"p": old} if nested else old, {"p": new} if nested else new)


def test_a_list_is_one_value_at_any_depth() -> None:
    old, new = {"c": {"a": [1, {"x": 1}], "z": 0}}, {"c": {"a": [1, {"x": 2}], "z": 0}}
    assert changed(old, new) == {"properties.c.a": ([1, {"x": 1}], [1, {"x": 2}])}
    assert changed({"a": [1, 2]}, {"a": [2, 1]}) == {"properties.a": ([1, 2], [2, 1])}


@pytest.mark.parametrize("old", [1, True, "1", "true", None, [1], [True], {"a": 1}, {"a": True}])
@pytest.mark.parametrize("new", [0, False, "1", "null", None, [1], ["1"], {"a": "1"}, {}])
@pytest.mark.parametrize("nested", [False, True])
def test_values_of_two_types_are_never_equal(old: Any, new: Any, nested: bool) -> None:
    sides = [{"p": {"q": v}} if nested else {"p": v} for v in (old, new)]
    assert bool(changed(*sides)) is (json.dumps(old) != json.dumps(new))


@pytest.mark.parametrize(
    "pair", [(1, True), (0, False), ([1], [True]), ({"a": [0]}, {"a": [False]})]
)
def test_numbers_and_truth_values_differ(pair: tuple[Any, Any]) -> None:
    assert changed({"p": {"q": pair[0]}}, {"p": {"q": pair[1]}})
    assert changed({"p": pair[0]}, {"p": pair[1]})


@pytest.mark.parametrize(
    "key", ["a.b", "", "x['y']", 'say "hi"', "[0]", "root", "__private__", "ключ", "a\nb", "1"]
)
def test_a_key_of_any_text_is_found_with_its_value(key: str) -> None:
    old, new = {"files": {key: "x", "z": 1}}, {"files": {key: "y", "z": 1}}
    assert changed(old, new) == {f"properties.files.{key}": ("x", "y")}


def test_paths_that_read_alike_are_both_listed() -> None:
    old = {"p": {"a.b": 1, "a": {"b": 1}}}
    new = {"p": {"a.b": 2, "a": {"b": 3}}}
    fields = differences(made(old), made(new))
    assert sorted(field.new for field in fields) == [2, 3]


def test_an_object_against_a_plain_value_is_one_difference() -> None:
    assert changed({"p": {"q": {"a": 1}}}, {"p": {"q": 1}}) == {"properties.p.q": ({"a": 1}, 1)}
    assert changed({"p": {"q": 1}}, {"p": 1}) == {"properties.p": ({"q": 1}, 1)}
