"""Asks a server in bounded time and bytes, and says in plain words why it gives no answer."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple, Self

import msgspec

from repro.errors import RegistryError, TargetError
from repro.registry.address import printable
from repro.registry.patience import Patience, TransientError
from repro.registry.transport import MOVED, Question, Transport

if TYPE_CHECKING:
    from repro.registry.answer import Answer
    from repro.target.endpoint.address import Address
    from repro.target.options import Options

STEP: Final = 60.0
"""Seconds that one answer may take: a few dozen tokens of a large model on a busy server."""
RETRIES: Final = 2
MOST: Final = 4 << 20
"""Bytes of one answer."""
MISSING: Final = frozenset({404, 405, 501})
"""Status codes of a server that has no such thing (RFC 9110, sections 15.5 and 15.6)."""
DENIED: Final = frozenset({401, 403})


class Reply(NamedTuple):
    """An answer: its status, and the bytes of it."""

    status: int
    data: bytes


class Client:
    """One server, for as long as the budget lasts; has to be closed."""

    def __init__(self, address: Address, options: Options) -> None:
        if address.key and not (address.origin.private or options.plain_http):
            raise TargetError(
                f"the key would go to {address.shown} without encryption",
                advice="Say https://, or --plain-http if everybody on the way may read the key.",
            )
        self.address = address
        self.budget = options.canary_budget
        self._end = time.monotonic() + self.budget
        self._transport = Transport(ca_file=_path(options.ca_file), timeout=STEP)
        self._failure = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Give up the connections that are kept."""
        self._transport.close()

    def greet(self) -> Reply:
        """Ask for the models; TargetError where no server answers, or not to us."""
        reply = self.ask("/v1/models")
        if reply.status in DENIED:
            raise TargetError(
                f"{self.address.shown} answers {reply.status}: it wants a key, or another one",
                advice="Put it into the variable REPRO_ENDPOINT_KEY.",
            )
        self._end = time.monotonic() + self.budget  # Another snapshot may lie between.
        return reply

    def ask(self, path: str, question: dict[str, Any] | None = None) -> Reply:
        """Get a path, or post a question to it; TargetError says why there is no answer."""
        patience = Patience(RETRIES, sleep=self._pause)
        try:
            return patience.persist(lambda: self._once(path, question))
        except RegistryError as error:
            raise TargetError(
                error.message, advice="Check the address, and that the server is up and not busy."
            ) from error

    def _once(self, path: str, question: dict[str, Any] | None) -> Reply:
        asked = Question(
            url=self.address.base + path,
            headers={"Content-Type": "application/json"} if question else {},
            authorization=f"Bearer {self.address.key}" if self.address.key else None,
            body=msgspec.json.encode(question) if question else None,
        )
        try:
            self._transport.limit(self._left())
            reply = _reply(self._transport.ask_once(asked))
        except TransientError as failure:
            self._failure = failure.message
            raise
        self._failure = ""
        return reply

    def _left(self) -> float:
        """Return how long an answer may take; TargetError where no time is left for one."""
        left = self._end - time.monotonic()
        if left < 1:
            raise TargetError(self._late(), advice="Allow more with --canary-budget.")
        return min(STEP, left)

    def _late(self) -> str:
        used = f"the {self.budget} s were used up (--canary-budget)"
        return f"{self._failure}, until {used}" if self._failure else f"not run: {used}"

    def _pause(self, seconds: float) -> None:
        time.sleep(max(0.0, min(seconds, self._end - time.monotonic())))


def _path(name: str | None) -> Path | None:
    return Path(name) if name else None


def _reply(answer: Answer) -> Reply:
    if answer.status in MOVED:
        answer.drain()
        raise RegistryError(f"{answer.place} redirects a question, which is not followed")
    return Reply(answer.status, answer.document(MOST))


def complaint(reply: Reply, path: str) -> str:
    """Say what a server said instead of what it was asked for."""
    try:
        said = msgspec.json.decode(reply.data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        said = None
    error = said.get("error", said) if isinstance(said, dict) else None
    text = error.get("message") if isinstance(error, dict) else error
    told = f": {printable(text, 200)}" if isinstance(text, str) and text else ""
    return f"{path} answers {reply.status}{told}"
