"""`repro verify`: check that what is attached to an image is signed, and that it is enough."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli.options import files
from repro.cli.registry_options import only, opened, registry_options
from repro.cli.targets import complete
from repro.cli.trust import age_option, key_option, of_project, read_age

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.attest.judging import Judged, Said
    from repro.attest.verification import Lack, Wanted
    from repro.cli.trust import Trust

OUTCOME = {0: "PASS", 1: "FAIL", 3: "INDETERMINATE"}


@click.command(no_args_is_help=True)
@click.argument("image", shell_complete=complete)
@key_option
@age_option
@click.option(
    "--gate/--no-gate",
    default=True,
    help="Demand the result of a gate that it passed (default), or look at none.",
)
@click.option(
    "--policy",
    metavar="FILE",
    shell_complete=files,
    help="Demand that the gate had this policy.",
)
@click.option(
    "-o",
    "--output",
    metavar="FILE",
    shell_complete=files,
    help="Write the manifest that was verified there.",
)
@registry_options
def verify(  # noqa: PLR0917  # click passes them
    image: str,
    keys: tuple[str, ...],
    age: str | None,
    gate: bool,
    policy: str | None,
    output: str | None,
    **values: Any,
) -> int:
    """Check what is attached to an IMAGE in its registry: by whom, when, and what it says.

    The newest manifest counts that a given key signed for this very image, and the newest result
    of a gate about that manifest. Keys and age may stand in repro.toml, under [attest].

    \b
    Examples:
      repro verify ghcr.io/owner/app:v2 --key repro.pub --max-age 30d
      repro verify ghcr.io/owner/app:v2 --key repro.pub --policy repro.toml
      repro verify ghcr.io/owner/app:v2 --key repro.pub --no-gate -o v2.json

    \b
    Exit codes:
      0  verified                             2  could not run
      1  the gate failed, another policy, or  3  nothing that counts is attached: unsigned,
         signed too long ago                     by another key, altered, of another image
    """
    from repro.attest.verification import exit_code, lacks  # noqa: PLC0415
    from repro.cli.output import stdout  # noqa: PLC0415
    from repro.target import attached  # noqa: PLC0415

    wanted, said = _wanted(policy, age, gate=gate)
    believed = attached.known(keys or said.keys)
    with opened(image, values) as found:
        target = only(found)
        judged = attached.judged(found, target, believed, manifest_alone=not gate)
        lacking = lacks(judged, wanted, datetime.now(UTC))
        code = exit_code(lacking)
        lines = _lines(found.name, target.manifest_digest, judged, lacking)
    stdout("".join(f"{line}\n" for line in lines).encode())
    if output and code == 0:
        _save(judged, output)
    return code


def _wanted(policy: str | None, age: str | None, *, gate: bool) -> tuple[Wanted, Trust]:
    """Read what is demanded, and whom the policy's file believes, or else the project's."""
    from repro.attest.verification import Wanted  # noqa: PLC0415
    from repro.errors import UsageError  # noqa: PLC0415

    if policy and not gate:
        raise UsageError("--policy and --no-gate", advice="Leave one of them out.")
    said, digest = of_project(), None
    if policy:
        from repro.cli import gate_policy, gate_report  # noqa: PLC0415

        demanded = gate_policy.load(Path(policy))
        said, digest = demanded.trust, gate_report.policy_digest(demanded.policy)
    seconds = said.max_age if age is None else read_age(age, "--max-age")
    return Wanted(gate=gate, policy=digest, max_age=seconds), said


def _lines(name: str, digest: str, judged: Judged, lacking: list[Lack]) -> Iterator[str]:
    """Say what was found, every foreign word made fit for a terminal."""
    from repro.attest.verification import exit_code  # noqa: PLC0415
    from repro.report.plain import prose  # noqa: PLC0415

    code = exit_code(lacking)
    yield f"{'NOT VERIFIED' if code else 'VERIFIED'}  {prose(name)}"
    yield f"image     {digest}"
    if judged.manifest:
        yield f"manifest  {judged.manifest.what.digests.whole}, {_by(judged.manifest)}"
    if judged.gate:
        result = judged.gate.what
        yield f"gate      {result.result}, {prose(result.verdict)}, {_by(judged.gate)}"
        yield from (f"          {prose(each)}" for each in (*result.failed, *result.warned)[:10])
    for refused in judged.refused[:10]:
        yield f"ignored   {prose(refused.place, 80)}: {prose(refused.why)}"
    if len(judged.refused) > 10:
        yield f"          and {len(judged.refused) - 10} more"
    yield from (f"lacking   {prose(lack.why)}" for lack in lacking)
    yield f"{OUTCOME[code]}  exit {code}"


def _by(said: Said[Any]) -> str:
    return f"signed {said.at:%Y-%m-%d %H:%M} UTC by {said.key}"


def _save(judged: Judged, output: str) -> None:
    from repro.cli.output import write  # noqa: PLC0415
    from repro.manifest import encode  # noqa: PLC0415

    if judged.manifest:
        write(Path(output), encode(judged.manifest.what))
        click.echo(f"repro: manifest → {output}", err=True)
