"""Asks servers over HTTP: redirects, retries, and who may see what is secret."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final
from urllib.parse import urljoin

import requests
from requests.utils import get_environ_proxies

from repro.errors import RegistryError
from repro.registry.address import Origin, is_loopback, origin, shown
from repro.registry.answer import Answer
from repro.registry.connection import authorities, new_session
from repro.registry.failures import CONNECTION, UnansweredError, explain
from repro.registry.patience import Patience, TransientError, wish
from repro.registry.watchdog import StalledError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

REDIRECTS: Final = 5
MOVED: Final = {301, 302, 303, 307, 308}
CONNECT_SECONDS: Final = 10.0
PASSING: Final = {408, 425, 429}
LASTING: Final = {501, 505}
"""Server errors that another try does not mend (RFC 9110, section 15.6)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Question:
    """What is asked; the authorization is for the server of this address alone."""

    url: str
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = field(default=None, repr=False)
    form: Mapping[str, str] | None = field(default=None, repr=False)
    """Where given, it is posted, and no redirect is followed."""
    body: bytes | None = field(default=None, repr=False)
    """The same for what is no form."""
    put: bool = False
    """Whether it is put there, not posted."""

    @property
    def posted(self) -> bool:
        """Whether something is sent, so that no redirect may lead it elsewhere."""
        return self.form is not None or self.body is not None

    @property
    def method(self) -> str:
        """The method of HTTP."""
        return ("PUT" if self.put else "POST") if self.posted else "GET"


class Transport:
    """A way to servers; may be shared by threads."""

    def __init__(self, *, ca_file: Path | None = None, timeout: float) -> None:
        self._session = new_session(ca_file)
        self.limit(timeout)

    def limit(self, timeout: float) -> None:
        """Wait for a step of a server no longer than so many seconds, from now on."""
        self._timeout = (min(timeout, CONNECT_SECONDS), timeout)

    def ask(self, question: Question, patience: Patience) -> Answer:
        """Return the answer, an error of the client's included; raises RegistryError."""
        return patience.persist(lambda: self.ask_once(question))

    def ask_once(self, question: Question) -> Answer:
        """Follow redirects to an answer; raises TransientError where another try may help."""
        here = question
        for _ in range(REDIRECTS + 1):
            answer = self._send(here)
            if answer.status not in MOVED or question.posted:
                return _lasting(answer)
            answer.drain()
            here = _moved(question, here.url, answer)
        raise RegistryError(f"{shown(question.url)} redirects more than {REDIRECTS} times")

    def close(self) -> None:
        """Give up the connections that are kept."""
        self._session.close()

    def _send(self, question: Question) -> Answer:
        host = _named(origin(question.url))
        failure: RegistryError
        try:
            return Answer(self._request(question, host=origin(question.url).host), question.url)
        except StalledError:
            failure = UnansweredError(f"{host} does not answer in time", advice=CONNECTION)
        except requests.RequestException as error:
            failure = explain(error, host)
        # Raised out here, the failure does not carry the library's error, which holds addresses.
        raise failure

    def _request(self, question: Question, *, host: str) -> requests.Response:
        """Send one request; this machine itself is never asked through a proxy."""
        secret = {"Authorization": question.authorization} if question.authorization else {}
        return self._session.request(
            question.method,
            question.url,
            headers={**question.headers, **secret},
            data=question.form or question.body,
            auth=_unchanged,
            stream=True,
            timeout=self._timeout,
            allow_redirects=False,
            verify=authorities(),
            proxies={} if is_loopback(host) else get_environ_proxies(question.url),
        )


def _unchanged(request: requests.PreparedRequest) -> requests.PreparedRequest:
    """Be the authentication, so that requests takes none from the user part of an address."""
    return request


def _lasting(answer: Answer) -> Answer:
    """Return an answer that would be the same again; raises TransientError for the others."""
    if answer.status not in PASSING and (answer.status < 500 or answer.status in LASTING):
        return answer
    answer.drain()
    too_many = "Too many requests: wait, or log in (docker login), which many registries reward."
    raise TransientError(
        f"{answer.place} answers {answer.status}",
        advice=too_many if answer.status == 429 else "The registry has a problem: try later.",
        wish=wish(answer.headers.get("Retry-After")),
    )


def _moved(first: Question, url: str, answer: Answer) -> Question:
    """Return the question for the address that an answer refers to."""
    try:
        there = urljoin(url, answer.headers["Location"])
    except (KeyError, ValueError):
        there = ""
    before, after = origin(url), origin(there)
    if before.scheme == "https" != after.scheme:
        raise RegistryError(
            f"{answer.place} redirects from https to http, to {shown(there)}",
            advice="That is refused: what comes could be changed on the way.",
        )
    own = after == origin(first.url)
    return replace(first, url=there, authorization=first.authorization if own else None)


def _named(server: Origin) -> str:
    port = "" if server.port in {80, 443} else f":{server.port}"
    return f"[{server.host}]{port}" if ":" in server.host else f"{server.host}{port}"
