"""`repro diff`: two manifests or targets, or many, in; a verdict and an exit code out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
import msgspec

from repro.cli import many, origins, reporting, stacks
from repro.cli.options import files, read, target_options
from repro.cli.targets import complete
from repro.cli.trust import attached_options, believing, of_project
from repro.errors import UsageError

if TYPE_CHECKING:
    from repro.diff.change import Comparison
    from repro.manifest import Manifest, Scope
    from repro.target.options import Options
    from repro.verdict import Verdict

IMPACTS = ("tokens", "prompt", "preprocessing", "sampling", "numerics", "bits", "compat", "speed")


@click.command(no_args_is_help=True)
@click.argument("targets", nargs=-1, required=True, metavar="A B [C]...", shell_complete=complete)
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help=f"{', '.join(reporting.FORMATS)}; to standard output or to a file. Repeatable. "
    f"Of many: {', '.join(reporting.MANY)}.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write the report there; the suffix says how.",
)
@click.option(
    "--fail-on",
    type=click.Choice(["divergent", "suspect", "any", "never"]),
    default="suspect",
    show_default=True,
    help="The mildest verdict that exits with 1.",
)
@click.option(
    "--impact",
    "impacts",
    metavar="LIST",
    help=f"Look at these outputs alone, comma-separated: {', '.join(IMPACTS)}.",
)
@click.option(
    "--scope",
    "scopes",
    metavar="LIST",
    help="Compare these scopes, and do not pass without them: image, process, host.",
)
@click.option(
    "--modes",
    is_flag=True,
    help="Compare one image with itself: once run, once read (A alone is named).",
)
@click.option(
    "--root",
    "roots",
    multiple=True,
    metavar="PACKAGE",
    help="What serves begins with this package; what no root needs does not count. Repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="List harmless changes one by one too.")
@many.survey_options
@attached_options
@target_options
def diff(  # noqa: PLR0917
    targets: tuple[str, ...],
    formats: tuple[str, ...],
    output: str | None,
    fail_on: str,
    impacts: str | None,
    scopes: str | None,
    modes: bool,  # click passes it so
    roots: tuple[str, ...],
    everything: bool,
    age: str | None,
    **values: Any,
) -> int:
    """Say what differs between A and B, and whether it changes model outputs.

    A and B are manifests (files, or `-`) or targets, mixed as you like. With more of them, or a
    folder of manifests or a pattern, each is compared with the most ordinary one, or a baseline.

    \b
    Examples:
      repro diff eval.json production.json
      repro diff app:v1 app:v2 --fail-on divergent
      repro diff baseline.json local --impact tokens,prompt
      repro diff v1.json v2.json -f text -f json=drift.json -f markdown=comment.md
      repro diff v1.json v2.json -f html=drift.html   one page, without a network
      repro diff evaluated.json registry:ghcr.io/owner/app:v2
      repro diff registry:ghcr.io/owner/app:v1 registry:ghcr.io/owner/app:v2 --key repro.pub
      repro diff --modes app:v1          does reading find what running finds?
      repro diff endpoint:http://a:8000 endpoint:http://b:8000

    \b
    Examples with services that run together (repro snapshot --compose):
      repro diff staging.json production.json
      repro diff stacks/ --baseline stacks/evaluated.json

    \b
    Examples with many:
      repro diff fleet/                          who is the odd one out, and in what?
      repro diff fleet/ --baseline evaluated.json --fail-on divergent
      repro diff fleet/ --group-by gpu.device@name -f text -f csv=drift.csv
      repro diff fleet/ --group h100='h100-*' --group a100='a100-*'
      repro diff fleet/ --watch

    \b
    Exit codes:
      0  nothing that --fail-on forbids      2  could not run
      1  drift at or over --fail-on          3  indeterminate: a needed fact was unreadable
    """
    together = not modes and stacks.are_meant(targets)
    several = together or (not modes and many.is_asked(targets, values))
    places = reporting.places(formats, output, many=several)
    policy = _policy(fail_on, impacts)
    options = believing(read(values), age, of_project(), *targets)
    if several:
        asked = many.asked(
            targets, values, policy=policy, scopes=_scopes(scopes), roots=roots, options=options
        )
        if together:
            survey = stacks.look(asked, values)
            many.write(survey, places, everything=everything)
            return survey.exit_code
        return many.run(asked, places, everything=everything, watch=values["watch"])
    a, b = _two(targets)
    sides = _sides(a, b, options, modes=modes)
    comparison = origins.compared(sides, _scopes(scopes), (a, b), options)
    verdict = _verdict(comparison, policy, _roots(roots, sides))
    reporting.write(verdict, places, everything=everything)
    return verdict.exit_code


def _two(targets: tuple[str, ...]) -> tuple[str, str | None]:
    """Return A and B, or A alone; UsageError for more."""
    if len(targets) > 2:
        raise UsageError("--modes compares one image with itself", advice="Name one image.")
    return targets[0], targets[1] if targets[1:] else None


def _policy(fail_on: str, impacts: str | None) -> Any:
    from repro.policy import Policy  # noqa: PLC0415
    from repro.rules.finding import Impact  # noqa: PLC0415

    if impacts is None:
        return Policy(fail_on=fail_on)  # type: ignore[arg-type]  # click checked the choice
    names = [name.strip() for name in impacts.split(",") if name.strip()]
    unknown = [name for name in names if name not in IMPACTS]
    if unknown or not names:
        raise UsageError(
            f"--impact {impacts!r}: there is no such output",
            advice=f"Say one or more of {', '.join(IMPACTS)}.",
        )
    wanted = frozenset(map(Impact, names))
    return Policy(fail_on=fail_on, impacts=wanted)  # type: ignore[arg-type]  # as above


def _scopes(text: str | None) -> tuple[Scope, ...] | None:
    from repro.manifest import SCOPES  # noqa: PLC0415

    if text is None:
        return None
    names = [name.strip() for name in text.split(",") if name.strip()]
    if not names or not set(names) <= set(SCOPES):
        raise UsageError(
            f"--scope {text!r}: there is no such scope",
            advice=f"Say one or more of {', '.join(SCOPES)}.",
        )
    return tuple(scope for scope in SCOPES if scope in names)


def _roots(names: tuple[str, ...], sides: tuple[Manifest, Manifest]) -> frozenset[str]:
    """Normalize the roots (PEP 503); each has to be there, or all would count as unneeded."""
    from packaging.utils import canonicalize_name  # noqa: PLC0415

    roots = frozenset(canonicalize_name(name) for name in names)
    there = {f.name for side in sides for f in side.facts if f.kind == "python.package"}
    if missing := sorted(roots - there):
        raise UsageError(
            f"--root {missing[0]}: no package of that name on either side",
            advice="Name distributions as `pip list` does.",
        )
    return roots


def _sides(a: str, b: str | None, options: Options, *, modes: bool) -> tuple[Manifest, Manifest]:
    from repro.cli.source import manifest, take  # noqa: PLC0415

    if modes != (b is None):
        raise UsageError(
            "--modes compares one image with itself" if b else "B is missing",
            advice="repro diff A B, or repro diff --modes IMAGE",
        )
    if b is not None:
        _one_server(options.endpoint, a, b)
        return manifest(a, options), manifest(b, options)
    _one_server(options.endpoint, a, a)
    run = take(a, options)
    if run.target.properties.get("mode") == "static":
        raise UsageError(
            f"{a} was read, not run, so there is nothing to compare reading with",
            advice="--modes needs an image of an engine that can run here.",
        )
    return run, take(a, msgspec.structs.replace(options, static=True))


def _one_server(endpoint: str | None, *targets: str) -> None:
    """Refuse one server for two targets: it would be compared with itself."""
    from repro.cli.source import is_manifest  # noqa: PLC0415

    if endpoint and sum(map(is_manifest, targets)) != 1:
        raise UsageError(
            "--endpoint needs one side that is a manifest, and one that it belongs to",
            advice="Take snapshots, each with its own server, and compare their files; "
            "or compare endpoint:URL with endpoint:URL.",
        )


def _verdict(comparison: Comparison, policy: Any, roots: frozenset[str]) -> Verdict:
    from repro.rules.catalog import load  # noqa: PLC0415
    from repro.rules.judge import judge  # noqa: PLC0415
    from repro.verdict import decide  # noqa: PLC0415

    return decide(comparison, judge(comparison, load(), roots), policy)
