"""Who set a variable that differs, as a finding says it."""

from __future__ import annotations

import pytest

from repro.diff import compare
from repro.manifest import Fact, Manifest, Target, assemble
from repro.rules.judge import judge
from tests.manifests import known, setting
from tests.rules.making import catalog

NAME = "NCCL_ALGO"


def side(value: str | None, declared: str | None = None, kind: str = "container") -> Manifest:
    facts: list[Fact] = [] if value is None else [setting(NAME, value)]
    facts += [] if declared is None else [known("image.env", NAME, value=declared)]
    return assemble(Target(kind=kind, name="serve"), [*facts, known("cpu", "cpu")])


def said(a: Manifest, b: Manifest) -> str:
    """What is added to the finding about the variable as the process has it."""
    found = [f for f in judge(compare(a, b), catalog()) if f.change and f.change.kind == "setting"]
    return found[0].why.rpartition(". ")[2]


@pytest.mark.parametrize(
    ("a", "b", "words"),
    [
        (("Ring", "Ring"), ("Tree", "Tree"), "Both sides have it from the image."),
        (
            ("Ring", "Ring"),
            ("Tree", "Ring"),
            "A has it from the image, B has it from what started it.",
        ),
        (("Ring",), ("Tree",), "Both sides have it from what started it."),
        ((None,), ("Tree", "Tree"), "B has it from the image."),
        (("Ring", "Tree"), (None, "Tree"), "A has it from what started it."),
    ],
)
def test_a_variable_is_the_image_s_where_that_declares_its_value(
    a: tuple[str, ...], b: tuple[str, ...], words: str
) -> None:
    assert said(side(*a), side(*b)) == words


def test_where_no_image_was_looked_at_nobody_is_named() -> None:
    alone = [side(value, kind="environment") for value in ("Ring", "Tree")]
    assert "has it from" not in said(*alone)
    mixed = said(alone[0], side("Tree", "Tree"))
    assert mixed == "B has it from the image."


def test_what_a_library_says_of_itself_was_set_by_nobody_who_is_known() -> None:
    a, b = (
        assemble(
            Target(kind="image", name="serve"),
            [known("setting", "torch.tf32", source="call", value=value)],
        )
        for value in (True, False)
    )
    assert "have it from" not in said(a, b)
