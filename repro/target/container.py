"""A running container: the probe is executed in it, and nothing is written into it."""

from __future__ import annotations

import threading
from itertools import chain
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import APIError, DockerException, NotFound

from repro.errors import CannotRunError, EngineError, ProbeError, TargetError
from repro.manifest import Manifest, Target
from repro.target.answer import LIMIT, Output
from repro.target.engine_facts import about
from repro.target.image import inspect
from repro.target.image_facts import image_config, image_facts
from repro.target.interpreter import candidates
from repro.target.sandbox import NOT_FOUND
from repro.target.snapshot import probe_options, take

if TYPE_CHECKING:
    import docker
    from docker.models.containers import Container

    from repro.target.options import Options
    from repro.target.progress import Progress, Watch


def find(client: docker.DockerClient, name: str) -> Container | None:
    """Look a container up by name or id; None where the engine has none."""
    try:
        return client.containers.get(name)
    except NotFound:
        return None
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine cannot look up {name!r}: {error}") from error


def snapshot(
    client: docker.DockerClient,
    container: Container,
    options: Options,
    progress: Progress | None = None,
) -> Manifest:
    """Run the probe in a running container by exec."""
    if container.status != "running":
        raise TargetError(
            f"container {container.name} is {container.status}, not running",
            advice=f"docker unpause or start it, or snapshot its image: {_image_name(container)}",
        )
    inspected = inspect(client, container.attrs["Image"]) or {}
    told = probe_options(options, running=True, **_config(container, inspected))
    return take(
        Target(
            kind="container",
            name=str(container.name),
            properties={
                "image": _image_name(container),
                "image_id": container.attrs["Image"],
                "digests": sorted(inspected.get("RepoDigests") or []),
            },
        ),
        lambda words, seconds, watch: ask(client, container, words, seconds, watch),
        told,
        options,
        lambda: (image_facts(inspected), about(client)),
        progress=progress,
        at_work=True,
    )


def _config(container: Container, inspected: dict[str, Any]) -> dict[str, Any]:
    """Tell what a container starts with, and apart from the image who set its variables.

    An engine gives both as one: those of the image, and those that `docker run -e` added.
    """
    own = container.attrs.get("Config") or {}
    variables, declared = own.get("Env") or [], (inspected.get("Config") or {}).get("Env") or []
    if not inspected:  # Its image is gone, and with it who declared what.
        return {"image": image_config({"Config": own})}
    added = [each for each in variables if each not in declared]
    return {"image": image_config({"Config": {**own, "Env": declared}}), "env": added}


def _image_name(container: Container) -> str:
    return str(container.attrs.get("Config", {}).get("Image", container.attrs["Image"]))


def ask(
    client: docker.DockerClient,
    container: Container,
    arguments: list[str],
    seconds: int,
    watch: Watch | None = None,
) -> Output:
    """Run a program of ours with a container's Python; CannotRunError where it has none."""
    for program in chain(("python3", "python"), candidates(container)):
        output, code = execute(client, container, [program, *arguments], seconds, watch)
        if not _not_found(output, code):
            return Output(output)
    raise CannotRunError(
        f"container {container.name} has no Python that could run the probe",
        advice="The probe needs Python 3.7 or newer in the container.",
    )


def _not_found(output: bytes, code: int | None) -> bool:
    text = output[:2000].decode("utf-8", "replace")
    return code in (126, 127) and any(mark in text for mark in NOT_FOUND)


def execute(
    client: docker.DockerClient,
    container: Container,
    command: list[str],
    seconds: int,
    watch: Watch | None = None,
) -> tuple[bytes, int | None]:
    """Execute a command and return what it printed and its exit code.

    Standard output is collected in a thread, for exec has no time-out of its own. EngineError and
    ProbeError say what went wrong.
    """
    result: dict[str, Any] = {"output": bytearray()}
    thread = threading.Thread(
        target=_collect, args=(client, container, command, result, watch), daemon=True
    )
    thread.start()
    thread.join(seconds + 10)
    if thread.is_alive():
        raise ProbeError(
            f"the probe gave no answer in {seconds} s",
            advice="It ends by itself; allow more with --timeout, or use --no-frameworks.",
        )
    if "error" in result:
        raise _failed(result["error"], container)
    return bytes(result["output"]), result.get("code")


def _collect(
    client: docker.DockerClient,
    container: Container,
    command: list[str],
    result: dict[str, Any],
    watch: Watch | None,
) -> None:
    api = client.api
    try:
        job = api.exec_create(container.id, command, stdout=True, stderr=watch is not None)
        for out, err in api.exec_start(job["Id"], stream=True, demux=True):
            result["output"] += out or b""
            if err and watch:
                watch(err)
            if len(result["output"]) > LIMIT:
                result["error"] = ProbeError(f"the probe printed more than {LIMIT >> 20} MiB")
                return
        result["code"] = api.exec_inspect(job["Id"])["ExitCode"]
    except (APIError, DockerException, requests.RequestException, OSError) as error:
        result["error"] = error


def _failed(error: Exception, container: Container) -> Exception:
    if isinstance(error, ProbeError):
        return error
    return EngineError(
        f"the probe could not be run in {container.name}: {str(error)[:300]}",
        advice="Is the container still running, and not paused?",
    )
