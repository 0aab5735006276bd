"""`repro snapshot`: targets in, manifests out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from repro.cli.options import files, read, target_options
from repro.cli.targets import complete
from repro.errors import ReproError, UsageError

if TYPE_CHECKING:
    from repro.manifest import Manifest
    from repro.target.options import Options


@click.command(no_args_is_help=True)
@click.argument("targets", nargs=-1, metavar="TARGET...", shell_complete=complete)
@click.option(
    "-o",
    "--output",
    metavar="FILE|FOLDER",
    shell_complete=files,
    help="Where to write: a file for one target, a folder for several (default: standard output).",
)
@click.option("--all-platforms", is_flag=True, help="A manifest for each platform of an image.")
@click.option(
    "--compose",
    metavar="FILE|PROJECT",
    shell_complete=files,
    help="All services of a compose project, as one stack.",
)
@click.option("--network", metavar="NAME", help="All containers on a network, as one stack.")
@target_options
def snapshot(
    targets: tuple[str, ...],
    output: str | None,
    compose: str | None,
    network: str | None,
    **values: Any,
) -> int:
    """Write down what an environment is: a manifest.

    TARGET is an image (name:tag, id or digest; it is run once in a sandbox and never pulled),
    a running container (nothing is written into it), `local`, or `python:PATH`. `host` is this
    machine alone, or with --host or --context what an engine says of the one that it runs on.
    `image:NAME` and `container:NAME` say which where both exist.

    \b
    Images that are read and never run:
      docker:NAME, podman:NAME     in an engine (or --static NAME)
      docker-archive:FILE[:NAME]   as `docker save` writes it
      oci-archive:FILE[:REF]       and oci-dir:FOLDER[:REF], in the OCI layout
      registry:HOST/NAME[:TAG]     without any engine; a digest may follow
      dir:FOLDER                   a root file system
      volume:NAME, volume:/PATH    no image: caches and models in a volume or a folder

    \b
    What a command leads to:
      slurm:NODE[:PYTHON]          a node of a Slurm cluster, by srun (--srun adds words)
      ray:NODE[:PYTHON]            a node of a Ray cluster (RAY_ADDRESS), by the PYTHON with Ray
      kubernetes:NAMESPACE/POD[/CONTAINER]   a pod that runs, by kubectl (--context)
      kubernetes-log:…             what a probe in a pod said, as its log has it
      answer:FILE                  the same, as a file has it

    \b
    A server that runs, with OpenAI's API (vLLM, SGLang, llama.cpp, …):
      endpoint:URL[#MODEL]         its answers alone; --endpoint asks it beside a target

    \b
    Examples:
      repro snapshot vllm/vllm-openai:v0.11.0 --gpus all -o serving.json
      repro snapshot my-running-container
      repro snapshot app:v1 app:v2 -o manifests/
      repro snapshot python:/opt/venv/bin/python --no-frameworks
      repro snapshot host -o h100-01.json
      repro snapshot registry:ghcr.io/owner/app:v2 --platform linux/arm64 -o v2.json
      repro snapshot oci-archive:app.tar --all-platforms -o manifests/
      repro snapshot app:v2 --canary "python canary.py"
      repro snapshot my-container --endpoint http://127.0.0.1:8000

    \b
    Examples with services that run together:
      repro snapshot --compose docker-compose.yml -o stack.json
      repro snapshot --network rag_default -o stack.json
    """
    from repro.cli.source import take_all  # noqa: PLC0415

    options = read(values)
    if compose is not None or network is not None:
        return _stack(targets, compose, network, options, output)
    if not targets:
        raise UsageError(
            "no target is named", advice="For example repro snapshot app:v1 -o v1.json"
        )
    _one_server(options.endpoint, targets)
    folder = _folder(output, targets, several=len(targets) > 1 or options.all_platforms)
    failed = 0
    for text in targets:
        try:
            found = take_all(text, options)
            alone = len(targets) == len(found) == 1
            for manifest in found:
                name = manifest.target.name if len(found) > 1 else text
                _deliver(manifest, name, output, folder, alone=alone)
        except ReproError as error:
            if len(targets) == 1:
                raise
            failed += 1
            click.echo(f"repro: {text}: {error.message}\n  {error.advice}", err=True)
    return 2 if failed else 0


def _stack(
    targets: tuple[str, ...],
    compose: str | None,
    network: str | None,
    options: Options,
    output: str | None,
) -> int:
    """Take the snapshot of a stack; services that could not be read are told of, as rows of it."""
    from repro.cli.output import stdout, write  # noqa: PLC0415
    from repro.cli.progress import working  # noqa: PLC0415
    from repro.report.plain import prose  # noqa: PLC0415
    from repro.stack import encode  # noqa: PLC0415
    from repro.target import stack  # noqa: PLC0415

    _alone(targets, compose, network, options)
    if compose is not None:
        found = stack.of_compose(compose, options, working)
    else:
        found = stack.of_network(str(network), options, working)
    for service, reason in found.unread.items():
        click.echo(f"repro: {service} could not be read: {prose(reason)}", err=True)
    if output is None:
        stdout(encode(found))
        return 0
    path = Path(output)
    if output.endswith("/") or path.is_dir():
        path.mkdir(parents=True, exist_ok=True)
        path /= _file_name(found.name)
    write(path, encode(found))
    click.echo(f"repro: {found.name} → {path} ({len(found.services)} services)", err=True)
    return 0


def _alone(
    targets: tuple[str, ...], compose: str | None, network: str | None, options: Options
) -> None:
    """Refuse what goes with one environment alone."""
    if targets or (compose is not None and network is not None):
        raise UsageError(
            "a stack is all that there is to take", advice="Say --compose or --network alone."
        )
    if options.endpoint or options.gpus or options.volumes or options.env or options.platform:
        raise UsageError(
            "--endpoint, --gpus, --volume, --env and --platform mean nothing for a stack",
            advice="Its containers run already, as they are.",
        )
    if options.static or options.all_platforms:
        raise UsageError(
            "--static and --all-platforms are for images alone", advice="Leave them out."
        )


def _one_server(endpoint: str | None, targets: tuple[str, ...]) -> None:
    if endpoint and len(targets) > 1:
        raise UsageError(
            "--endpoint is one server, and there are several targets",
            advice="Take the snapshot of each with its own server.",
        )


def _folder(output: str | None, targets: tuple[str, ...], *, several: bool) -> Path | None:
    """Decide whether the output is a folder; names in it must not collide."""
    if output is None or (not several and not output.endswith("/") and not Path(output).is_dir()):
        return None
    folder = Path(output)
    if several and folder.suffix == ".json" and not folder.exists():
        raise UsageError(
            f"{output} would be a folder, for there may be several manifests",
            advice="Name a folder: -o manifests/",
        )
    if folder.exists() and not folder.is_dir():
        raise UsageError(
            f"{output} is a file, and there is more than one manifest to write",
            advice="Name a folder: -o manifests/",
        )
    names = [_file_name(text) for text in targets]
    if len(set(names)) != len(names):
        raise UsageError("two targets would be written to one file", advice="Take them one by one.")
    return folder


def _file_name(target: str) -> str:
    return re.sub(r"[^A-Za-z0-9._-]+", "_", target).strip("_.") + ".json"


def _deliver(
    manifest: Manifest, text: str, output: str | None, folder: Path | None, *, alone: bool
) -> None:
    """Write a manifest to its file, or to standard output: a line each if there are several."""
    from repro.cli.output import stdout, write  # noqa: PLC0415
    from repro.manifest import encode  # noqa: PLC0415

    if output is None:
        stdout(encode(manifest, line=not alone))
        return
    if folder:
        folder.mkdir(parents=True, exist_ok=True)
    path = folder / _file_name(text) if folder else Path(output)
    write(path, encode(manifest))
    click.echo(f"repro: {text} → {path} ({len(manifest.facts)} facts)", err=True)
