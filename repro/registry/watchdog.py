"""Bounds how long a server may keep a connection waiting, however it drips."""

from __future__ import annotations

import os
import socket
import threading
import time
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

LEAST_RATE = 1024
"""Bytes per second of waiting below which a transfer counts as stalled."""


class StalledError(Exception):
    """Too little came in the time."""


class Watchdog:
    """Cuts a connection on which one step takes too long.

    A socket's own time-out starts anew with every byte; a head, a chunk's size or a trailer that
    comes a byte at a time would never end. So another thread keeps the time of whole steps.
    """

    def __init__(self, sock: socket.socket, seconds: float) -> None:
        self._sock, self._seconds = sock, seconds
        self._since: float | None = None
        self._waited, self._came = 0.0, 0
        self._cut = False
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="registry-watchdog", daemon=True)
        self._thread.start()

    @contextmanager
    def step(self) -> Iterator[None]:
        """Do one step; raises StalledError if it took too long, whatever else went wrong."""
        self._since = started = time.monotonic()
        try:
            yield
        finally:
            self._since = None
            self._waited += time.monotonic() - started
            if self._cut or self._waited > self._seconds:
                self._judge()

    def came(self, count: int) -> None:
        """Count bytes that a step brought."""
        self._came += count

    def stop(self) -> None:
        """End the thread."""
        self._over.set()

    def _judge(self) -> None:
        """Close a window of waiting; time that the reader spends elsewhere does not count."""
        enough = self._came >= LEAST_RATE * self._seconds and not self._cut
        self._waited, self._came = 0.0, 0
        if not enough:
            raise StalledError

    def _watch(self) -> None:
        while not self._over.wait(self._seconds / 4):
            since = self._since
            if since is not None and time.monotonic() - since > self._seconds:
                self._cut = True
                self._shut_down()
                return

    def _shut_down(self) -> None:
        """Shut down what lies below TLS: the waiting thread wakes and finds the end."""
        with suppress(OSError), socket.socket(fileno=os.dup(self._sock.fileno())) as below:
            below.shutdown(socket.SHUT_RDWR)
