"""What bytes are named by: a digest of their content."""

from __future__ import annotations

import hmac
import re
from typing import Final

from repro.errors import RegistryError
from repro.hashing import Digest
from repro.registry.address import printable

HEX_DIGITS: Final = {"sha256": 64, "sha512": 128}
"""The registered algorithms (OCI image specification, descriptor.md)."""
PATTERN: Final = "|".join(f"{name}:[0-9a-f]{{{length}}}" for name, length in HEX_DIGITS.items())


def is_digest(text: str) -> bool:
    """Tell whether a text is a digest that can be verified."""
    return re.fullmatch(PATTERN, text) is not None


def begun(digest: str) -> Digest:
    """Begin a digest of the same algorithm; raises RegistryError where it is none."""
    if not is_digest(digest):
        raise RegistryError(f"{printable(digest)!r} is not a digest that can be verified")
    return Digest(digest.partition(":")[0])


def verify(digest: str, found: Digest, what: str) -> None:
    """Raise RegistryError unless a digest is the one that was found."""
    if not hmac.compare_digest(digest, str(found)):
        raise RegistryError(
            f"{what} has another content than its digest {digest} says",
            advice="The registry, or something between, damaged or replaced it: do not use it.",
        )


def verify_bytes(digest: str, data: bytes, what: str) -> None:
    """Raise RegistryError unless bytes have a digest."""
    found = begun(digest)
    found.update(data)
    verify(digest, found, what)
