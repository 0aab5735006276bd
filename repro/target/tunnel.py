"""An engine's socket on another host, brought here by `ssh`.

The SDK's own way needs paramiko or docker on the other host, and cannot execute in containers.
"""

from __future__ import annotations

import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from repro.errors import EngineError

DEFAULT: Final = "/var/run/docker.sock"
HOLD: Final = ("sh", "-c", 'trap "" INT; exec "$@"', "sh")
"""Ctrl-C must not cut what a container under way is removed through."""
SECONDS: Final = 60.0
"""Until a connection stands; ssh itself would wait for as long as TCP does."""


class Tunnel:
    """A socket here that leads to one there, until `end`, or until this process is gone."""

    def __init__(self, url: str) -> None:
        """Connect to `ssh://[USER@]HOST[:PORT][/PATH/OF.sock]`; EngineError where that fails.

        By default the socket is Docker's; another path is as CONTAINER_HOST has it for Podman.
        """
        self._folder = tempfile.mkdtemp(prefix="repro-ssh-")
        self.path = f"{self._folder}/engine.sock"
        self.there = socket(url)
        self._errors = Path(self._folder, "errors")
        try:
            with self._errors.open("wb") as errors:
                # Nothing is written to the other end, which ends when ours is closed.
                self._process = subprocess.Popen(
                    [*HOLD, *command(url, self.path)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.DEVNULL,
                    stderr=errors,
                )
            self._await()
        except BaseException:
            self.end()
            raise

    def end(self) -> None:
        """Close the connection; a second time does nothing."""
        process = getattr(self, "_process", None)
        if process is not None:
            process.terminate()
            process.communicate()
        shutil.rmtree(self._folder, ignore_errors=True)

    def said(self) -> str:
        """Return the last line that ssh wrote; nothing where it wrote none."""
        try:
            text = self._errors.read_text("utf-8", errors="replace")
        except OSError:
            return ""
        return text.strip().rpartition("\n")[2][:300]

    def _await(self) -> None:
        deadline = time.monotonic() + SECONDS
        while not Path(self.path).exists():
            if self._process.poll() is not None:
                raise EngineError(f"ssh: {self.said() or 'it ended without a word'}")
            if time.monotonic() > deadline:
                raise EngineError(f"ssh: no connection in {SECONDS:g} s")
            time.sleep(0.02)


def socket(url: str) -> str:
    """Return the path of the socket that a URL means on the other host."""
    path = urlsplit(url).path
    return path if path not in ("", "/") else DEFAULT


def command(url: str, path: str) -> list[str]:
    """Return the command of a tunnel; EngineError for a URL that makes no sense.

    A connection of its own, since one that is shared would keep the socket after us.
    """
    try:
        parts = urlsplit(url)
        host, user, port = parts.hostname, parts.username, parts.port
    except ValueError as error:
        raise EngineError(f"{url}: {error}") from error
    if not host or host.startswith("-") or (user or "").startswith("-") or parts.query:
        raise EngineError(f"{url} is not ssh://[USER@]HOST[:PORT][/PATH]")
    options = ["-T", "-S", "none", "-o", "ExitOnForwardFailure=yes", "-L", f"{path}:{socket(url)}"]
    options += ["-p", str(port)] if port else []
    options += ["-l", user] if user else []
    return ["ssh", *options, "--", host, "cat"]
