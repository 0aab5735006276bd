"""`repro snapshot`: targets in, manifests out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli.options import read, target_options
from repro.errors import ReproError, UsageError

if TYPE_CHECKING:
    from repro.manifest import Manifest


@click.command(no_args_is_help=True)
@click.argument("targets", nargs=-1, required=True, metavar="TARGET...")
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER",
    help="Where to write: a file for one target, a folder for several (default: standard output).",
)
@target_options
def snapshot(targets: tuple[str, ...], output: str | None, **values: Any) -> int:
    """Write down what an environment is: a manifest.

    TARGET is an image (name:tag, id or digest; it is run once in a sandbox and never pulled),
    a running container (nothing is written into it), `local`, or `python:PATH`.
    `image:NAME` and `container:NAME` say which where both exist.

    \b
    Examples:
      repro snapshot vllm/vllm-openai:v0.11.0 --gpus all -o serving.json
      repro snapshot my-running-container
      repro snapshot app:v1 app:v2 -o manifests/
      repro snapshot python:/opt/venv/bin/python --no-frameworks
    """
    from repro.cli.source import take  # noqa: PLC0415

    options = read(values)
    folder = _folder(output, targets)
    failed = 0
    for text in targets:
        try:
            _deliver(take(text, options), text, output, folder, alone=len(targets) == 1)
        except ReproError as error:
            if len(targets) == 1:
                raise
            failed += 1
            click.echo(f"repro: {text}: {error.message}\n  {error.advice}", err=True)
    return 2 if failed else 0


def _folder(output: str | None, targets: tuple[str, ...]) -> Path | None:
    """Decide whether the output is a folder, and make it; names in it must not collide."""
    if output is None or (
        len(targets) == 1 and not output.endswith("/") and not Path(output).is_dir()
    ):
        return None
    folder = Path(output)
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{output} is a file, and there are {len(targets)} targets",
            advice="Name a folder: -o manifests/",
        )
    names = [_file_name(text) for text in targets]
    if len(set(names)) != len(names):
        raise UsageError("two targets would be written to one file", advice="Take them one by one.")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _file_name(target: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", target).strip("_.") + ".json"


def _deliver(
    manifest: Manifest, text: str, output: str | None, folder: Path | None, *, alone: bool
) -> None:
    """Write a manifest to its file, or to standard output: a line each if there are several."""
    from repro.cli.output import stdout, write  # noqa: PLC0415
    from repro.manifest import encode  # noqa: PLC0415
    from repro.manifest.model import canonical  # noqa: PLC0415

    if output is None:
        stdout(encode(manifest) if alone else canonical(manifest) + b"\n")
        return
    path = folder / _file_name(text) if folder else Path(output)
    write(path, encode(manifest))
    click.echo(f"repro: {text} → {path} ({len(manifest.facts)} facts)", err=True)
