"""What a registry asks for before it answers: the header WWW-Authenticate (RFC 9110, 11.6.1)."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

_PARAMETER: Final = re.compile(
    r"""(?:(?P<scheme>[A-Za-z]{1,32})[ ]+)?
        (?P<key>[A-Za-z_]{1,32})[ ]?=[ ]?
        (?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>[^\s,"]+))""",
    re.VERBOSE,
)


@dataclass(frozen=True, slots=True)
class Challenge:
    """One scheme, in lower case, with its parameters."""

    scheme: str
    parameters: Mapping[str, str]


def parse(header: str) -> list[Challenge]:
    """Return the challenges of a header, in order; what is malformed is left out."""
    text, found = header.strip(), list[tuple[str, dict[str, str]]]()
    for match in _PARAMETER.finditer(text):
        if match["scheme"]:
            found.append((match["scheme"].lower(), {}))
        if found:
            value = match["plain"] or re.sub(r"\\(.)", r"\1", match["quoted"] or "")
            found[-1][1].setdefault(match["key"].lower(), value)
    if not found and text.lower() == "basic":
        return [Challenge("basic", {})]
    return [Challenge(scheme, parameters) for scheme, parameters in found]
