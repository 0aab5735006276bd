"""`repro schema`: the JSON Schemas of what repro writes."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("which", type=click.Choice(["manifest", "report"]))
def schema(which: str) -> None:
    """Print a JSON Schema (draft 2020-12).

    \b
    Example:
      repro schema manifest > manifest.schema.json
    """
    from repro import manifest  # noqa: PLC0415
    from repro.cli.output import stdout  # noqa: PLC0415
    from repro.report import json_report  # noqa: PLC0415

    found = manifest.schema() if which == "manifest" else json_report.schema()
    stdout(f"{json.dumps(found, indent=2, sort_keys=True)}\n".encode())
