"""What all of `repro fleet` share: their options, and the way from a plan to a report."""

from __future__ import annotations

import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from repro.cli import many, reporting
from repro.cli.options import files
from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from repro.cli.subjects import Taken
    from repro.fleet.collecting import Collected
    from repro.fleet.plan import Job, Plan
    from repro.manifest.pool import Pool

OPTIONS: Final = (
    click.option(
        "-o",
        "--output",
        metavar="FOLDER",
        shell_complete=files,
        help="Keep the manifests there, NAME.json each.",
    ),
    click.option(
        "--resume",
        is_flag=True,
        help="Keep what an earlier run with the same words left in -o FOLDER.",
    ),
    click.option(
        "-j",
        "--jobs",
        type=click.IntRange(1, 256),
        default=8,
        show_default=True,
        help="Places that are asked at a time.",
    ),
    click.option(
        "--host-timeout",
        type=click.IntRange(1, 86400),
        default=600,
        show_default=True,
        metavar="SECONDS",
        help="Time that one place may take in all, for each try.",
    ),
    click.option(
        "--retries",
        type=click.IntRange(0, 20),
        default=0,
        show_default=True,
        help="Further tries where one fails, after 1, 2, 4, … s.",
    ),
    click.option(
        "-f",
        "--format",
        "formats",
        multiple=True,
        metavar="FORMAT[=FILE]",
        help=f"{', '.join(reporting.MANY)}; to standard output or to a file. Repeatable.",
    ),
    click.option(
        "--fail-on",
        type=click.Choice(["divergent", "suspect", "any", "never"]),
        default="suspect",
        show_default=True,
        help="The mildest verdict that exits with 1.",
    ),
    many.grouping_options,
    click.option("--all", "everything", is_flag=True, help="List everything one by one."),
)


def collection_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a collection to a command, which hands all of them to `compared`."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def compared(plan: Callable[[], Plan], values: dict[str, Any]) -> int:
    """Collect what is planned, report on it and return the exit code.

    The plan is made once the options are known to make sense. UsageError where it is empty.
    """
    from repro.manifest.pool import Pool  # noqa: PLC0415
    from repro.policy import Policy  # noqa: PLC0415
    from repro.target.options import Options  # noqa: PLC0415

    places = reporting.places(values["formats"], None, many=True)
    further = {"policy": Policy(fail_on=values["fail_on"]), "scopes": None, "roots": ()}
    what = many.asked((), values, options=Options(), **further)
    if values["resume"] and not values["output"]:
        raise UsageError("--resume needs the folder of the earlier run", advice="Name it with -o.")
    planned, pool = plan(), Pool()
    if not planned.jobs and not planned.lost:
        raise UsageError("there is nothing to take a snapshot of", advice="See --help.")
    with ExitStack() as stack:
        folder = Path(
            values["output"] or stack.enter_context(tempfile.TemporaryDirectory(prefix="repro-"))
        )
        taken, notes = _collected(planned, folder, values, pool)
    survey = many.judged(taken, what, pool, notes)
    many.write(survey, places, everything=values["everything"])
    return survey.exit_code


def _collected(
    plan: Plan, folder: Path, values: Mapping[str, Any], pool: Pool
) -> tuple[Taken, list[str]]:
    from repro.fleet.collecting import Collected, Terms, collect, path_of  # noqa: PLC0415
    from repro.fleet.earlier import begin  # noqa: PLC0415

    kept = begin(plan.jobs, folder, resume=values["resume"])
    left = [job for job in plan.jobs if job.name not in kept]
    terms = Terms(values["jobs"], float(values["host_timeout"]), values["retries"])
    try:
        found = collect(left, folder, terms, _Telling(len(left)))
    except KeyboardInterrupt:
        _tell_kept(plan.jobs, folder, values)
        raise
    found += [Collected(job.name, path_of(job, folder)) for job in plan.jobs if job.name in kept]
    notes = [f"{len(kept)} of {len(plan.jobs)} are of an earlier run, the oldest of {_first(kept)}"]
    return _read(found, plan, pool), [*plan.notes, *(notes if kept else ())]


def _first(kept: Mapping[str, str]) -> str:
    return min(kept.values(), default="")


def _tell_kept(jobs: Iterable[Job], folder: Path, values: Mapping[str, Any]) -> None:
    from repro.fleet.collecting import path_of  # noqa: PLC0415

    if values["output"]:
        there = sum(path_of(job, folder).exists() for job in jobs)
        click.echo(
            f"repro: {there} manifests are in {folder}; --resume goes on from there", err=True
        )


class _Telling:
    """Says of each place how it went, and how far all of it is."""

    def __init__(self, total: int) -> None:
        self._total, self._done, self._failed = total, 0, 0

    def __call__(self, collected: Collected) -> None:
        """Take a place that is through; threads call this one after the other."""
        from repro.report.plain import prose  # noqa: PLC0415

        self._done += 1
        self._failed += collected.failure is not None
        failed = f", {self._failed} failed" if self._failed else ""
        said = prose(collected.failure, 200) if collected.failure else "done"
        click.echo(f"repro: {self._done}/{self._total}{failed}: {collected.name}: {said}", err=True)


def _read(collected: Iterable[Collected], plan: Plan, pool: Pool) -> Taken:
    """Read what was taken; what failed is told of."""
    from repro.cli.subjects import Source, Taken, taken  # noqa: PLC0415
    from repro.survey import Unjudged  # noqa: PLC0415
    from repro.target.options import Options  # noqa: PLC0415

    every = list(collected)
    sources = [Source(c.name, str(c.path), c.path) for c in every if c.failure is None]
    found = taken(sources, Options(), pool)
    lost = [Unjudged(name=c.name, reason=c.failure, advice=c.advice) for c in every if c.failure]
    known = [Unjudged(name=n, reason=r, advice=a) for n, r, a in plan.lost]
    return Taken(found.subjects, [*found.unjudged, *lost, *known])
