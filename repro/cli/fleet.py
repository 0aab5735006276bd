"""`repro fleet`: the same target on many hosts, and who is the odd one out."""

from __future__ import annotations

import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli import many, reporting
from repro.cli.options import files
from repro.cli.targets import complete

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.fleet.collecting import Collected, Job
    from repro.survey import Survey


@click.command(no_args_is_help=True)
@click.argument("hosts", type=click.Path(exists=True, dir_okay=False), shell_complete=files)
@click.argument("target", shell_complete=complete)
@click.argument("options", nargs=-1, type=click.UNPROCESSED)
@click.option("-o", "--output", metavar="FOLDER", help="Keep the manifests there, NAME.json each.")
@click.option(
    "-j",
    "--jobs",
    type=click.IntRange(1, 256),
    default=8,
    show_default=True,
    help="Hosts that are asked at a time.",
)
@click.option(
    "--host-timeout",
    type=click.IntRange(1, 86400),
    default=600,
    show_default=True,
    metavar="SECONDS",
    help="Time that one host may take in all.",
)
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help=f"{', '.join(reporting.MANY)}; to standard output or to a file. Repeatable.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["divergent", "suspect", "any", "never"]),
    default="suspect",
    show_default=True,
    help="The mildest verdict that exits with 1.",
)
@click.option("--all", "everything", is_flag=True, help="List everything one by one.")
def fleet(
    hosts: str, target: str, options: tuple[str, ...], formats: tuple[str, ...], **values: Any
) -> int:
    """Take the snapshot of a target on every host of a file, and compare them.

    HOSTS is a TOML file of [[host]] tables with a name, and an engine (as in DOCKER_HOST) or a
    Docker context. What follows `--` goes to each `repro snapshot`. A host that does not answer
    is a row of the report.

    \b
    Examples:
      repro fleet hosts.toml serving
      repro fleet hosts.toml vllm/vllm-openai:v0.11.0 -o fleet/ -- --gpus all
      repro fleet hosts.toml serving --host-timeout 120 -j 32 -f text -f csv=drift.csv
    """
    places = reporting.places(formats, None, many=True)
    with ExitStack() as stack:
        folder = Path(
            values["output"] or stack.enter_context(tempfile.TemporaryDirectory(prefix="repro-"))
        )
        folder.mkdir(parents=True, exist_ok=True)
        survey = _survey(_jobs(Path(hosts), target, options, folder), values)
    many.write(survey, places, everything=values["everything"])
    return survey.exit_code


def _jobs(hosts: Path, target: str, options: tuple[str, ...], folder: Path) -> list[Job]:
    from repro.fleet.collecting import Job  # noqa: PLC0415
    from repro.fleet.engine import arguments  # noqa: PLC0415
    from repro.fleet.hosts import read  # noqa: PLC0415

    command = [sys.executable, "-m", "repro", "snapshot", *options]
    jobs = []
    for host in read(hosts):
        path = folder / f"{host.name}.json"
        path.unlink(missing_ok=True)  # One from an earlier day must not pass for today's.
        reached = [*command, *arguments(host), f"--output={path}", "--", target]
        jobs.append(Job(host.name, reached, path))
    return jobs


def _survey(jobs: list[Job], values: dict[str, Any]) -> Survey:
    from repro.fleet.collecting import collect  # noqa: PLC0415
    from repro.policy import Policy  # noqa: PLC0415
    from repro.rules.catalog import load  # noqa: PLC0415
    from repro.survey import survey  # noqa: PLC0415

    seconds, at_once = float(values["host_timeout"]), values["jobs"]
    taken = _read(collect(jobs, at_once=at_once, seconds=seconds, done=_tell))
    policy = Policy(fail_on=values["fail_on"])
    return survey(taken.subjects, load(), policy, unjudged=taken.unjudged)


def _tell(collected: Collected) -> None:
    from repro.report.plain import prose  # noqa: PLC0415

    said = prose(collected.failure, 200) if collected.failure else "done"
    click.echo(f"repro: {collected.name}: {said}", err=True)


def _read(collected: Iterable[Collected]) -> Any:
    """Read what was taken; a host that failed is told of."""
    from repro.cli.subjects import Source, Taken, taken  # noqa: PLC0415
    from repro.manifest.pool import Pool  # noqa: PLC0415
    from repro.survey import Unjudged  # noqa: PLC0415
    from repro.target.options import Options  # noqa: PLC0415

    every = list(collected)
    sources = [Source(c.name, str(c.path), c.path) for c in every if c.failure is None]
    found = taken(sources, Options(), Pool())
    advice = "Ask the host by itself: repro snapshot --host URL TARGET"
    lost = [Unjudged(name=c.name, reason=c.failure, advice=advice) for c in every if c.failure]
    return Taken(found.subjects, [*found.unjudged, *lost])
