"""`repro fleet hosts`: the same target on the container engines of many hosts."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli.fleet.collection import collection_options, compared
from repro.cli.options import files
from repro.cli.targets import complete

if TYPE_CHECKING:
    from repro.fleet.plan import Plan


@click.command(no_args_is_help=True)
@click.argument("file", type=click.Path(exists=True, dir_okay=False), shell_complete=files)
@click.argument("target", shell_complete=complete)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "-l",
    "--limit",
    "limits",
    multiple=True,
    metavar="NAMES",
    help="These hosts or groups alone; comma-separated, * and ? fit anything. Repeatable.",
)
@collection_options
def hosts(
    file: str, target: str, options: tuple[str, ...], limits: tuple[str, ...], **values: Any
) -> int:
    """Take the snapshot of a target on every host of a file, and compare them.

    FILE is an inventory of Ansible (INI, YAML, or what `ansible-inventory --list` prints), or a
    TOML file of [[host]] tables with a name, and an engine (as in DOCKER_HOST) or a Docker
    context. What follows `--` goes to each `repro snapshot`. A host that does not answer is a
    row of the report.

    \b
    Examples:
      repro fleet hosts hosts.toml serving
      repro fleet hosts hosts.toml vllm/vllm-openai:v0.11.0 -o fleet/ -- --gpus all
      repro fleet hosts hosts.toml serving --host-timeout 120 -j 32 -f text -f csv=drift.csv
      repro fleet hosts hosts.toml serving -o fleet/ --resume --retries 2
      repro fleet hosts inventory.ini serving --limit gpu
    """
    return compared(lambda: _plan(Path(file), target, options, limits), values)


def _plan(file: Path, target: str, options: tuple[str, ...], limits: tuple[str, ...]) -> Plan:
    from repro.fleet.hosts import read  # noqa: PLC0415
    from repro.fleet.plan import Plan  # noqa: PLC0415

    found = read(file, limits)
    jobs = (engine.job(target, options, file.parent) for engine in found.engines)
    return Plan.of(jobs, found.lost, found.notes)
