"""Text that came out of an image, made harmless to look at in a terminal or on a page."""

from __future__ import annotations

import re
from typing import Final

HOSTILE: Final = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f"
    "\u2028-\u202e\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb"
    "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e0fff"
    "\ud800-\udfff"
    "]"
)
"""Characters that act or hide instead of showing: C0 and C1 controls with DEL; line and paragraph
separators and all that reorders text (UAX #9, Bidi_Control); what Unicode lets a renderer show as
nothing (Default_Ignorable_Code_Point in DerivedCoreProperties.txt) with the interlinear marks; and
lone surrogates. A fixed table, so that every Python version writes the same report."""

SHORT: Final = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
DIGEST: Final = re.compile(r"(?<![0-9A-Za-z])[0-9a-f]{40,}(?![0-9A-Za-z])")
"""SHA-1 (git and Hugging Face revisions) and longer, in hex."""


def plain(text: str, limit: int = 200) -> str:
    r"""Show what acts or hides as an escape (`\x1b`, `\u202e`) in at most `limit` characters."""
    shown = HOSTILE.sub(_escape, text[: limit + 1])
    return shown if len(shown) <= limit else shown[: limit - 1] + "…"


def prose(text: str, limit: int = 2000) -> str:
    """The same for sentences, whose line breaks only lay them out and become spaces."""
    return plain(re.sub(r"[ \t\r\n]+", " ", text[: 2 * limit]).strip(" "), limit)


def value(text: str, limit: int = 160) -> str:
    """The same for one value, with every digest in its short form."""
    return plain(shorten(text), limit)


def shorten(text: str) -> str:
    """Cut each digest in a text to its first twelve digits, as engines print them."""
    return DIGEST.sub(lambda found: found[0][:12], text)


def _escape(found: re.Match[str]) -> str:
    code = ord(found[0])
    if code > 0xFFFF:
        return f"\\U{code:08x}"
    return SHORT.get(found[0]) or (f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}")
