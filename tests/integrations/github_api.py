"""A stand-in for GitHub's API of comments, over HTTP: what the real one refuses, it refuses too."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import parse_qs, urlsplit

if TYPE_CHECKING:
    from collections.abc import Iterator

BOT: Final = {"login": "github-actions[bot]", "type": "Bot"}
LIMIT: Final = 65_536


@dataclass
class Api:
    """The state of a repository, and what was asked."""

    url: str = ""
    comments: list[dict[str, Any]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)
    tokens: set[str] = field(default_factory=set)
    may_write: bool = True
    login: str | None = None
    """Whose token it is; None for the job's own, which may not ask."""
    fail_first: int = 0
    """Requests that get no better answer than 502."""

    def add(self, body: str, user: dict[str, str] | None = None) -> dict[str, Any]:
        """Put a comment there, as somebody."""
        number = len(self.comments) + 1
        url = f"https://github.example/pull/7#issuecomment-{number}"
        comment = {"id": number, "body": body, "user": user or BOT, "html_url": url}
        self.comments.append(comment)
        return comment

    def answer(self, method: str, target: str, sent: dict[str, Any]) -> tuple[int, Any]:
        """Answer a request as the documents of the REST API say (issue comments)."""
        self.asked.append(f"{method} {target}")
        path, query = urlsplit(target).path, parse_qs(urlsplit(target).query)
        if self.fail_first > 0:
            self.fail_first -= 1
            return 502, {"message": "Server Error"}
        if path == "/user":
            return (200, {"login": self.login}) if self.login else (403, {"message": "integration"})
        if method == "GET" and path == "/repos/o/r/issues/7/comments":
            size, page = int(query["per_page"][0]), int(query["page"][0])
            return 200, self.comments[size * (page - 1) : size * page]
        if not self.may_write:
            return 403, {"message": "Resource not accessible by integration"}
        if len(sent.get("body", "")) > LIMIT:
            return 422, {"message": "Validation Failed"}
        return self._write(method, path, sent)

    def _write(self, method: str, path: str, sent: dict[str, Any]) -> tuple[int, Any]:
        if method == "POST" and path == "/repos/o/r/issues/7/comments":
            user = {"login": self.login, "type": "User"} if self.login else None
            return 201, self.add(sent["body"], user)
        found = [c for c in self.comments if path == f"/repos/o/r/issues/comments/{c['id']}"]
        if method == "PATCH" and found:
            found[0].update(sent)
            return 200, found[0]
        return 404, {"message": "Not Found"}


@contextmanager
def serving() -> Iterator[Api]:
    """Serve an empty repository o/r, whose pull request is number 7."""
    api = Api()

    class Handler(BaseHTTPRequestHandler):
        def _answer(self) -> None:
            sent = self.rfile.read(int(self.headers.get("Content-Length", 0)))
            api.tokens.add(self.headers.get("Authorization", ""))
            code, said = api.answer(self.command, self.path, json.loads(sent or b"{}"))
            body = json.dumps(said).encode()
            self.send_response(code)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_POST = do_PATCH = _answer  # noqa: N815  # http.server looks for these names

        def log_message(self, *_: object) -> None:
            """Keep quiet: the tests look at what was asked."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    api.url = f"http://127.0.0.1:{server.server_port}"
    try:
        yield api
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
