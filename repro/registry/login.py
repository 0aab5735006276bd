"""What the user proves to be somebody with, as the tools around registries store it."""

from __future__ import annotations

import base64
import binascii
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN_USER = "<token>"  # noqa: S105 -- A name that docker's credential helpers give to tokens.


@dataclass(frozen=True, kw_only=True, slots=True)
class Login:
    """A user and a password, or a token in place of both."""

    user: str = ""
    password: str = field(default="", repr=False)
    identity_token: str = field(default="", repr=False)
    """To be changed for a bearer token by OAuth 2."""
    registry_token: str = field(default="", repr=False)
    """A bearer token itself."""

    def basic(self) -> str | None:
        """Return the header value of RFC 7617; None where there is no password."""
        if not self.password:
            return None
        pair = f"{self.user}:{self.password}".encode()
        return f"Basic {base64.b64encode(pair).decode()}"


def from_entry(entry: object) -> Login | None:
    """Read one of `auths` in a configuration file; None where it holds no secret.

    Source: https://github.com/docker/cli, cli/config/types/authconfig.go.
    """
    if not isinstance(entry, dict):
        return None
    user, password = _pair(_text(entry, "auth"))
    login = Login(
        user=user or _text(entry, "username"),
        password=password or _text(entry, "password"),
        identity_token=_text(entry, "identitytoken"),
        registry_token=_text(entry, "registrytoken"),
    )
    return login if login.password or login.identity_token or login.registry_token else None


def from_helper(said: object) -> Login | None:
    """Read what a credential helper says; None where it is no login.

    Source: https://github.com/docker/docker-credential-helpers, credentials/credentials.go.
    """
    if not isinstance(said, dict) or not _text(said, "Secret"):
        return None
    if _text(said, "Username") == TOKEN_USER:
        return Login(identity_token=_text(said, "Secret"))
    return Login(user=_text(said, "Username"), password=_text(said, "Secret"))


def _text(entry: Mapping[str, Any], key: str) -> str:
    value = entry.get(key)
    return value if isinstance(value, str) else ""


def _pair(encoded: str) -> tuple[str, str]:
    """Split `auth`; docker pads some passwords with zeros."""
    try:
        user, _, password = base64.b64decode(encoded).decode().partition(":")
    except (binascii.Error, UnicodeDecodeError, ValueError):
        return "", ""
    return user, password.strip("\0")
