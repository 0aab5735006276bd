"""Where a server is, which of its models is meant, and which key it may see."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final, Self
from urllib.parse import urlsplit

from repro.errors import RegistryError, UsageError
from repro.registry.address import Origin, origin, printable

if TYPE_CHECKING:
    from collections.abc import Mapping

OURS: Final = "REPRO_ENDPOINT_KEY"
"""Goes to whatever server is named."""
THEIRS: Final = "OPENAI_API_KEY"
"""Goes only to where OpenAI's own client would send it: OPENAI_BASE_URL, or OpenAI."""
BASE: Final = "https://api.openai.com/v1"
ADVICE: Final = "Say http://HOST:PORT, and #MODEL after it where a server has several."
VERSIONED: Final = re.compile(r"/v1/?\Z")


@dataclass(frozen=True, kw_only=True, slots=True)
class Address:
    """A server's address without what is secret."""

    base: str
    """Without a slash at its end, and without `/v1`."""
    model: str | None = None
    origin: Origin
    key: str | None = field(default=None, repr=False)

    @classmethod
    def parse(cls, text: str, environment: Mapping[str, str] = os.environ) -> Self:
        """Read `http://HOST[:PORT][/PATH][#MODEL]`; UsageError for anything else."""
        try:
            parts = urlsplit(text)
            place = origin(text)
        except (ValueError, RegistryError) as error:
            raise UsageError(f"{printable(text)} is no address", advice=ADVICE) from error
        if parts.username is not None or parts.password is not None:
            raise UsageError(
                "an address with a user or a password in it",
                advice=f"Put the key into the variable {OURS}.",
            )
        if parts.query:
            raise UsageError(f"{printable(text)}: an address with a query", advice=ADVICE)
        path = VERSIONED.sub("", parts.path).rstrip("/")
        return cls(
            base=f"{parts.scheme}://{parts.netloc}{path}",
            model=parts.fragment or None,
            origin=place,
            key=_key(place, environment),
        )

    @property
    def shown(self) -> str:
        """The address as a manifest and messages have it."""
        return printable(self.base + (f"#{self.model}" if self.model else ""))


def _key(place: Origin, environment: Mapping[str, str]) -> str | None:
    """Find the key for a server; UsageError for one that cannot stand in a header."""
    name, key = OURS, environment.get(OURS)
    if not key and place == origin(environment.get("OPENAI_BASE_URL") or BASE):
        name, key = THEIRS, environment.get(THEIRS)
    if key and not re.fullmatch(r"[!-~]+", key):
        raise UsageError(f"the key in {name} has a character that no key has", advice="Check it.")
    return key or None
