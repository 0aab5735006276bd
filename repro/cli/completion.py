"""`repro completion`: the script that completes commands and options in a shell."""

from __future__ import annotations

import click
from click.shell_completion import get_completion_class

from repro.cli import targets  # noqa: F401  # It registers what Bash needs.


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
def completion(shell: str) -> None:
    """Print the completion script of a shell.

    \b
    Examples:
      repro completion bash > /etc/bash_completion.d/repro
      repro completion fish > ~/.config/fish/completions/repro.fish
    """
    context = click.get_current_context().find_root()
    found = get_completion_class(shell)
    if found is not None:
        click.echo(found(context.command, {}, "repro", "_REPRO_COMPLETE").source())
