"""Where a manifest lies in a store: SUBJECT/TIME-DIGEST.json, the same for the same manifest."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from repro.history.points import moment, subject
from repro.manifest import encode
from repro.manifest.model import canonical

if TYPE_CHECKING:
    from repro.history.model import Subject
    from repro.manifest import Manifest

READABLE: Final = 80
"""Characters of a subject's name in a folder's; its hash tells the rest apart."""
OURS: Final = re.compile(r"(?:^|/)([^/]+-[0-9a-f]{8})/(?:\d{8}T\d{6}Z|undated)-[0-9a-f]{12}\.json")


def place(manifest: Manifest) -> str:
    """Name the file of a manifest; names of subjects are anything, and never lead elsewhere."""
    at = moment(manifest)
    time = at.strftime("%Y%m%dT%H%M%SZ") if at else "undated"
    digest = hashlib.sha256(encode(manifest)).hexdigest()[:12]
    return f"{_folder(subject(manifest))}/{time}-{digest}.json"


def astray(place: str, manifest: Manifest) -> bool:
    """Tell whether a file was put where another subject's are: one of the two names is wrong."""
    found = OURS.search(place)
    return found is not None and found[1] != _folder(subject(manifest))


def _folder(who: Subject) -> str:
    text = re.sub(r"[^A-Za-z0-9._-]+", "_", str(who)).strip("._-")[:READABLE]
    return f"{text or 'subject'}-{hashlib.sha256(canonical(who)).hexdigest()[:8]}"
