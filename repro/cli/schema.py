"""`repro schema`: the JSON Schemas of what repro writes."""

from __future__ import annotations

import json

import click


@click.command()
@click.argument("which", type=click.Choice(["history", "manifest", "report", "stack", "survey"]))
def schema(which: str) -> None:
    """Print a JSON Schema (draft 2020-12).

    `report` is of a comparison of two, `survey` of one of many; `stack` is of services
    together, `history` of a store.

    \b
    Example:
      repro schema manifest > manifest.schema.json
    """
    from repro import manifest, stack  # noqa: PLC0415
    from repro.cli.output import stdout  # noqa: PLC0415
    from repro.report import json_report  # noqa: PLC0415
    from repro.report.history import json_report as history_report  # noqa: PLC0415
    from repro.report.survey import json_report as survey_report  # noqa: PLC0415

    schemas = {
        "history": history_report.schema,
        "manifest": manifest.schema,
        "report": json_report.schema,
        "stack": stack.schema,
        "survey": survey_report.schema,
    }
    found = schemas[which]()
    stdout(f"{json.dumps(found, indent=2, sort_keys=True)}\n".encode())
