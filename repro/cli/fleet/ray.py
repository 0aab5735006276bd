"""`repro fleet ray`: the nodes of a cluster, each by a task that Ray runs there."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import click

from repro.cli.fleet.collection import collection_options, compared
from repro.cli.options import files

if TYPE_CHECKING:
    from repro.fleet.plan import Plan


@click.command()
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option(
    "--address",
    metavar="ADDRESS",
    help="The cluster, as Ray writes it: HOST:PORT or ray://HOST:PORT (default: RAY_ADDRESS, "
    "else the one on this machine).",
)
@click.option(
    "--python",
    metavar="PATH",
    shell_complete=files,
    help="The Python here that has the cluster's Ray (default: python3).",
)
@collection_options
def ray(options: tuple[str, ...], **values: Any) -> int:
    """Take the snapshot of each node of a running Ray cluster, and compare them.

    On each node Ray runs one task without CPUs of its own, which asks the Python of Ray's workers.
    A node that died is a row of the report, with Ray's reason. What follows `--` goes to each
    `repro snapshot`.

    \b
    Examples:
      repro fleet ray
      repro fleet ray --address 10.0.0.1:6379 --python /venv/bin/python -o fleet/
      repro fleet ray --address ray://head.example:10001 --host-timeout 900 --retries 1
      repro fleet ray --group-by gpu.device@name -- --no-canary
    """
    return compared(lambda: _plan(options, values), values)


def _plan(options: tuple[str, ...], values: dict[str, Any]) -> Plan:
    from repro.fleet.ray import Wanted, listed, plan  # noqa: PLC0415

    address = values["address"] or os.environ.get("RAY_ADDRESS")
    wanted = Wanted(options=options, address=address, python=values["python"])
    return plan(listed(wanted), wanted)
