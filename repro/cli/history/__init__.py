"""`repro history`: what changed when, over a store of manifests."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click

from repro.cli.commands import Commands

if TYPE_CHECKING:
    from collections.abc import Sequence

NAMES: Final = ("show", "add", "serve")
"""What can be done with a store: each has a module of its name."""
SHOW: Final = "show"


class _Shown(Commands):
    """Shows the store that is named where a command would stand."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read `repro history STORE` as `repro history show STORE`."""
        return super().parse_args(ctx, args if _is_command(args) else [SHOW, *args])


def _is_command(args: Sequence[str]) -> bool:
    return not args or args[0] in (*NAMES, "-h", "--help")


@click.group(cls=_Shown, package="repro.cli.history", names=NAMES, no_args_is_help=True)
def history() -> None:
    """Say when what changed, over a store of manifests: repro history STORE.

    STORE is a folder, a URL such as s3://bucket/fleet, or registry:HOST/NAME. A store that is
    called like a command is written ./add. `repro history show --help` has the options.

    \b
    Examples:
      repro history add fleet-store/ today/*.json   keep what was collected today
      repro history fleet-store/ --of cudnn         when did cuDNN change, and where?
      repro history serve fleet-store/              for Prometheus
    """
