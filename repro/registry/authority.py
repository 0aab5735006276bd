"""Answers a registry's challenges: a password, or a token that a token server gives for it.

Sources: https://distribution.github.io/distribution/spec/auth/token/ and …/auth/oauth/.
"""

from __future__ import annotations

import json
import re
import threading
from typing import TYPE_CHECKING, Final
from urllib.parse import urlencode, urlsplit

from repro.errors import RegistryError
from repro.registry import challenge
from repro.registry.address import origin, shown
from repro.registry.credentials import Found
from repro.registry.transport import Question

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from repro.registry.answer import Answer
    from repro.registry.login import Login
    from repro.registry.patience import Patience
    from repro.registry.reference import Reference
    from repro.registry.transport import Transport

CLIENT: Final = "repro"
MOST: Final = 1024 * 1024
"""Bytes of a token server's answer."""


class Authority:
    """Keeps what one repository's registry accepted; may be shared by threads."""

    def __init__(
        self,
        reference: Reference,
        transport: Transport,
        find: Callable[[Reference], Found],
        *,
        actions: str = "pull",
    ) -> None:
        self._reference, self._transport, self._find = reference, transport, find
        self._actions = actions
        self._found: Found | None = None
        self._lock = threading.Lock()
        self.header: str | None = None
        """What to send as Authorization, so far."""

    def renew(self, refused: str | None, answer: Answer, patience: Patience) -> None:
        """Get another header than one that was refused; raises RegistryError where none helps."""
        with self._lock:
            if self.header == refused:
                self.header = self._meet(answer, patience)
        if self.header == refused:
            raise self.denied("does not accept the login")

    def denied(self, why: str) -> RegistryError:
        """Say that the registry wants another login, with what went wrong in finding one."""
        registry, problems = self._reference.registry, self._found.problems if self._found else ()
        told = "".join(f" ({problem})" for problem in problems)
        return RegistryError(
            f"{registry} {why}: {self._reference}",
            advice=f"Log in with `docker login {registry}`, and check the name: many registries "
            f"answer so where there is no such repository.{told}",
        )

    def _meet(self, answer: Answer, patience: Patience) -> str:
        offered = challenge.parse(answer.headers.get("WWW-Authenticate", ""))
        by_scheme = {one.scheme: one.parameters for one in reversed(offered)}
        login = self._login(answer)
        if login and login.registry_token and "bearer" in by_scheme:
            return f"Bearer {login.registry_token}"
        if "bearer" in by_scheme:
            return f"Bearer {self._token(by_scheme['bearer'], answer, login, patience)}"
        header = login.basic() if login else None
        if "basic" not in by_scheme or header is None:
            raise self.denied("wants a login")
        return header

    def _login(self, answer: Answer) -> Login | None:
        """Return the login, once it is asked for and may be sent."""
        if self._found is None:
            self._found = self._find(self._reference)
            if self._found.login and not answer.origin.private:
                unsent = "the login that is kept is not sent over plain HTTP"
                self._found = Found(None, (*self._found.problems, unsent))
        return self._found.login

    def _token(
        self, asked: Mapping[str, str], answer: Answer, login: Login | None, patience: Patience
    ) -> str:
        """Ask the token server that the registry names."""
        realm = asked.get("realm", "")
        if origin(realm).scheme != "https" and answer.origin.scheme == "https":
            raise RegistryError(
                f"{self._reference.registry} refers to a token server without TLS: {shown(realm)}",
                advice="That is refused: anyone on the way could read the login or the token.",
            )
        if not origin(realm).private:
            login = None
        wanted = {"service": asked.get("service", ""), "scope": self._scope(asked)}
        wanted = {key: value for key, value in wanted.items() if value}
        given = self._transport.ask(_question(realm, wanted, login), patience)
        if given.status != 200:
            given.drain()
            raise self.denied(f"gives no token ({given.place} answers {given.status})")
        return _read(given)

    def _scope(self, asked: Mapping[str, str]) -> str:
        """Return the scope that the registry names, with no rights but those that are needed."""
        scope = asked.get("scope") or f"repository:{self._reference.repository}:pull"
        return re.sub(r"^(repository:[^ ]+):[a-z,*]+$", rf"\1:{self._actions}", scope)


def _question(realm: str, wanted: Mapping[str, str], login: Login | None) -> Question:
    """Ask by GET, or by POST where an identity token has to be shown."""
    if login and login.identity_token:
        shown_token = {"grant_type": "refresh_token", "refresh_token": login.identity_token}
        return Question(url=realm, form={**wanted, **shown_token, "client_id": CLIENT})
    account = {"account": login.user} if login and login.user else {}
    mark = "&" if urlsplit(realm).query else "?"
    return Question(
        url=f"{realm}{mark}{urlencode({**wanted, **account})}",
        authorization=login.basic() if login else None,
    )


def _read(given: Answer) -> str:
    """Return the token in an answer; it must not break out of a header."""
    try:
        said = json.loads(given.document(MOST))
        token = said.get("token") or said.get("access_token")
    except (ValueError, RecursionError, AttributeError):
        token = None
    if not isinstance(token, str) or not re.fullmatch(r"[!-~]+", token):
        raise RegistryError(f"{given.place} answers without a token")
    return token
