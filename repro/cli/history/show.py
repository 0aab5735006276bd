"""`repro history show`: each subject of a store with the days on which it changed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from repro.cli import reporting
from repro.cli.history import stores
from repro.errors import UsageError

if TYPE_CHECKING:
    from repro.history import History
    from repro.history.wanted import Wanted

FORMATS = ("text", "json", "csv")


@click.command(no_args_is_help=True)
@stores.argument
@click.option(
    "--of",
    "of",
    metavar="FACT",
    help="Look at these facts alone: a kind or a name, or [KIND:]NAME[@PROPERTY]; patterns go.",
)
@click.option("--subject", metavar="PATTERN", help="Look at these subjects alone, by their names.")
@click.option("--verdict", is_flag=True, help="Say of each change what it means for outputs.")
@click.option(
    "-f",
    "--format",
    "formats",
    multiple=True,
    metavar="FORMAT[=FILE]",
    help=f"{', '.join(FORMATS)}; to standard output or to a file. Repeatable.",
)
@click.option("--all", "everything", is_flag=True, help="List everything one by one.")
@stores.options
def show(store: str, formats: tuple[str, ...], everything: bool, **values: Any) -> int:
    """Say when each subject of a STORE changed, and in what.

    A subject is a target's name on a host; what was read and not run has no host. Manifests are
    put in order by their hosts' clocks. One that does not say when it was taken, or whose clock
    was not set, is a row at the end.

    \b
    Examples:
      repro history fleet-store/
      repro history fleet-store/ --of cudnn --subject '*h100*'
      repro history fleet-store/ --of 'setting:NCCL_*' -f csv
      repro history s3://bucket/fleet --of gpu.driver --verdict
      repro history registry:ghcr.io/owner/app --key repro.pub

    \b
    Exit codes:
      0  told                2  could not run, or a file there is no manifest (told all the same)
    """
    places = reporting.places(formats, None, known=FORMATS)
    found = _history(store, values)
    _write(found, places, everything=everything)
    return found.exit_code


def _history(store: str, values: dict[str, Any]) -> History:
    from repro.history import history  # noqa: PLC0415

    wanted, read = _wanted(values["of"]), stores.read(store, values)
    points = stores.chosen(read.points, values["subject"])
    judging = _judging() if values["verdict"] else None
    return history(points, read.unplaced, wanted=wanted, judging=judging, notes=read.notes)


def _wanted(text: str | None) -> Wanted | None:
    from repro.history.wanted import Wanted  # noqa: PLC0415

    try:
        return None if text is None else Wanted.parse(text)
    except ValueError as error:
        raise UsageError(
            f"--of {text!r} names no fact",
            advice="For example cudnn, cuda.library:cudnn, 'setting:NCCL_*' or gpu.device@name.",
        ) from error


def _judging() -> Any:
    from repro.history.timeline import Judging  # noqa: PLC0415
    from repro.policy import Policy  # noqa: PLC0415
    from repro.rules.catalog import load  # noqa: PLC0415

    return Judging(load(), Policy())


def _write(history: History, places: list[Any], *, everything: bool) -> None:
    from repro.cli import output  # noqa: PLC0415
    from repro.report.history import FORMATS as RENDERERS  # noqa: PLC0415
    from repro.report.history import terminal  # noqa: PLC0415

    for name, path in places:
        if name == "text" and path is None:
            text = terminal.render(
                history, width=output.width(), color=output.color(), everything=everything
            )
        else:
            text = RENDERERS[name].render(history)
        if path is None:
            output.stdout(text.encode("utf-8"))
        else:
            output.write(path, text.encode("utf-8"))
            click.echo(f"repro: {name} report → {path}", err=True)
