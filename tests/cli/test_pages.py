"""The pages about commands say what `--help` says; `make reports` writes them anew."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Final

import click
import pytest

from repro.cli.main import NAMES, cli
from repro.cli.pages import pages

DOCS: Final = Path(__file__).parents[2] / "docs" / "commands"
MADE: Final = pages(cli)


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_what_the_help_says(name: str) -> None:
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        DOCS.mkdir(exist_ok=True)
        (DOCS / name).write_text(MADE[name], encoding="utf-8")
    assert (DOCS / name).read_text("utf-8") == MADE[name]


def test_there_is_a_page_for_each_command_and_none_is_left_over() -> None:
    assert set(MADE) == {"README.md", *(f"{name}.md" for name in NAMES)}
    assert {path.name for path in DOCS.iterdir()} == set(MADE)


def test_what_markdown_would_obey_is_shown_as_it_is() -> None:
    @click.command()
    @click.option("--fail-on", type=click.Choice(["a", "b"]), help="A * and a `<b|c>` | [d](e).")
    def odd(fail_on: str) -> None:
        """Say <b> *so*.

        \b
        Examples:
          repro odd '*'
        """

    text = pages(click.Group("repro", commands={"odd": odd}))["odd.md"]
    assert "Say \\<b> \\*so\\*.\n" in text
    assert "**Examples:**\n\n    repro odd '*'\n" in text
    assert r"| `--fail-on [a\|b]` | A \* and a `<b\|c>` \| \[d](e). |" in text
