"""The command `repro`: joins the commands, and turns every end into an exit code."""

from __future__ import annotations

import os
import signal
import sys
import traceback
import warnings
from importlib import import_module
from typing import TYPE_CHECKING, Final, NoReturn

import click

from repro import __version__
from repro.cli.commands import Commands
from repro.cli.output import ReaderGoneError
from repro.errors import ReproError

if TYPE_CHECKING:
    from types import FrameType

BUG: Final = 70
"""Exit code of a bug (EX_SOFTWARE, sysexits.h): drift can never look like a crash."""


COMPLETE: Final = "_REPRO_COMPLETE"
"""The variable by which a shell asks for completions."""

NAMES: Final = (
    "attach",
    "baseline",
    "clean",
    "completion",
    "diff",
    "explain",
    "export",
    "fleet",
    "gate",
    "history",
    "rules",
    "schema",
    "show",
    "snapshot",
    "verify",
)
"""The commands: each has a module of its name."""


@click.group(
    cls=Commands,
    package="repro.cli",
    names=NAMES,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit codes: 0 nothing that the threshold forbids, 1 drift, 2 could not run, "
    "3 indeterminate, 70 a bug in repro.",
)
@click.version_option(__version__, "-V", "--version", prog_name="repro")
def cli() -> None:
    """Tell what differs between two ML environments, and whether it changes model outputs.

    \b
    Examples:
      repro snapshot my/model:v1 -o v1.json     what is in this image?
      repro diff v1.json my/model:v2            what differs, does it matter?
      repro diff my/model:v1 my/model:v2 -f markdown=pr.md
      repro rules explain TOK001                why does a rule say so?
    """


def main() -> NoReturn:
    """Run the command line and exit."""
    signal.signal(signal.SIGTERM, _terminated)
    warnings.showwarning = _warn
    _leave(run(sys.argv[1:]))


def _leave(code: int) -> NoReturn:
    """Exit without taking every object apart, which is a seventh of a quick command's time."""
    try:
        for stream in filter(None, (sys.stdout, sys.stderr)):
            stream.flush()
    except (OSError, ValueError):  # Python says it, and has an exit code of its own for it.
        sys.exit(code)
    os._exit(code)


def run(arguments: list[str]) -> int:
    """Run the command line and return its exit code; every message goes to standard error."""
    if COMPLETE in os.environ:
        import_module("repro.cli.targets")  # Bash needs more than click knows.
    try:
        result = cli.main(arguments, prog_name="repro", standalone_mode=False)
    except ReproError as error:
        complain(error)
        return error.exit_code
    except click.ClickException as error:
        error.show()
        return 2
    except (KeyboardInterrupt, click.Abort):
        click.echo("repro: interrupted", err=True)
        return 128 + signal.SIGINT
    except ReaderGoneError:
        # The reader went away; nothing may be written at shutdown either.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 128 + signal.SIGPIPE
    except Exception:  # noqa: BLE001  # the edge: a bug must not look like drift
        traceback.print_exc()
        click.echo("repro: this is a bug in repro; please report it with the lines above", err=True)
        return BUG
    return result if isinstance(result, int) else 0


def complain(error: ReproError) -> None:
    """Print what failed and what to do about it."""
    from repro.report.plain import prose  # noqa: PLC0415

    click.echo(f"repro: {prose(error.message)}", err=True)
    if error.advice:
        click.echo(f"  {prose(error.advice)}", err=True)


def _terminated(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001
    raise SystemExit(128 + number)  # Unwinds, so that a container under way is removed.


def _warn(message: Warning | str, *_: object, **__: object) -> None:
    # Not by click, which goes past what keeps a line that is being drawn apart.
    sys.stderr.write(f"repro: warning: {message}\n")
