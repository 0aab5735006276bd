"""The name of an image in a registry, by Docker's rules.

Source: https://github.com/distribution/reference, reference.go and normalize.go.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Final, Self

from repro.errors import UsageError
from repro.registry.address import printable
from repro.registry.digest import PATTERN as DIGEST

HUB: Final = "docker.io"
HUB_SERVER: Final = "registry-1.docker.io"
HUB_NAMES: Final = {HUB, "index.docker.io", HUB_SERVER}
"""One registry, by three names."""
MOST: Final = 255
"""Characters of a repository (normalize.go)."""

_LABEL: Final = "(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
HOST: Final = re.compile(rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[0-9a-fA-F:]+\])(?::[0-9]{{1,5}})?")
_COMPONENT: Final = "[a-z0-9]+(?:(?:\\.|_|__|-+)[a-z0-9]+)*"
REPOSITORY: Final = re.compile(rf"{_COMPONENT}(?:/{_COMPONENT})*")
TAG: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}")


@dataclass(frozen=True, slots=True)
class Reference:
    """Which registry, which repository, and which image in it; a digest outranks a tag."""

    host: str
    """The server that is asked, with its port: `registry-1.docker.io` for Docker Hub."""
    repository: str
    tag: str | None
    digest: str | None

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[HOST[:PORT]/]NAME[:TAG][@DIGEST]`; raises UsageError."""
        if "://" in text:
            raise _malformed(text, f"Leave out {text.partition('://')[0]}://.")
        rest, at, digest = text.partition("@")
        if at and not re.fullmatch(DIGEST, digest):
            raise _malformed(text, "After @ stands a digest: sha256: and 64 hexadecimal digits.")
        name, tag = _split_tag(rest)
        if tag is not None and not TAG.fullmatch(tag):
            raise _malformed(text, "A tag has up to 128 letters, digits, points, _ and -.")
        host, repository = _split_host(name)
        _check(text, host, repository)
        return cls(host, repository, tag if tag or at else "latest", digest or None)

    @property
    def registry(self) -> str:
        """The registry as people write it."""
        return HUB if self.host == HUB_SERVER else self.host

    @property
    def wanted(self) -> str:
        """What to ask the registry for: the digest if there is one, else the tag."""
        return self.digest or self.tag or "latest"

    def __str__(self) -> str:
        """Return the whole name, with nothing left to defaults."""
        tag = f":{self.tag}" if self.tag else ""
        digest = f"@{self.digest}" if self.digest else ""
        return f"{self.registry}/{self.repository}{tag}{digest}"


def _split_tag(text: str) -> tuple[str, str | None]:
    """Split at the last colon; one before a slash belongs to a port."""
    name, colon, tag = text.rpartition(":")
    return (name, tag) if colon and "/" not in tag else (text, None)


def _split_host(name: str) -> tuple[str, str]:
    """Split off a host: a first component that can be no part of a repository."""
    first, slash, rest = name.partition("/")
    is_host = any(mark in first for mark in ".:") or first == "localhost" or first != first.lower()
    if not slash or not is_host:
        first, rest = HUB, name
    if first not in HUB_NAMES:
        return first, rest
    return HUB_SERVER, rest if "/" in rest else f"library/{rest}"


def _check(text: str, host: str, repository: str) -> None:
    if not HOST.fullmatch(host):
        raise _malformed(text, "Before the first / stands a host, and a port if it needs one.")
    if not REPOSITORY.fullmatch(repository) or len(repository) > MOST:
        raise _malformed(text, "A repository is lower-case: letters, digits and . _ - / between.")
    if re.fullmatch("[0-9a-f]{64}", repository.removeprefix("library/")):
        raise _malformed(text, "A bare digest names no repository: write REPOSITORY@sha256:….")


def _malformed(text: str, advice: str) -> UsageError:
    return UsageError(
        f"{printable(text)!r} names no image in a registry",
        advice=f"{advice} The form is [HOST[:PORT]/]NAME[:TAG][@DIGEST].",
    )
