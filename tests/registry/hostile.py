"""A server on this machine that does what a test wants, however wrong that is."""

from __future__ import annotations

import ssl
import threading
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, NamedTuple

from requests.structures import CaseInsensitiveDict

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path


class Asked(NamedTuple):
    """What came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def authorization(self) -> str | None:
        return self.headers.get("Authorization")


class Exchange(BaseHTTPRequestHandler):
    """One request to be answered, in good ways and bad ones."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: Server
    asked: Asked

    def do_GET(self) -> None:
        length = int(self.headers.get("Content-Length", 0))
        headers = CaseInsensitiveDict(self.headers.items())
        self.asked = Asked(self.command, self.path, headers, self.rfile.read(length))
        self.server.asked.append(self.asked)
        with suppress(OSError):
            self.server.behave(self)

    do_POST = do_PUT = do_GET  # noqa: N815

    def log_message(self, *_: object) -> None:
        """Print nothing."""

    @property
    def start(self) -> int:
        """Where the asked range starts."""
        return int(self.headers.get("Range", "bytes=0-").removeprefix("bytes=").rstrip("-"))

    def answer(self, status: int, body: bytes = b"", **headers: str) -> None:
        """Give a whole answer; header names are written with _ for -."""
        self.head(status, len(body), **headers)
        self.wfile.write(body)

    def head(self, status: int, length: int | None, **headers: str) -> None:
        self.send_response_only(status)
        for name, value in headers.items():
            self.send_header(name.replace("_", "-"), value)
        if length is not None:
            self.send_header("Content-Length", str(length))
        self.end_headers()

    def blob(self, data: bytes, *, most: int | None = None) -> None:
        """Give a blob from where it is asked for; hang up after `most` bytes."""
        rest = data[self.start :]
        said = {"Content_Range": f"bytes {self.start}-{len(data) - 1}/{len(data)}"}
        self.head(206 if self.start else 200, len(rest), **(said if self.start else {}))
        self.wfile.write(rest[:most])
        self.close_connection = most is not None and most < len(rest)

    def drip(self, data: bytes, pause: float = 0.05) -> None:
        """Send endlessly, a byte at a time."""
        while not self.server.over.wait(pause):
            self.wfile.write(data)
            self.wfile.flush()


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 50

    def __init__(self, behave: Callable[[Exchange], None]) -> None:
        super().__init__(("127.0.0.1", 0), Exchange)
        self.behave = behave
        self.asked: list[Asked] = []
        self.over = threading.Event()

    @property
    def host(self) -> str:
        return f"127.0.0.1:{self.server_port}"

    @property
    def paths(self) -> list[str]:
        return [asked.path for asked in self.asked]

    def handle_error(self, *_: object) -> None:
        """A client that hangs up is what is tested."""


@contextmanager
def serving(behave: Callable[[Exchange], None], *, tls: Path | None = None) -> Iterator[Server]:
    """Run a server; `tls` is a folder of lab.registry.make_certificates."""
    server = Server(behave)
    if tls is not None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(tls / "server.crt", tls / "server.key")
        server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.over.set()
        server.shutdown()
        server.server_close()
        thread.join()
