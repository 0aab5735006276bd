"""From what a user types to a snapshot: `local`, `python:PATH`, an image or a container."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.errors import UsageError
from repro.target.options import parse_env, parse_volume

if TYPE_CHECKING:
    import docker

    from repro.manifest import Manifest
    from repro.target.options import Options


def snapshot(text: str, options: Options) -> Manifest:
    """Take the snapshot of a target; errors say what was looked for and where."""
    for volume in options.volumes:
        parse_volume(volume)
    for variable in options.env:
        parse_env(variable)
    scheme, _, rest = text.partition(":")
    if text == "local" or scheme == "python":
        return _without_engine(text, rest, options)
    from repro.target.engine import connect  # noqa: PLC0415  # the SDK takes 0.1 s to import

    client = connect(options.host, options.context)
    try:
        return _in_engine(client, text, options)
    finally:
        client.close()


def _without_engine(text: str, rest: str, options: Options) -> Manifest:
    from repro.target import local  # noqa: PLC0415

    if options.gpus or options.volumes or options.env or options.platform:
        raise UsageError(
            f"--gpus, --volume, --env and --platform mean nothing for {text}",
            advice="They are for images; set variables in the shell instead.",
        )
    if text != "local" and not rest:
        raise UsageError("python: needs a path", advice="For example python:/opt/venv/bin/python")
    return local.snapshot(rest or None, options)


def _in_engine(client: docker.DockerClient, text: str, options: Options) -> Manifest:
    from repro.target import container, image, sandbox  # noqa: PLC0415

    scheme, _, rest = text.partition(":")
    if scheme == "image" and rest:
        return image.snapshot(client, rest, options)
    if scheme == "container" and rest:
        found = container.find(client, rest)
        if found is None:
            raise UsageError(f"no container {rest!r} in this engine", advice="See `docker ps`.")
        return container.snapshot(client, found, options)
    is_image = image.inspect(client, text) is not None
    running = container.find(client, text)
    if is_image and running is not None and running.name == text:
        raise UsageError(
            f"{text!r} is an image and also a container",
            advice=f"Say which: image:{text} or container:{text}",
        )
    if is_image:
        return image.snapshot(client, text, options)
    if running is None:
        raise sandbox.missing(text)
    return container.snapshot(client, running, options)
