"""A layer, or a whole file system, that lies unpacked in a directory of this machine."""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final

from repro.errors import TargetError
from repro.layers.index import Node
from repro.probe import files
from repro.probe.files import CHUNK

if TYPE_CHECKING:
    import re
    from collections.abc import Iterator
    from collections.abc import Set as AbstractSet
    from pathlib import Path

OPAQUE: Final = ("trusted.overlay.opaque", "user.overlay.opaque")
"""Attributes of a directory that hides what is below it (Linux, overlayfs.rst)."""
ENTRIES: Final = 500_000
"""Names that are looked at, in all directories together; a large image has 200,000."""
FLAGS: Final = os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW | os.O_CLOEXEC
FOLDER: Final = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC
scan: Any = files.scan


class Looked:
    """How many names were looked at, of all layers of an image."""

    names = 0


class DiskLayer:
    """A directory as a layer; with `overlay` its whiteouts are overlayfs's character devices.

    Links are never followed here: what they lead to is for the merged view to find, inside it.
    """

    def __init__(self, root: Path, *, overlay: bool = False, looked: Looked | None = None) -> None:
        self._root = root
        self._overlay = overlay
        self._looked = looked or Looked()
        self._names: dict[str, dict[str, Node]] = {}
        self._hidden: dict[str, set[str]] = {}

    def names(self, folder: str) -> dict[str, Node]:
        """Return what a directory holds; OSError where it cannot be read."""
        if folder not in self._names:
            self._scan(folder)
        return self._names[folder]

    def hidden(self, folder: str) -> AbstractSet[str]:
        """Return the names of whiteouts in a directory."""
        if folder not in self._names:
            self._scan(folder)
        return self._hidden.get(folder, frozenset())

    def is_opaque(self, folder: str) -> bool:
        """Tell whether a directory has the attribute that hides what is below."""
        return self._overlay and any(map(self._attribute(folder).__contains__, OPAQUE))

    def piece(self, path: str, node: Node, offset: int, size: int) -> bytes:
        """Return a range of a file."""
        del node
        with self._opened(path) as descriptor:
            return os.pread(descriptor, size, offset)

    def find(self, path: str, node: Node, pattern: re.Pattern[bytes], limit: int) -> bytes | None:
        """Return the first match in a file, None where there is none."""
        del node
        with self._opened(path) as descriptor:
            pieces = iter(lambda: os.read(descriptor, CHUNK), b"")
            found: bytes | None = scan(pieces, pattern, limit)
        return found

    @contextmanager
    def _opened(self, path: str) -> Iterator[int]:
        """Open name by name: whoever writes there meanwhile may put links in the way.

        A link is NotADirectoryError, or OSError at the end.
        """
        descriptor = os.open(self._root, FOLDER)
        try:
            parts = path.split("/") if path else []
            for number, part in enumerate(parts, 1):
                flags = FLAGS if number == len(parts) else FOLDER | os.O_NOFOLLOW
                inner = os.open(part, flags, dir_fd=descriptor)
                os.close(descriptor)
                descriptor = inner
            yield descriptor
        finally:
            os.close(descriptor)

    def _scan(self, folder: str) -> None:
        names, hidden = {}, set()
        try:
            with self._opened(folder) as place, os.scandir(place) as entries:
                for entry in entries:
                    self._count()
                    status = entry.stat(follow_symlinks=False)
                    if self._overlay and stat.S_ISCHR(status.st_mode) and status.st_rdev == 0:
                        hidden.add(entry.name)
                    else:
                        names[entry.name] = _node(entry, status, place)
        except (FileNotFoundError, NotADirectoryError):
            names = {}
        self._names[folder], self._hidden[folder] = names, hidden

    def _count(self) -> None:
        self._looked.names += 1
        if self._looked.names > ENTRIES:
            raise TargetError(
                f"more than {ENTRIES} files lie where packages and models are looked for",
                advice="No image has as many: name the folder that is a root file system.",
            )

    def _attribute(self, folder: str) -> frozenset[str]:
        try:
            return frozenset(os.listxattr(self._root / folder, follow_symlinks=False))
        except OSError:
            return frozenset()


def _node(entry: os.DirEntry[str], status: os.stat_result, place: int) -> Node:
    if stat.S_ISREG(status.st_mode):
        return Node("f", status.st_size)
    if stat.S_ISDIR(status.st_mode):
        return Node("d")
    if stat.S_ISLNK(status.st_mode):
        return Node("l", link=os.readlink(entry.name, dir_fd=place))
    return Node("o")
