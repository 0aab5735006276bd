"""The fixed texts of the text canaries: scripts, forms, emoji, digits, code, special tokens."""

import hashlib
import json
import pkgutil
import re

from .found import Refused, calm

INVALID = re.compile("[\ud800-\udfff]")
"""Half of a pair of UTF-16: no text from a network or a file of UTF-8 can hold one (RFC 3629)."""

NAME = "corpus"
"""What a job's `input` calls it."""
CUT = 8
"""Ids that truncation leaves, special ones among them."""


def texts():
    """(name, text) of each text, in the order of a series; new ones only ever come at the end."""
    return [(row[0], row[1] * (row[2] if row[2:] else 1)) for row in _document()["texts"]]


def telling():
    """Names of the texts whose results are kept: they show most changes that are known."""
    return _document()["telling"]


def each(compute):
    """{name: what `compute` makes of it} of the telling texts, for what needs no more than them.

    Texts with lone surrogates are left out: one of them would speak for all the others.
    """
    wanted = set(telling())
    valid = [(name, text) for name, text in texts() if name in wanted and not INVALID.search(text)]
    return {name: _tried(compute, text) for name, text in valid}


def _tried(compute, text):
    try:
        return calm(compute)(text)
    except Refused:
        return None


def digest():
    """The corpus's digest: two manifests with the same one have the same texts."""
    rows = json.dumps(texts(), sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(rows.encode("ascii")).hexdigest()


def _document():
    return json.loads(pkgutil.get_data(__package__, "corpus.json").decode("ascii"))
