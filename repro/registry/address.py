"""Where an address leads, and how it is shown without what is secret in it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import urlsplit

from repro.errors import RegistryError

PORTS = {"http": 80, "https": 443}


class Origin(NamedTuple):
    """What has to be alike for two addresses to be one server's (RFC 6454)."""

    scheme: str
    host: str
    port: int

    @property
    def private(self) -> bool:
        """Tell whether a secret may be sent there: encrypted, or without leaving the machine."""
        return self.scheme == "https" or is_loopback(self.host)


def origin(url: str) -> Origin:
    """Return an address's origin; raises RegistryError where it is no HTTP address."""
    try:
        parts = urlsplit(url)
        found = Origin(parts.scheme, parts.hostname or "", parts.port or PORTS[parts.scheme])
    except (ValueError, KeyError):
        found = Origin("", "", 0)
    if not found.host:
        raise RegistryError(f"the registry refers to an address that is none: {shown(url)}")
    return found


def shown(url: str) -> str:
    """Return an address for messages: a query often holds a signature, a user part a password."""
    try:
        parts = urlsplit(url)
    except ValueError:
        return "an address that is none"
    return printable(f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}")


def printable(text: str, most: int = 200) -> str:
    """Make foreign text fit for one line of a terminal."""
    kept = "".join(c if c.isprintable() else "\N{REPLACEMENT CHARACTER}" for c in text[: most + 1])
    return kept if len(text) <= most else f"{kept[:most]}…"


def is_loopback(host: str) -> bool:
    """Tell whether a host without its port is this machine by its very name."""
    if host == "localhost":
        return True
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return False
