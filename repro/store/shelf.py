"""What every place for manifests can do, and how the manifests in it are read."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from repro.errors import ManifestError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Manifest
    from repro.manifest.pool import Pool

SUFFIX: Final = ".json"
HIDDEN: Final = re.compile(r"(?:^|/)\.")
"""A file that is being written has such a name."""


class Found(NamedTuple):
    """A manifest of a store, or why there is none."""

    place: str
    manifest: Manifest | None
    reason: str = ""


class Store(Protocol):
    """A place from which manifests are read; ReproError where it cannot be looked at at all."""

    def read(self, pool: Pool) -> Iterator[Found]:
        """Yield what is there, by place; what cannot be read is told of, too."""


class Shelf(Protocol):
    """A place for files, named by paths with `/` below it."""

    def names(self) -> list[str]:
        """List all files; ReproError where that is not possible."""

    def content(self, name: str) -> bytes:
        """Read one; ManifestError where it cannot be read, or is too large for a manifest."""

    def put(self, name: str, data: bytes) -> bool:
        """Write one so that nobody sees half of it; False where it is there already."""


class Files:
    """The manifests of a shelf."""

    def __init__(self, shelf: Shelf) -> None:
        self._shelf = shelf

    def read(self, pool: Pool) -> Iterator[Found]:
        """Yield what the JSON files hold; ReproError where they cannot be listed."""
        for name in sorted(self._shelf.names()):
            if name.endswith(SUFFIX) and not HIDDEN.search(name):
                yield self._one(name, pool)

    def _one(self, name: str, pool: Pool) -> Found:
        try:
            return Found(name, pool.decode(self._shelf.content(name), name=name))
        except ManifestError as error:
            return Found(name, None, error.message.removeprefix(f"{name}: "))
