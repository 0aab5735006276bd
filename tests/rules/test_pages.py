"""The pages about rules say what the catalogue says; `make reports` writes them anew."""

from __future__ import annotations

import os
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import tomli

from repro.rules.catalog import load
from repro.rules.pages import pages

if TYPE_CHECKING:
    from repro.rules.rule import Rule

DOCS = Path(__file__).parents[2] / "docs" / "rules"


def families() -> dict[str, list[Rule]]:
    """The rules of the shipped catalogue, by the files that they are in."""
    found = {}
    folder = resources.files("repro.rules").joinpath("catalog")
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        rows = tomli.loads(entry.read_text("utf-8")).get("rule", [])
        rules = [load().rule(row["code"]) for row in rows]
        found[entry.name.removesuffix(".toml")] = [rule for rule in rules if rule]
    return found


MADE = pages(families(), load())


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_what_the_catalogue_says(name: str) -> None:
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        DOCS.mkdir(exist_ok=True)
        (DOCS / name).write_text(MADE[name], encoding="utf-8")
    assert (DOCS / name).read_text("utf-8") == MADE[name]


def test_no_page_is_left_over() -> None:
    assert {path.name for path in DOCS.iterdir()} == set(MADE)


def test_every_rule_is_on_a_page() -> None:
    text = "".join(MADE.values())
    assert [rule.code for rule in load().rules if f"## {rule.code} " not in text] == []
