"""The commands as pages for people, in Markdown: made of what `--help` says."""

from __future__ import annotations

import inspect
import re
from textwrap import dedent, indent
from typing import TYPE_CHECKING, Final

import click

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRODUCTION: Final = """\
# Commands

What `repro COMMAND --help` says, a page a command. What all of them share, such as exit codes and
how a target is named, is in [the command line](../cli.md).

| Command | Does |
|:--|:--|
"""
AS_IS: Final = "\b\n"
"""How a paragraph begins that click does not wrap."""


def pages(root: click.Group) -> dict[str, str]:
    """Return texts by file name: `README.md`, and one a command with those below it."""
    context = click.Context(root, info_name="repro")
    made = {"README.md": INTRODUCTION}
    for name, command in _below(root, context):
        made["README.md"] += f"| [`repro {name}`]({name}.md) | {_cell(_paragraphs(command)[0])} |\n"
        made[f"{name}.md"] = "\n".join(_command(command, context, name, "#"))
    return made


def _below(group: click.Group, context: click.Context) -> Iterator[tuple[str, click.Command]]:
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if command is not None and not command.hidden:
            yield name, command


def _command(
    command: click.Command, parent: click.Context, name: str, heading: str
) -> Iterator[str]:
    context = click.Context(command, info_name=name, parent=parent)
    yield f"{heading} {context.command_path}\n"
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    yield f"    {usage}\n"
    yield from map(_paragraph, _paragraphs(command))
    yield from _options(command, context)
    if isinstance(command, click.Group):
        for below, inner in _below(command, context):
            yield from _command(inner, context, below, f"{heading}#")


def _paragraph(text: str) -> str:
    """Keep examples and tables as they are, below the line that says what they are."""
    if not text.startswith(AS_IS):
        return f"{_line(text)}\n"
    title, _, lines = text.removeprefix(AS_IS).partition("\n")
    return f"**{_line(title)}**\n\n{indent(dedent(lines), '    ')}\n"


def _options(command: click.Command, context: click.Context) -> Iterator[str]:
    records = [param.get_help_record(context) for param in command.params]
    rows = [record for record in records if record and record[1]]
    if rows:
        yield "| Option | Meaning |\n|:--|:--|"
        yield from (f"| {_code(option)} | {_cell(meaning)} |" for option, meaning in rows)
        yield ""


def _paragraphs(command: click.Command) -> list[str]:
    return re.split(r"\n\n+", inspect.cleandoc(command.help or ""))


def _code(text: str) -> str:
    return f"`{text}`".replace("|", r"\|")


def _cell(text: str) -> str:
    return _line(text).replace("|", r"\|")


def _line(text: str) -> str:
    """Join lines, and keep what stands in backticks as it is."""
    parts = " ".join(text.split()).split("`")
    parts[::2] = [re.sub(r"([*<\[])", r"\\\1", part) for part in parts[::2]]
    return "`".join(parts)
