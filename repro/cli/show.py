"""`repro show`: what a manifest says, for people."""

from __future__ import annotations

from typing import Any

import click

from repro.cli.options import read, target_options
from repro.cli.targets import complete


@click.command(no_args_is_help=True)
@click.argument("manifest", metavar="MANIFEST|TARGET", shell_complete=complete)
@click.option("-k", "--kind", metavar="PATTERN", help="List all of a kind, such as 'cuda.*'.")
@click.option("--service", metavar="NAME", help="Of a stack: this service's manifest.")
@click.option("--all", "everything", is_flag=True, help="Fold nothing: every row, every reason.")
@target_options
def show(
    manifest: str, kind: str | None, service: str | None, everything: bool, **values: Any
) -> None:
    """Show what a manifest holds, or a stack.

    \b
    Examples:
      repro show v1.json
      repro show v1.json --kind python.package
      repro show app:v1 --kind 'cuda.*'
      repro show stack.json --service web
    """
    from repro.cli import source, stacks  # noqa: PLC0415
    from repro.cli.output import color, stdout, width  # noqa: PLC0415
    from repro.report import manifest as view  # noqa: PLC0415

    if service is not None or stacks.are_meant((manifest,)):
        found = stacks.part(manifest, service)
    else:
        found = source.manifest(manifest, read(values))
    text = view.render(found, width=width(), color=color(), kind=kind, everything=everything)
    stdout(text.encode("utf-8"))
