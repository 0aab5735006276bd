"""A small HTTP server with one page: metrics, made anew for each question."""

from __future__ import annotations

import socket
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final

import click

from repro.errors import ReproError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

PATH: Final = "/metrics"
OPENMETRICS: Final = "application/openmetrics-text"
TYPES: Final = {
    True: f"{OPENMETRICS}; version=1.0.0; charset=utf-8",
    False: "text/plain; version=0.0.4; charset=utf-8",
}
"""By whether the asker takes OpenMetrics; the page is the same."""
SECONDS: Final = 10
"""How long a client may take to say what it wants, and to take a piece of the answer."""


def answer_until_interrupted(host: str, port: int, page: Callable[[], str]) -> None:
    """Answer questions for `page` until Ctrl-C; UsageError where the address is not to be had."""
    with server(host, port, page) as found:
        shown = f"[{host}]" if ":" in host else host
        click.echo(f"repro: http://{shown}:{found.server_port}{PATH}, until Ctrl-C", err=True)
        try:
            found.serve_forever()
        except KeyboardInterrupt:
            click.echo("repro: no longer answering", err=True)


def server(host: str, port: int, page: Callable[[], str]) -> ThreadingHTTPServer:
    """Make the server, which does not answer yet; port 0 takes any."""
    busy = threading.Lock()

    class Handler(_Answering):
        def page(self) -> str:
            with busy:  # One reads the store at a time, however many ask.
                return page()

    class Server(ThreadingHTTPServer):
        address_family = socket.AF_INET6 if ":" in host else socket.AF_INET
        daemon_threads = True

    try:
        return Server((host, port), Handler)
    except OSError as error:
        raise UsageError(
            f"cannot listen on {host}:{port}: {error.strerror or error}",
            advice="Is it taken? Say another with --listen.",
        ) from error


class _Answering(BaseHTTPRequestHandler):
    """Knows one page, and says nothing about itself."""

    timeout = SECONDS
    server_version, sys_version = "repro", ""

    def page(self) -> str:
        """Make the page; ReproError where that is not possible now."""
        raise NotImplementedError

    def do_GET(self) -> None:
        """Answer with the page, or say why there is none."""
        if self.path.partition("?")[0] != PATH:
            self._send(404, "text/plain; charset=utf-8", f"There is {PATH} alone.\n")
            return
        try:
            text = self.page()
        except ReproError as error:
            click.echo(f"repro: {error.message}", err=True)
            self._send(503, "text/plain; charset=utf-8", "The store cannot be read.\n")
            return
        self._send(200, TYPES[OPENMETRICS in self.headers.get("Accept", "")], text)

    do_HEAD = do_GET  # noqa: N815  # as the base class calls it

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002  # the base class's
        """Log nothing: who asks every few seconds is no news."""

    def _send(self, status: int, kind: str, text: str) -> None:
        body = text.encode("utf-8")
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("Cache-Control", "no-store")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)
