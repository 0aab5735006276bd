"""`repro gate`: may this ship? The policy of the project decides."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import click

from repro.cli.options import files, read, target_options
from repro.cli.targets import complete
from repro.cli.trust import attached_options, believing
from repro.errors import UsageError

if TYPE_CHECKING:
    from repro.cli.gate_policy import Demanded


class Gate(click.Group):
    """A group whose first word may also be a target."""

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Take what is no command's name for a target to check."""
        known = args and args[0] in self.commands
        return super().resolve_command(ctx, args if known else ["check", *args])


@click.group(
    cls=Gate,
    no_args_is_help=True,
    subcommand_metavar="TARGET | COMMAND [ARGS]...",
    context_settings={"ignore_unknown_options": True},
)
def gate() -> None:
    """Check whether a target may ship: drift from a baseline, pins and required facts.

    The policy is [gate] in repro.toml, or [tool.repro.gate] in pyproject.toml.

    \b
    Examples:
      repro gate init evaluated.json              write a first policy
      repro gate lint                             check the policy itself
      repro gate app:v2                           check an image against it
      repro gate app:v2 --base origin/main        by the policy of another revision
      repro gate registry:ghcr.io/owner/app:v2 --attached --key repro.pub
      repro gate app:v2 --gpus all -f markdown=gate.md

    \b
    Exit codes:
      0  it may ship      1  it may not      2  could not run      3  a needed fact was unreadable
    """


@gate.command()
@click.argument("target", shell_complete=complete)
@click.option("--policy", "place", metavar="FILE", shell_complete=files, help="Policy to use.")
@click.option("--baseline", metavar="MANIFEST", shell_complete=files, help="Compare with this.")
@click.option(
    "--base",
    metavar="REVISION",
    help="Take policy and baseline from this Git revision, not from the working directory.",
)
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help="As of `repro diff`: to standard output or to a file. Repeatable.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write the report there; the suffix says how.",
)
@attached_options
@target_options
def check(  # noqa: PLR0917  # click passes them
    target: str,
    place: str | None,
    baseline: str | None,
    base: str | None,
    formats: tuple[str, ...],
    output: str | None,
    age: str | None,
    **values: Any,
) -> int:
    """Check a target against the policy; the word `check` may be left out.

    \b
    Examples:
      repro gate app:v2 --gpus all
      repro gate app:v2 --base origin/main -f text -f markdown=gate.md
    """
    from repro.cli import gating, origins, own_baseline, reporting, source  # noqa: PLC0415

    places = reporting.places(formats, output)
    with TemporaryDirectory(prefix="repro-base-") as folder:
        demanded = _demanded(base, place, Path(folder))
        named = gating.baseline(baseline, demanded)
        options = believing(read(values), age, demanded.trust, named, target)
        if named == own_baseline.ATTACHED:
            sides = own_baseline.both(target, options)
        else:
            sides = (source.manifest(named, options), source.manifest(target, options))
        comparison = origins.compared(sides, demanded.scopes, (named, target), options)
        verdict = gating.judged(comparison, demanded)
    reporting.write(verdict, places, everything=False)
    return verdict.exit_code


def _demanded(base: str | None, place: str | None, folder: Path) -> Demanded:
    """Read the policy; that of a revision by way of a folder, where its baseline lies too."""
    from repro.cli import gate_policy, revision  # noqa: PLC0415

    if base:
        return revision.demanded(base, place, folder)
    return gate_policy.load(Path(place) if place else None)


@gate.command()
@click.argument("policies", nargs=-1, metavar="[FILE]...", shell_complete=files)
def lint(policies: tuple[str, ...]) -> None:
    """Check policies without a target: that they can be read, and that what they name is there.

    Without a FILE it is the project's: repro.toml, or [tool.repro] in pyproject.toml.

    \b
    Examples:
      repro gate lint
      repro gate lint eval/repro.toml production/repro.toml
    """
    from repro.cli import gate_policy  # noqa: PLC0415

    for place in map(Path, policies) if policies else (None,):
        for said in gate_policy.lint(place):
            click.echo(f"repro: warning: {said}", err=True)


@gate.command()
@click.argument("manifest", shell_complete=files)
@click.option("-o", "--output", default="repro.toml", show_default=True, metavar="FILE")
@target_options
def init(manifest: str, output: str, **values: Any) -> None:
    """Write a first policy for what a manifest holds; the manifest is its baseline.

    \b
    Example:
      repro gate init evaluated.json
    """
    from repro.cli import gate_policy, source  # noqa: PLC0415
    from repro.cli.output import write  # noqa: PLC0415

    path = Path(output)
    if path.exists():
        raise UsageError(f"{output} is there already", advice="Edit it, or name another: -o FILE")
    found = source.manifest(manifest, read(values))
    write(path, gate_policy.first(found, manifest).encode())
    click.echo(f"repro: first policy → {output}", err=True)
