"""tiktoken's vocabularies, which lie under the SHA-1 of where they came from (tiktoken/load.py)."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Final

from repro.caches import facts
from repro.caches.folder import of_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files, Folder
    from repro.manifest import Fact

KIND: Final = "cache.tiktoken"
URL: Final = "https://openaipublic.blob.core.windows.net/"
PLACES: Final = (
    *("encodings/r50k_base.tiktoken", "encodings/p50k_base.tiktoken"),
    *("encodings/cl100k_base.tiktoken", "encodings/o200k_base.tiktoken"),
    *("gpt-2/encodings/main/vocab.bpe", "gpt-2/encodings/main/encoder.json"),
)
"""Of tiktoken_ext/openai_public.py."""
NAMES: Final = {
    hashlib.sha1(f"{URL}{place}".encode(), usedforsecurity=False).hexdigest(): place
    for place in PLACES
}
FOLDER: Final = "data-gym-cache"
"""What the folder is called where nobody says another one (tiktoken/load.py)."""
HASH: Final = re.compile(r"[0-9a-f]{40}")


def collected(folder: Folder, files: Files) -> Iterator[Fact]:
    """Yield each vocabulary by its digest; in the usual folder also those of other places."""
    for name in folder.names:
        if name in NAMES or (folder.name == FOLDER and HASH.fullmatch(name)):
            path = folder.inside(name)
            shown = NAMES.get(name, name).rpartition("/")[2]
            try:
                identity = of_file(files, path)
            except OSError as error:
                yield facts.unread(KIND, shown, error)
            else:
                yield facts.identified(KIND, shown, path, identity)
