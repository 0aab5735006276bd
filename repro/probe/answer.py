"""Prints what was found so that it cannot pass for whole when it is cut."""

import hashlib
import json
import sys

WIDTH = 4000
"""Bytes of a line: engines store longer ones in pieces (16 KiB with Docker's json-file driver)."""


def give(payload, nonce):
    """Print the payload on standard output, marked by the nonce that was asked for."""
    sys.stdout.write(wrapped(payload, nonce))
    sys.stdout.flush()


def wrapped(payload, nonce):
    """The payload as JSON in short lines between markers, with its length and SHA-256."""
    text = json.dumps(payload, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode("ascii")).hexdigest()
    body = "\n".join(text[at : at + WIDTH] for at in range(0, len(text), WIDTH))
    return "\n@repro-begin %s %d %s\n%s\n@repro-end %s\n" % (nonce, len(text), digest, body, nonce)
