"""`repro baseline`: accept what a target is now as what the gate compares with."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli.options import files, read, target_options
from repro.cli.targets import complete
from repro.errors import UsageError

if TYPE_CHECKING:
    from repro.manifest import Manifest
    from repro.policy import Policy
    from repro.verdict import Verdict


@click.group(no_args_is_help=True)
def baseline() -> None:
    """Keep the baseline: the manifest that `repro gate` compares a target with."""


@baseline.command(no_args_is_help=True)
@click.argument("target", shell_complete=complete)
@click.option("--policy", "place", metavar="FILE", shell_complete=files, help="Policy to use.")
@click.option(
    "--baseline", "file", metavar="FILE", shell_complete=files, help="Write this, not the policy's."
)
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="As of `repro diff`: to standard output or to a file. Repeatable.",
)
@click.option("-y", "--yes", is_flag=True, help="Accept what is shown without being asked.")
@target_options
def update(
    target: str,
    place: str | None,
    file: str | None,
    formats: tuple[str, ...],
    yes: bool,
    **values: Any,
) -> int:
    """Show what differs from the baseline, and make the target the new one if it is accepted.

    TARGET is an image, a container, an archive, …, or a manifest's file: see `repro snapshot`.
    Nothing is written before somebody says yes; where nobody can be asked, --yes says it. What the
    policy itself demands (required facts, pins) cannot be accepted away.

    \b
    Examples:
      repro baseline update app:v2 --gpus all
      repro baseline update evaluated-again.json --yes -f markdown=accepted.md

    \b
    Exit codes:
      0  it is the baseline now      1, 3  the target lacks what the policy demands
      2  could not run, or nobody said yes
    """
    from repro.cli import gate_policy, gating, origins, reporting, source  # noqa: PLC0415
    from repro.cli.output import write  # noqa: PLC0415
    from repro.manifest import encode, load  # noqa: PLC0415

    places = reporting.places(formats, None)
    demanded = gate_policy.load(Path(place) if place else None)
    path = _file(file, demanded)
    options = read(values)
    wanted = source.manifest(target, options)
    before = load(path) if path.exists() else None
    sides = (before or wanted, wanted)
    comparison = origins.compared(sides, demanded.scopes, (str(path), target), options)
    verdict = gating.judged(comparison, demanded)
    if before or verdict.findings:
        reporting.write(verdict, places, everything=False)
    if code := _forbidden(wanted, demanded.policy):
        click.echo("repro: not accepted: the target lacks what the policy demands", err=True)
        return code
    if before and before.digests == wanted.digests:
        click.echo(f"repro: {path} says the same already; nothing to accept", err=True)
        return 0
    _accept(path, verdict, first=before is None, yes=yes)
    write(path, encode(wanted))
    click.echo(f"repro: baseline → {path} ({len(wanted.facts)} facts)", err=True)
    return 0


def _file(given: str | None, demanded: Any) -> Path:
    """Find the file to write; UsageError where the baseline is a target, which nobody can write."""
    from repro.cli import gating  # noqa: PLC0415

    chosen = gating.baseline(given, demanded)
    path = Path(chosen) if given or Path(chosen).is_file() else demanded.folder / chosen
    if path.suffix != ".json" and not path.is_file():
        raise UsageError(
            f"the baseline {chosen} is a target, and no file to write",
            advice='Say baseline = "FILE.json" in the policy, or --baseline FILE.json.',
        )
    return path


def _forbidden(target: Manifest, policy: Policy) -> int:
    """Return the exit code that the policy's own demands give a target."""
    from repro.demands import unmet  # noqa: PLC0415

    return max((policy.exit_code(found.status) for found in unmet(target, policy)), default=0)


def _accept(path: Path, verdict: Verdict, *, first: bool, yes: bool) -> None:
    """Ask whether the target is the baseline now; UsageError where nobody says so."""
    for scope, out in verdict.scopes.left_out.items():
        if out.sides == ("b",):
            said = f"the new baseline says nothing of the {scope}: the gate compares less with it"
            click.echo(f"repro: warning: {said}", err=True)
    if yes:
        return
    if not sys.stdin.isatty():
        raise UsageError(
            f"nobody can be asked here, so {path} stays as it is",
            advice="Look at what is shown above, and accept it with --yes.",
        )
    question = f"Write {path}, the first baseline?" if first else f"Accept this as {path}?"
    if not click.confirm(question, err=True):
        raise UsageError(f"not accepted: {path} stays as it is")
