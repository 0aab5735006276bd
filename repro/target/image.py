"""A local image: run once in the sandbox."""

from __future__ import annotations

import warnings
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import msgspec
import requests
from docker.errors import DockerException, ImageNotFound

from repro.errors import CannotRunError, EngineError, TargetError, UsageError
from repro.layers.platforms import Platform
from repro.manifest import Manifest, Target, layers
from repro.target import sandbox, static
from repro.target.engine_facts import about
from repro.target.export import stored
from repro.target.image_facts import image_config, image_facts
from repro.target.interpreter import candidates
from repro.target.snapshot import probe_options, take

if TYPE_CHECKING:
    import docker

    from repro.target.answer import Output
    from repro.target.options import Options
    from repro.target.progress import Progress, Watch


class NotRunWarning(UserWarning):
    """An image was read, not run, though it was to be run."""


def inspect(client: docker.DockerClient, reference: str) -> dict[str, Any] | None:
    """Look an image up by tag, id or digest; None where the engine has none."""
    try:
        return client.images.get(reference).attrs
    except ImageNotFound:
        return None
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine cannot look up {reference!r}: {error}") from error


def snapshot(
    client: docker.DockerClient,
    reference: str,
    options: Options,
    progress: Progress | None = None,
) -> Manifest:
    """Run the probe in a fresh container of an image; read its files where that cannot be."""
    inspected = inspect(client, reference)
    if inspected is None:
        raise sandbox.missing(reference)
    if options.static:
        _only_read(reference, inspected, options)
        return static.snapshot(stored(client, reference, inspected), options, progress)
    try:
        return _run(client, reference, inspected, options, progress)
    except CannotRunError as error:
        said = f"{error.message}: its files are read instead, and nothing is run"
        warnings.warn(said, NotRunWarning, stacklevel=2)
        return static.snapshot(stored(client, reference, inspected), options, progress)


def _only_read(reference: str, inspected: dict[str, Any], options: Options) -> None:
    """Refuse what reading cannot heed."""
    if options.gpus or options.volumes or options.env:
        raise UsageError(
            f"--gpus, --volume and --env mean nothing for {reference}, which is not run",
            advice="Leave them out, or run the image: without --static and docker:.",
        )
    held = Platform(str(inspected.get("Os")), str(inspected.get("Architecture")))
    if options.platform and not held.suits(Platform.parse(options.platform)):
        raise TargetError(
            f"the engine has {reference} for {held}, not for {options.platform}",
            advice="Pull that platform's variant first, or read it with registry:.",
        )


def _run(
    client: docker.DockerClient,
    reference: str,
    inspected: dict[str, Any],
    options: Options,
    progress: Progress | None,
) -> Manifest:
    image_id = str(inspected["Id"])
    told = probe_options(options, image=image_config(inspected), env=list(options.env))
    with ThreadPoolExecutor(2) as beside:
        engine = beside.submit(about, client)
        image = beside.submit(stored, client, reference, inspected)
        manifest = take(
            Target(kind="image", name=reference, properties=_identity(inspected)),
            lambda words, seconds, watch: _ask(
                client, reference, image_id, words, _within(options, seconds), watch=watch
            ),
            told,
            options,
            lambda: (image_facts(inspected), engine.result()),
            progress=progress,
        )
        # Which layer brought a fact is for reading alone: no manifest may depend on a cache.
        return msgspec.structs.replace(manifest, layers=layers(image.result().config))


def _identity(inspected: dict[str, Any]) -> dict[str, Any]:
    return {
        "id": inspected["Id"],
        "tags": sorted(inspected.get("RepoTags") or []),
        "digests": sorted(inspected.get("RepoDigests") or []),
    }


def _within(options: Options, seconds: int) -> Options:
    return msgspec.structs.replace(options, timeout=seconds)


def _ask(
    client: docker.DockerClient,
    name: str,
    image: str,
    arguments: list[str],
    options: Options,
    *,
    watch: Watch | None,
) -> Output:
    """Run a program with the image's Python: by name on the PATH, else where its files lie."""
    for program in ("python3", "python"):
        try:
            return sandbox.run(client, image, [program, *arguments], options, watch)
        except sandbox.NoSuchProgramError:
            continue
    with sandbox.created(client, image, ["python3"], options) as container:
        paths = list(candidates(container))
    for path in paths:
        try:
            return sandbox.run(client, image, [path, *arguments], options, watch)
        except sandbox.NoSuchProgramError:
            continue
    raise CannotRunError(
        f"{name} has no Python that could run the probe",
        advice="The probe needs Python 3.7 or newer in the image; read it with --static.",
    )
