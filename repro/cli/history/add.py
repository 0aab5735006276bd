"""`repro history add`: puts manifests into a store, each once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from repro.cli.history import stores
from repro.cli.options import files
from repro.errors import ReproError

if TYPE_CHECKING:
    from repro.manifest.pool import Pool
    from repro.store.shelf import Shelf


@click.command(no_args_is_help=True)
@stores.argument
@click.argument("manifests", nargs=-1, required=True, metavar="MANIFEST...", shell_complete=files)
def add(store: str, manifests: tuple[str, ...]) -> int:
    """Put manifests into a STORE, a folder or a URL, as SUBJECT/TIME-DIGEST.json.

    What is there already is left as it is. A folder among the manifests stands for all below it.

    \b
    Examples:
      repro history add fleet-store/ h100-01.json h100-02.json
      repro history add s3://bucket/fleet today/
    """
    from repro.cli.main import complain  # noqa: PLC0415
    from repro.cli.subjects import listed  # noqa: PLC0415
    from repro.manifest.pool import Pool  # noqa: PLC0415
    from repro.store.opening import shelf  # noqa: PLC0415

    place, pool, added, failed = shelf(store), Pool(), 0, 0
    sources = listed(manifests).sources
    for source in sources:
        try:
            added += _put(place, pool, source.path or Path(source.text))
        except ReproError as error:
            failed += 1
            complain(error)
    there = len(sources) - added - failed
    click.echo(f"repro: {store}: {added} added, {there} there already, {failed} failed", err=True)
    return 2 if failed else 0


def _put(place: Shelf, pool: Pool, path: Path) -> bool:
    """Put one manifest into the store; False where it is there already."""
    from repro.history.filing import place as named  # noqa: PLC0415
    from repro.manifest import encode  # noqa: PLC0415

    manifest = pool.load(path)
    return place.put(named(manifest), encode(manifest))
