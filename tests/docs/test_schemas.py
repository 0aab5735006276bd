"""The pages about schemas say what `repro schema` prints; `make reports` writes them anew."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any, Final

import click
import pytest
from click.testing import CliRunner

from lab.schemas import pages
from repro.cli.schema import schema
from tests.docs.showing import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS: Final = ROOT / "docs" / "schemas"


def printed() -> Iterator[tuple[str, dict[str, Any]]]:
    """What the command prints for each name that it takes."""
    (which,) = schema.params
    assert isinstance(which.type, click.Choice)
    for name in which.type.choices:
        yield name, json.loads(CliRunner().invoke(schema, [name]).stdout)


MADE: Final = pages(dict(printed()))


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_what_the_schema_says(name: str) -> None:
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        DOCS.mkdir(exist_ok=True)
        (DOCS / name).write_text(MADE[name], encoding="utf-8")
    assert (DOCS / name).read_text("utf-8") == MADE[name]


def test_no_page_is_left_over() -> None:
    assert {path.name for path in DOCS.iterdir()} == set(MADE)
