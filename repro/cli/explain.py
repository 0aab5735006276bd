"""`repro explain`: one finding of a report in full."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from repro.cli.options import files
from repro.errors import UsageError


@click.command(no_args_is_help=True)
@click.argument("report", metavar="REPORT", shell_complete=files)
@click.argument("finding", metavar="FINDING", required=False)
def explain(report: str, finding: str | None) -> None:
    """Explain a finding of a JSON report: why, what differs, what to do, what would settle it.

    FINDING is its code, its number (#2), or what it is about; without it the findings are listed.

    \b
    Examples:
      repro diff v1.json v2.json -f json=drift.json
      repro explain drift.json
      repro explain drift.json TOK006
      repro explain drift.json '#1'
      repro diff v1.json v2.json -f json | repro explain - torch
    """
    from repro.cli.output import stdout, width  # noqa: PLC0415
    from repro.report import explaining, json_report  # noqa: PLC0415

    findings = json_report.parse(_read(report), report).findings
    if finding is None:
        stdout(explaining.listed(findings).encode())
        return
    found = explaining.chosen(findings, finding)
    if not found:
        raise UsageError(
            f"{report} has no finding {finding!r}", advice=f"List them: repro explain {report}"
        )
    texts = [explaining.explained(each, width()) for each in found]
    stdout("\n".join(texts).encode())


def _read(report: str) -> bytes:
    from repro.report.json_report import LIMIT  # noqa: PLC0415

    if report == "-":
        return sys.stdin.buffer.read(LIMIT + 1)
    try:
        with Path(report).open("rb") as stream:
            return stream.read(LIMIT + 1)
    except OSError as error:
        raise UsageError(
            f"{report}: {error.strerror}", advice="Make one: repro diff A B -f json=drift.json"
        ) from error
