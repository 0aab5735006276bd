"""Asks for a login in a keychain, through the credential helper that opens it.

Source: https://github.com/docker/docker-credential-helpers, README.md.
"""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Final

from repro.registry.login import Login, from_helper

if TYPE_CHECKING:
    from collections.abc import Mapping

SECONDS: Final = 30.0
"""A person may have to unlock a keychain."""
MOST: Final = 64 * 1024
NOT_FOUND: Final = b"credentials not found"


class HelperError(Exception):
    """The helper gave no answer; the text says why and holds nothing that it printed."""


def get(name: str, server: str, *, path: str | None, seconds: float = SECONDS) -> Login | None:
    """Ask `docker-credential-NAME` for a server's login; None where it has none."""
    program = f"docker-credential-{name}"
    if not re.fullmatch(r"[A-Za-z0-9._-]+", name):
        raise HelperError("a credential helper's name is malformed")
    output, status = _run(program, server, path=path, seconds=seconds)
    if status != 0:
        if NOT_FOUND in output:
            return None
        raise HelperError(f"{program} failed (exit status {status})")
    try:
        said = json.loads(output)
    except (ValueError, RecursionError):
        raise HelperError(f"{program} did not answer in JSON") from None
    return from_helper(said)


def _run(program: str, server: str, *, path: str | None, seconds: float) -> tuple[bytes, int]:
    """Run a program with bounded time and output; all that it starts ends with it."""
    try:
        process = subprocess.Popen(
            [program, "get"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            env=_environment(path),
        )
    except OSError as error:
        raise HelperError(f"{program} cannot be started: {error.strerror}") from None
    timer = threading.Timer(seconds, _kill, [process])
    timer.start()
    try:
        return _talk(process, program, server)
    finally:
        late = not timer.is_alive()
        timer.cancel()
        _kill(process)
        process.wait()
        if late:
            raise HelperError(f"{program} did not answer within {seconds:.0f} s") from None


def _talk(process: subprocess.Popen[bytes], program: str, server: str) -> tuple[bytes, int]:
    assert process.stdin is not None  # noqa: S101 -- Both are pipes.
    assert process.stdout is not None  # noqa: S101
    with process.stdout as stdout:
        with suppress(BrokenPipeError), process.stdin as stdin:
            stdin.write(server.encode())
        output = stdout.read(MOST + 1)
    if len(output) > MOST:
        raise HelperError(f"{program} says too much")
    return output, process.wait()


def _kill(process: subprocess.Popen[bytes]) -> None:
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def _environment(path: str | None) -> Mapping[str, str]:
    return os.environ if path is None else {**os.environ, "PATH": path}
