"""Options that several commands share: how a target is reached and run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click
from click.shell_completion import CompletionItem

from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.target.options import Options, Own


def target_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a snapshot to a command; `read` turns them into Options."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


OPTIONS = (
    click.option("--gpus", metavar="GPUS", help="GPUs for the run: all, 2, or device=0,1."),
    click.option(
        "-v",
        "--volume",
        "volumes",
        multiple=True,
        metavar="SOURCE:PATH",
        help="Mount a volume or folder, read-only. Repeatable.",
    ),
    click.option(
        "-e",
        "--env",
        multiple=True,
        metavar="NAME=VALUE",
        help="Set a variable for the run. Repeatable.",
    ),
    click.option("--platform", metavar="OS/ARCH", help="Variant of a multi-platform image."),
    click.option("--static", is_flag=True, help="Read an image's files; run nothing."),
    click.option(
        "--verify/--no-verify",
        default=None,
        help="Check the digest of every layer of an archive (default: up to 256 MiB).",
    ),
    click.option(
        "--cache/--no-cache",
        default=True,
        help="Keep what layers hold for the next time (default).",
    ),
    click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False),
        help="Trust these authorities for a registry, besides the usual ones.",
    ),
    click.option("--plain-http", is_flag=True, help="Ask a registry without encryption."),
    click.option(
        "--timeout",
        type=click.IntRange(1, 86400),
        default=120,
        show_default=True,
        metavar="SECONDS",
        help="Time that the probe may take.",
    ),
    click.option(
        "--memory",
        default="4g",
        show_default=True,
        metavar="SIZE",
        help="Memory that the probe may take, frameworks included.",
    ),
    click.option(
        "--path",
        "paths",
        multiple=True,
        metavar="PATH",
        help="Where in the target tokenizers and models lie, besides the usual places. Repeatable.",
    ),
    click.option(
        "--frameworks/--no-frameworks",
        default=True,
        help="Import torch, JAX, … in the target and ask them (default), or leave them alone.",
    ),
    click.option(
        "--canaries/--no-canary",
        default=None,
        help="Compute fixed inputs with the target's libraries (default: in images that run).",
    ),
    click.option(
        "--canary-budget",
        type=click.IntRange(1, 86400),
        default=120,
        show_default=True,
        metavar="SECONDS",
        help="Time that all canaries of a target may take.",
    ),
    click.option(
        "--full",
        "canary_full",
        is_flag=True,
        help="Keep every value of the canaries, not a telling few.",
    ),
    click.option(
        "--canary",
        "own",
        multiple=True,
        metavar="[NAME=]COMMAND",
        help="Run this in the target too, and record the JSON lines that it prints. Repeatable.",
    ),
    click.option(
        "--endpoint",
        metavar="URL[#MODEL]",
        help="Ask a server with OpenAI's API, too: it is taken to be what the target serves.",
    ),
    click.option(
        "--srun", default="", metavar="WORDS", help="Further arguments of srun, for slurm:NODE."
    ),
    click.option("-H", "--host", metavar="URL", help="Engine to use (default: DOCKER_HOST)."),
    click.option("-c", "--context", metavar="NAME", help="Context to use, docker's or kubectl's."),
)


def files(context: click.Context, argument: click.Parameter, text: str) -> list[CompletionItem]:
    """Complete the names of files: arguments may be manifests or archives."""
    del context, argument
    return [CompletionItem(text, type="file")]


def read(values: dict[str, Any]) -> Options:
    """Check the values of `target_options`."""
    from repro.target.options import Options, parse_memory  # noqa: PLC0415

    taken = {key: values[key] for key in Options.__struct_fields__ if key in values}
    memory, own = parse_memory(taken.pop("memory")), taken.pop("own")
    return Options(memory=memory, own=_own(own, off=values["canaries"] is False), **taken)


def _own(commands: tuple[str, ...], *, off: bool) -> tuple[Own, ...]:
    """Return the user's canaries, which --no-canary leaves out."""
    from repro.cli.config import canaries  # noqa: PLC0415

    if off and commands:
        raise UsageError("--canary and --no-canary", advice="Leave one of them out.")
    return () if off else canaries(commands)
