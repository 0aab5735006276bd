"""Which layers brought what differs between images that were run: read for one comparison alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import click
import msgspec

from repro.cli.progress import working
from repro.errors import ReproError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.diff.change import Comparison
    from repro.manifest import Fact, Manifest, Origin, Scope
    from repro.target.options import Options

CONFIG: Final = ("image", "image.env")
"""Kinds of facts that lie in no layer."""


def compared(
    sides: tuple[Manifest, Manifest],
    scopes: tuple[Scope, ...] | None,
    named: tuple[str | None, str | None],
    options: Options,
) -> Comparison:
    """Compare, and find the layers of what differs between images that were run for this."""
    from repro.cli.source import is_manifest  # noqa: PLC0415
    from repro.diff import compare  # noqa: PLC0415

    a, b = (text is not None and not is_manifest(text) for text in named)
    return traced(compare(*sides, scopes), (a, b), options)


def traced(comparison: Comparison, taken: tuple[bool, bool], options: Options) -> Comparison:
    """Put beside the facts of images that were run which layers they come from.

    `taken` tells of A and B whether the snapshot was taken here, so that the image is at hand. A
    manifest on disk never gets this: it would depend on how the engine stores the image.
    """
    changes = [c for c in comparison.changes if c.scope == "image" and c.kind not in CONFIG]
    a, b = comparison.a, comparison.b
    if taken[0] and any(change.old for change in changes):
        a = _explained(a, options)
    if taken[1] and any(change.new for change in changes):
        b = _explained(b, options)
    return msgspec.structs.replace(comparison, a=a, b=b)


def _explained(manifest: Manifest, options: Options) -> Manifest:
    """Read the layers of an image that was run; the manifest as it is where that cannot be."""
    target = manifest.target
    known = target.properties.get("mode") or target.properties.get("attested")
    if target.kind != "image" or not manifest.layers or known:
        return manifest
    try:
        read = _read(manifest, options)
    except (ReproError, OSError) as error:
        from repro.report.plain import prose  # noqa: PLC0415

        said = f"the report does not say which layers of {target.name} brought what: {error}"
        click.echo(f"repro: {prose(said, 500)}", err=True)
        return manifest
    if read.layers != manifest.layers:
        return manifest
    return msgspec.structs.replace(manifest, origins=_origins(manifest, read, options.volumes))


def _read(manifest: Manifest, options: Options) -> Manifest:
    """Read the very image that was run: its tag may have moved on meanwhile."""
    from repro.target.resolve import snapshots  # noqa: PLC0415

    image = f"image:{manifest.target.properties['id']}"
    asked = msgspec.structs.replace(
        options, static=True, gpus=None, volumes=(), env=(), platform=None, endpoint=None
    )
    with working(f"reading the layers of {manifest.target.name}") as progress:
        (read,) = snapshots(image, asked, progress)
    return read


def _origins(run: Manifest, read: Manifest, volumes: Iterable[str]) -> tuple[Origin, ...]:
    """Keep the origins of what the run found just so, and not in a volume over it."""
    from repro.manifest.model import canonical  # noqa: PLC0415
    from repro.target.options import parse_volume  # noqa: PLC0415

    found = set(map(canonical, run.facts))
    otherwise = {_name(fact) for fact in read.facts if canonical(fact) not in found}
    mounts = tuple(f"{parse_volume(volume)[1].rstrip('/')}/" for volume in volumes)
    return tuple(
        origin
        for origin in read.origins
        if _name(origin) not in otherwise and not f"{origin.location}/".startswith(mounts)
    )


def _name(found: Fact | Origin) -> tuple[str, str, str | None]:
    return found.kind, found.name, getattr(found, "location", None)
