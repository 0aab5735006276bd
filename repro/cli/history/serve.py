"""`repro history serve`: the newest manifests of a store as metrics, for Prometheus to ask for."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli.history import stores
from repro.cli.options import files
from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.history import Point
    from repro.manifest import Manifest
    from repro.survey import Survey

PORTS = range(65536)


@click.command(no_args_is_help=True)
@stores.argument
@click.option(
    "--listen",
    default="127.0.0.1:9732",
    show_default=True,
    metavar="HOST:PORT",
    help="Where to answer; anybody who reaches it may read.",
)
@click.option(
    "--baseline",
    metavar="FILE",
    shell_complete=files,
    help="Compare all with this manifest (default: each target's hosts with each other).",
)
@click.option("--subject", metavar="PATTERN", help="Look at these subjects alone, by their names.")
@stores.options
def serve(store: str, listen: str, baseline: str | None, **values: Any) -> None:
    """Answer /metrics with the verdict on each subject's newest manifest, until Ctrl-C.

    The store is read anew for each question. Where it cannot be read, the answer is 503, so that
    `up` is 0; a subject that cannot be judged has `repro_subject_judged` 0.

    \b
    Examples:
      repro history serve fleet-store/
      repro history serve s3://bucket/fleet --baseline evaluated.json --listen 0.0.0.0:9732
    """
    from repro.cli.history.endpoint import answer_until_interrupted  # noqa: PLC0415
    from repro.manifest import load  # noqa: PLC0415
    from repro.report.survey import prometheus  # noqa: PLC0415

    host, port = _address(listen)
    reference = load(Path(baseline)) if baseline else None
    answer_until_interrupted(
        host, port, lambda: prometheus.render(_survey(store, baseline, reference, values))
    )


def _survey(
    store: str, name: str | None, reference: Manifest | None, values: dict[str, Any]
) -> Survey:
    from repro.diff.grouping import Grouping  # noqa: PLC0415
    from repro.policy import Policy  # noqa: PLC0415
    from repro.rules.catalog import load  # noqa: PLC0415
    from repro.survey import Baseline, Unjudged, survey  # noqa: PLC0415

    read = stores.read(store, values)
    newest = _newest(stores.chosen(read.points, values["subject"]))
    given = [Baseline(name=name or "", manifest=reference)] if reference else []
    return survey(
        newest,
        load(),
        Policy(),
        baselines=given,
        grouping=Grouping(folder=not reference),
        unjudged=[Unjudged(name=each.place, reason=each.reason) for each in read.unplaced],
    )


def _newest(points: Iterable[Point]) -> list[tuple[str, Manifest]]:
    """Take the last manifest of each subject; its target stands before its host, as a folder."""
    last = {point.subject: point.manifest for point in points}
    found = []
    for who, manifest in last.items():
        host = " ".join(filter(None, (who.host, who.machine[:8], who.mode))) or "-"
        found.append((f"{who.name}/{host.replace('/', '_')}", manifest))
    return found


def _address(text: str) -> tuple[str, int]:
    """Read `HOST:PORT` or `[HOST]:PORT`; UsageError for anything else."""
    host, colon, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not colon or not host or not port.isascii() or not port.isdigit() or int(port) not in PORTS:
        raise UsageError(f"--listen {text!r} is not HOST:PORT", advice="Say 127.0.0.1:9732.")
    return host, int(port)
