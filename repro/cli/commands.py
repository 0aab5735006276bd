"""A group of commands, each in a module of its name, that is imported when it is asked for."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import click


class Commands(click.Group):
    """Imports a command when it is asked for, so that none waits for what the others need."""

    def __init__(self, *arguments: Any, package: str, names: tuple[str, ...], **more: Any) -> None:
        super().__init__(*arguments, **more)
        self._package, self._names = package, names

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Name them in the order of the help."""
        del ctx
        return list(self._names)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command, None where there is none of that name."""
        del ctx
        if cmd_name not in self._names:
            return None
        module = import_module(f"{self._package}.{cmd_name}")
        command: click.Command = getattr(module, cmd_name)
        return command
