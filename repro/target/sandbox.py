"""One run of the probe in a container of its own that may do nothing and leaves nothing behind."""

from __future__ import annotations

import re
import time
from contextlib import contextmanager, suppress
from threading import Thread
from typing import TYPE_CHECKING, Any, Final

import docker
import requests
from docker.errors import APIError, DockerException, NotFound

from repro.errors import CannotRunError, EngineError, ProbeError, TargetError
from repro.target.answer import LIMIT, Output
from repro.target.options import Options, parse_env, parse_volume

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from docker.models.containers import Container

    from repro.target.progress import Watch

LABEL: Final = "dev.repro.probe"
"""On every container that repro makes; `repro clean` finds them by it."""
DEADLINE: Final = "dev.repro.deadline"
"""Unix time after which a container with LABEL can only be a leftover."""
PROCESSES: Final = 4096
"""Threads count as processes: numeric libraries start one a core when they are imported."""
NOT_FOUND: Final = ("executable file not found", "no such file or directory", "not found in $PATH")

FOREIGN: Final = "exec format error"
"""What an engine says of a program for another machine, at the start or, as runc since 1.1, in the
container's standard error."""
PLATFORMS: Final = re.compile(r"wanted [\w/.-]+, actual: [\w/.-]+")
"""What an engine says of an image that is not of the platform that was asked for."""


class NoSuchProgramError(Exception):
    """The image has no file of the name that was to be started."""


def settings(options: Options) -> dict[str, Any]:
    """Return what keeps the probe in: design.md section 7.

    Without `nocopy` an engine fills an empty volume with what the image has at its path.
    """
    return {
        "network_mode": "none",
        "read_only": True,
        "cap_drop": ["ALL"],
        "security_opt": ["no-new-privileges"],
        "pids_limit": PROCESSES,
        "mem_limit": options.memory,
        "memswap_limit": options.memory,
        "tmpfs": {"/tmp": "size=256m,noexec,nosuid,nodev,mode=1777"},  # noqa: S108
        "environment": dict(parse_env(text) for text in options.env),
        "volumes": {
            source: {"bind": path, "mode": "ro" if source.startswith("/") else "ro,nocopy"}
            for source, path in map(parse_volume, options.volumes)
        },
        "device_requests": device_requests(options.gpus),
        "healthcheck": {"test": ["NONE"]},
        "labels": labels(options.timeout),
        "log_config": {"type": "json-file", "config": {"max-size": "128m", "max-file": "1"}},
        "platform": options.platform,
        "stdin_open": False,
        "tty": False,
    }


def labels(seconds: int) -> dict[str, str]:
    """Return the labels by which a container that a crash left behind is found."""
    return {LABEL: "1", DEADLINE: str(int(time.time()) + seconds + 60)}


def device_requests(gpus: str | None) -> list[docker.types.DeviceRequest]:
    """Translate `all`, a count, or `device=0,1` as `docker run --gpus` does."""
    if gpus is None:
        return []
    capabilities = [["gpu"]]
    if gpus == "all":
        return [docker.types.DeviceRequest(count=-1, capabilities=capabilities)]
    if gpus.isdigit() and int(gpus):
        return [docker.types.DeviceRequest(count=int(gpus), capabilities=capabilities)]
    if gpus.startswith("device="):
        ids = [part for part in gpus.removeprefix("device=").split(",") if part]
        return [docker.types.DeviceRequest(device_ids=ids, capabilities=capabilities)]
    raise TargetError(f"--gpus {gpus!r} is not understood", advice="Say all, 2 or device=0,1.")


def run(
    client: docker.DockerClient,
    image: str,
    command: Sequence[str],
    options: Options,
    watch: Watch | None = None,
) -> Output:
    """Run a command in a fresh container of an image and return what it printed.

    `watch` takes what it writes to standard error while it runs.
    Raises NoSuchProgramError where the image lacks it, TargetError where it cannot be started,
    ProbeError where it ends otherwise than by itself.
    """
    with created(client, image, command, options) as container:
        _start(container)
        if watch:
            Thread(target=_follow, args=(container, watch), daemon=True).start()
        _wait(container, options)
        output = Output(_output(container), _errors(container))
        _check(client, container, output, options)
        return output


@contextmanager
def created(
    client: docker.DockerClient, image: str, command: Sequence[str], options: Options
) -> Iterator[Container]:
    """Create a container, and remove it whatever happens."""
    program, *rest = command
    try:
        container = client.containers.create(image, rest, entrypoint=[program], **settings(options))
    except (APIError, DockerException, requests.RequestException) as error:
        raise _refused(error, image) from error
    try:
        yield container
    finally:
        remove(container)


def remove(container: Container) -> None:
    """Remove a container of ours; EngineError where the engine does not."""
    try:
        container.remove(force=True, v=True)
    except NotFound:
        return
    except (DockerException, requests.RequestException) as error:
        raise EngineError(
            f"a container could not be removed: {error}",
            advice="When the engine answers again: repro clean",
        ) from error


def _start(container: Container) -> None:
    try:
        container.start()
    except (APIError, requests.RequestException) as error:
        text = str(error)
        if any(mark in text for mark in NOT_FOUND) and "driver" not in text:
            raise NoSuchProgramError from error
        raise _refused(error, "the image") from error


def _follow(container: Container, watch: Watch) -> None:
    """Pass standard error on until the container ends; what goes wrong here is seen elsewhere."""
    with suppress(requests.RequestException, DockerException, OSError):
        for chunk in container.logs(stdout=False, stderr=True, stream=True, follow=True):
            watch(chunk)


def _wait(container: Container, options: Options) -> None:
    try:
        container.wait(timeout=options.timeout)
    except requests.exceptions.ConnectionError as error:
        if "timed out" not in str(error).lower():
            raise _lost(error) from error
        raise ProbeError(
            f"the probe gave no answer in {options.timeout} s and was stopped",
            advice="Allow more with --timeout, or leave frameworks alone with --no-frameworks.",
        ) from error
    except (requests.RequestException, DockerException) as error:
        raise _lost(error) from error


def _output(container: Container) -> bytes:
    """Read what it printed, up to LIMIT: by `logs`, for `attach` can lose the first line."""
    output = bytearray()
    try:
        for chunk in container.logs(stdout=True, stderr=False, stream=True, follow=False):
            output += chunk
            if len(output) > LIMIT:
                raise ProbeError(
                    f"the probe printed more than {LIMIT >> 20} MiB",
                    advice="Is `python3` in the image a Python interpreter?",
                )
    except (requests.RequestException, DockerException) as error:
        raise _lost(error) from error
    return bytes(output)


def _errors(container: Container) -> bytes:
    try:
        return bytes(container.logs(stdout=False, stderr=True, tail=5))[-2000:]
    except (requests.RequestException, DockerException):
        return b""


def _check(
    client: docker.DockerClient, container: Container, output: Output, options: Options
) -> None:
    """Explain an end that was not its own: killed, out of memory, or never begun."""
    if b"@repro-end" in output.out:
        return
    if output.err.rstrip().endswith(FOREIGN.encode()):
        raise _foreign()
    try:
        state = client.containers.get(str(container.id)).attrs["State"]
    except (requests.RequestException, DockerException) as error:
        raise _lost(error) from error
    if state.get("OOMKilled"):
        raise ProbeError(
            f"the probe ran out of memory at {options.memory >> 20} MiB",
            advice="Allow more with --memory, or leave frameworks alone with --no-frameworks.",
        )
    if state.get("ExitCode", 0) > 128:
        raise ProbeError(
            f"the probe was killed by signal {state['ExitCode'] - 128}",
            advice="Something outside stopped it, or the host is out of memory; try again.",
        )


def _refused(error: Exception, image: str) -> TargetError:
    text = str(getattr(error, "explanation", None) or error)
    if "could not select device driver" in text or "nvidia-container-cli" in text:
        advice = "Install the NVIDIA Container Toolkit on the engine's host, or leave out --gpus."
        return TargetError(f"the engine has no GPU to give: {text[:300]}", advice=advice)
    if FOREIGN in text:
        return _foreign()
    if mismatch := PLATFORMS.search(text):
        return TargetError(
            f"the image is of another platform: {mismatch[0]}",
            advice="Pull that platform's variant first, or leave out --platform.",
        )
    if isinstance(error, NotFound) or "no such image" in text.lower():
        return missing(image)
    return TargetError(f"the engine refused to run {image}: {text[:500]}")


def _foreign() -> CannotRunError:
    return CannotRunError(
        "the image's Python is for another platform than this engine",
        advice="Pull the variant for this platform, or take the snapshot on such a host.",
    )


def missing(image: str) -> TargetError:
    """Say that an image is not in the engine."""
    return TargetError(
        f"no image {image!r} in this engine, and no container of that name",
        advice=f"Get it first: docker pull {image}   (repro never pulls by itself)\n"
        f"  or read it where it is: registry:{image}",
    )


def _lost(error: Exception) -> EngineError:
    return EngineError(
        f"the engine went away while the probe ran: {str(error)[:200]}",
        advice="Is it still running? What was left behind goes with: repro clean",
    )
