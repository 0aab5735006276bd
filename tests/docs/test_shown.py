"""Commands and settings that pages show exist, also those that cannot be run here."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Final

import click
import pytest
import tomli

from repro.cli.main import NAMES, cli
from tests.docs.showing import PAGES, README, REASONS, WRITTEN, blocks, name

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LINE: Final = re.compile(r"^\s*(?:\$ )?(repro (?:-|\w).*)$", re.MULTILINE)
SPOKEN: Final = re.compile(r"\s{2,}|\s#\s|\s*[;|&>]")
"""What ends a command in a line: words about it, or what a shell does next."""
COMMAND: Final = re.compile(
    r"^(?:\$ |(?:repro|docker|kubectl|pytest|pip|make|git|mkdir|srun|ray) )", re.MULTILINE
)


def shown(page: Path) -> Iterator[str]:
    """Name the commands of repro in a page's blocks, fenced or indented."""
    text = page.read_text("utf-8")
    code = [block.text for block in blocks(text)] + re.findall(r"^    .*$", text, re.MULTILINE)
    for part in code:
        yield from (SPOKEN.split(line)[0] for line in LINE.findall(part) if "[OPTIONS]" not in line)


def misread(line: str) -> str | None:
    """Say what the command line would not understand, None where it would."""
    command: click.Command = cli
    context = click.Context(cli, info_name="repro")
    words = shlex.split(line)[1:]
    try:
        while isinstance(command, click.Group) and words and not words[0].startswith("-"):
            command.parse_args(context, words)  # A group may put a command's name in.
            words = [*context._protected_args, *context.args]
            _, found, words = command.resolve_command(context, words)
            command = found or command
            context = click.Context(command, parent=context, info_name=command.name)
        values, _, given = command.make_parser(context).parse_args(words)
        for option in given:
            if isinstance(option.type, click.Choice) and option.name in values:
                option.type_cast_value(context, values[option.name])
    except click.UsageError as error:
        return f"{line}: {error.format_message()}"
    return None


@pytest.mark.parametrize("page", PAGES, ids=name)
def test_commands_have_the_options_that_they_are_shown_with(page: Path) -> None:
    assert [said for line in shown(page) if (said := misread(line))] == []


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_what_is_not_run_says_why(page: Path) -> None:
    for block in blocks(page.read_text("utf-8")):
        if COMMAND.search(block.text) and not block.is_run and block.language != "yaml":
            assert block.reason in REASONS, f"no reason, or one that nobody knows:\n{block.text}"


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_a_session_has_no_command_outside_of_a_fence(page: Path) -> None:
    assert re.findall(r"^ {4}(?:\$ )?repro .*$", page.read_text("utf-8"), re.MULTILINE) == []


@pytest.mark.parametrize("page", WRITTEN, ids=name)
def test_settings_are_toml(page: Path) -> None:
    for block in blocks(page.read_text("utf-8")):
        if block.language == "toml":
            tomli.loads(block.text)


def test_the_readme_begins_with_a_command_that_is_run() -> None:
    first = next(block for block in blocks(README.read_text("utf-8")) if block.commands)
    assert first.is_run
    assert first.commands[0].startswith("repro diff ")


def test_the_readme_names_a_command_for_each_purpose() -> None:
    used = {line.split()[1] for line in shown(README)}
    assert used >= {"attach", "snapshot", "diff", "fleet", "show", "rules", "clean", "verify"}
    assert used <= set(NAMES)


@pytest.mark.parametrize(
    "line",
    ["repro diff --fail-on never a b", "repro gate app:v2 --base main", "repro rules explain X"],
)
def test_what_is_right_is_understood(line: str) -> None:
    assert misread(line) is None


@pytest.mark.parametrize(
    "line",
    [
        "repro diff --fail-on nothing a b",
        "repro gate --bass main app:v2",
        "repro gates",
        "repro rules explains X",
    ],
)
def test_what_is_wrong_is_found(line: str) -> None:
    assert misread(line)
