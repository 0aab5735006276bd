"""The store that commands about a history are given, and what is read from it."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import click

from repro.cli.options import files
from repro.cli.trust import key_option
from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from repro.history import Point, Unplaced
    from repro.store.shelf import Found

argument = click.argument("store", shell_complete=files)
OPTIONS: Final = (
    key_option,
    click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False),
        help="Trust these authorities for a registry, besides the usual ones.",
    ),
    click.option("--plain-http", is_flag=True, help="Ask a registry without encryption."),
)


class Read(NamedTuple):
    """What a store holds, in order of time, and what has no place there."""

    points: list[Point]
    unplaced: list[Unplaced]
    notes: list[str]


def options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a store to a command; `read` takes their values."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def read(store: str, values: dict[str, Any]) -> Read:
    """Read all manifests of a store; UsageError where there is none."""
    from repro.cli.progress import working  # noqa: PLC0415
    from repro.cli.trust import of_project  # noqa: PLC0415
    from repro.manifest.pool import Pool  # noqa: PLC0415
    from repro.store.opening import store as opened  # noqa: PLC0415
    from repro.target.options import Options  # noqa: PLC0415

    about = {key: values[key] for key in ("ca_file", "plain_http")}
    asked = Options(keys=tuple(values["keys"]) or of_project().keys, **about)
    with working(f"reading {store}"):
        found = list(opened(store, asked).read(Pool()))
    if not found:
        raise UsageError(
            f"{store}: no manifest is there", advice="Put some there: repro history add STORE FILE"
        )
    return _placed(found)


def _placed(found: Iterable[Found]) -> Read:
    from repro.history import Unplaced, points  # noqa: PLC0415
    from repro.history.filing import astray  # noqa: PLC0415

    every = list(found)
    manifests = [(each.place, each.manifest) for each in every if each.manifest]
    placed, undated = points(manifests)
    lost = [
        Unplaced(place=e.place, reason=e.reason, readable=False) for e in every if not e.manifest
    ]
    notes = [
        f"{place} names another subject inside than its folder does: one of them is wrong"
        for place, manifest in manifests
        if astray(place, manifest)
    ]
    return Read(placed, [*undated, *lost], notes)


def chosen(points: list[Point], pattern: str | None) -> list[Point]:
    """Keep the subjects whose names fit; UsageError where none does."""
    if pattern is None:
        return points
    kept = [p for p in points if any(fnmatchcase(text, pattern) for text in _names(p))]
    if not kept:
        known = ", ".join(sorted({str(point.subject) for point in points})[:5])
        raise UsageError(
            f"--subject {pattern}: no subject is called so", advice=f"There is {known}"
        )
    return kept


def _names(point: Point) -> tuple[str, str, str]:
    return point.subject.name, point.subject.host, str(point.subject)
