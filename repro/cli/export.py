"""`repro export`: a manifest in a form that other tools read."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from repro.cli.options import files, read, target_options


@click.command(no_args_is_help=True)
@click.argument("manifest", metavar="MANIFEST|TARGET", shell_complete=files)
@click.option(
    "-f",
    "--format",
    "form",
    type=click.Choice(["cyclonedx"]),
    default="cyclonedx",
    show_default=True,
    help="CycloneDX 1.6 in JSON: a bill of materials.",
)
@click.option("-o", "--output", metavar="FILE", shell_complete=files, help="Write it there.")
@target_options
def export(manifest: str, form: str, output: str | None, **values: Any) -> None:
    """Write what a manifest holds as a bill of materials.

    \b
    Examples:
      repro export v1.json -o v1.cdx.json
      repro export app:v1 --static | grype
    """
    from repro.cli import source  # noqa: PLC0415
    from repro.cli.output import stdout, write  # noqa: PLC0415
    from repro.report import cyclonedx  # noqa: PLC0415

    data = cyclonedx.render(source.manifest(manifest, read(values))).encode("utf-8")
    if output is None:
        stdout(data)
    else:
        write(Path(output), data)
        click.echo(f"repro: {form} → {output}", err=True)
