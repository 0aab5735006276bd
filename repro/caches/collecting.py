"""Looks through a volume once, and asks each kind of cache about every folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from repro.caches import chroma, faiss, kernels, nltk, qdrant, tiktoken, torch_hub
from repro.caches.folder import Folder
from repro.manifest import Absent, Fact, Unreadable

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files


DEPTH: Final = 12
"""Levels below a volume's root: a cache below a home, with Triton's below it, has nine."""
FOLDERS: Final = 200_000
"""Folders that are looked at; a compiler's cache has one a kernel."""
CACHES: Final = (chroma, faiss, kernels, nltk, qdrant, tiktoken, torch_hub)
BLOBS: Final = ("blobs", "__pycache__", ".git")
"""Where nothing lies under a name of its own."""


def collect(files: Files, context: Any) -> Iterator[Fact]:
    """Yield what all caches hold; a part that was not looked at is a fact, too."""
    del context
    found: set[str] = set()
    for fact in _collected(files):
        found.add(fact.kind)
        yield fact
    # The wider name covers every kind of cache: then nothing is known to be absent.
    for kind in sorted({cache.KIND for cache in CACHES} - found) if "cache" not in found else ():
        yield Absent(scope="image", kind=kind, name="any", reason="no such cache was found")


def _collected(files: Files) -> Iterator[Fact]:
    for number, (path, folders, names) in enumerate(files.walk("/", DEPTH, BLOBS)):
        if number >= FOLDERS:
            reason = f"more than {FOLDERS} folders; name one of them alone"
            yield Unreadable(scope="image", kind="cache", name="*", reason=reason)
            return
        folder = Folder(path, tuple(folders), tuple(names))
        for cache in CACHES:
            yield from cache.collected(folder, files)
