"""`repro clean`: removes what a crash left behind."""

from __future__ import annotations

import click


@click.command()
@click.option("--all", "everything", is_flag=True, help="Also those of snapshots under way.")
@click.option("--cache", is_flag=True, help="Remove what is kept of images' layers instead.")
@click.option("-H", "--host", metavar="URL", help="Engine to use (default: DOCKER_HOST).")
@click.option("-c", "--context", metavar="NAME", help="Docker context to use.")
def clean(everything: bool, cache: bool, host: str | None, context: str | None) -> None:
    """Remove containers that an interrupted snapshot left in the engine.

    Every container that repro makes carries a label and a deadline; only those past it go.
    With --cache no engine is asked: what is kept of layers that were read is removed.

    \b
    Examples:
      repro clean
      repro clean --all --host ssh://gpu-17
      repro clean --cache
    """
    if cache:
        from repro.layers.cache import Cache  # noqa: PLC0415

        click.echo(f"repro: {Cache().clear() or 'no'} cached layers removed", err=True)
        return
    from repro.target.engine import connect  # noqa: PLC0415
    from repro.target.leftovers import remove  # noqa: PLC0415

    client = connect(host, context)
    try:
        removed = list(remove(client, everything=everything))
    finally:
        client.close()
    for name in removed:
        click.echo(name)
    click.echo(f"repro: {len(removed) or 'no'} leftover containers removed", err=True)
