"""The fixed texts of the text canaries: scripts, forms, emoji, digits, code, special tokens."""

import hashlib
import json
import pkgutil

NAME = "corpus"
"""What a job's `input` calls it."""


def texts():
    """(name, text) of each text, in the order of a series; new ones only ever come at the end."""
    return [(row[0], row[1] * (row[2] if row[2:] else 1)) for row in _document()["texts"]]


def telling():
    """Names of the texts whose results are kept: they show most changes that are known."""
    return _document()["telling"]


def digest():
    """The corpus's digest: two manifests with the same one have the same texts."""
    rows = json.dumps(texts(), sort_keys=True, separators=(",", ":"))
    return "sha256:" + hashlib.sha256(rows.encode("ascii")).hexdigest()


def _document():
    return json.loads(pkgutil.get_data(__package__, "corpus.json").decode("ascii"))
