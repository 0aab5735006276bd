"""`repro fleet`: the same snapshot in many places, and who is the odd one out."""

from __future__ import annotations

from typing import Final

import click

from repro.cli.commands import Commands

NAMES: Final = ("hosts", "kubernetes", "manifest", "ray", "slurm")
"""Where a fleet may be, and what it is to be made of: each has a module of its name."""


@click.group(cls=Commands, package="repro.cli.fleet", names=NAMES, no_args_is_help=True)
def fleet() -> None:
    """Take a snapshot in each of many places, and compare them.

    A place that does not answer is a row of the report, and never a pass.

    \b
    Examples:
      repro fleet hosts hosts.toml serving -o fleet/
      repro fleet kubernetes -l app=serving -n prod
      repro fleet slurm --partition gpu
      repro fleet ray --address 10.0.0.1:6379
      repro diff fleet/                       the same comparison on another day
    """
