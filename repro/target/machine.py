"""Which machine this is, in a form that tells it from others and gives nothing away."""

from __future__ import annotations

import hashlib
import hmac
import re
from pathlib import Path
from typing import Final

ID: Final = Path("/etc/machine-id")
"""machine-id(5): 32 digits, made when a system is installed; it is not to be shown."""
ABOUT: Final = b"repro machine"
DIGITS: Final = 16


def own(path: Path = ID) -> str | None:
    """Return 16 hex digits made from the machine's id; None where it has none.

    They are made as sd_id128_get_machine_app_specific(3) makes an application's own id, by HMAC:
    who has them cannot tell the id, nor find the machine in what others write.
    """
    try:
        text = path.read_text("ascii").strip()
    except (OSError, ValueError):
        return None
    if not re.fullmatch(r"[0-9a-f]{32}", text):
        return None
    return hmac.new(bytes.fromhex(text), ABOUT, hashlib.sha256).hexdigest()[:DIGITS]
