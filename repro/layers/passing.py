"""A folder that an engine sends as a tar: it goes by once, and only what is small is kept of it."""

from __future__ import annotations

import errno
import posixpath
import time
from typing import TYPE_CHECKING, Final, Protocol

from repro.errors import TargetError
from repro.layers.index import Builder, Node
from repro.layers.tar import Tar, cut

if TYPE_CHECKING:
    import re
    from collections.abc import Iterable, Iterator, Mapping
    from collections.abc import Set as AbstractSet

    from repro.layers.tar import Entry

SMALL: Final = 32 << 20
"""Bytes of a file that is kept whole: the limit of one read (repro/probe/files.py)."""
HEAD: Final = 1 << 20
"""First bytes that are kept of a larger one: weights say at their beginning what they are."""
KEPT: Final = 512 << 20
"""Bytes that are kept in all."""
CHUNK: Final = 1 << 20


class Incoming(Protocol):
    """What an engine sends."""

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end alone."""


class _Hurried:
    """A stream as a tar's source, which has to end in time."""

    def __init__(self, stream: Incoming, seconds: float) -> None:
        self._stream, self._seconds = stream, seconds
        self._until = time.monotonic() + seconds

    def read(self, size: int) -> bytes:
        if time.monotonic() > self._until:
            raise TargetError(
                f"what the engine sent took longer than the {self._seconds:.0f} s of --timeout",
                advice="Give it more time, or read it where it lies: volume:/PATH",
            )
        return self._stream.read(size)

    def skip(self, size: int) -> None:
        while size > 0:
            piece = self.read(min(size, CHUNK))
            if not piece:
                raise cut()
            size -= len(piece)


def _below(entries: Iterable[Entry], top: str) -> Iterator[Entry]:
    """Name entries from the folder that was asked for: Docker puts its name first, Podman none."""
    before = None
    for entry in entries:
        path = posixpath.normpath(entry.path.lstrip("/"))
        if before is None and path in (".", top):
            before = "" if path == "." else f"{top}/"
            continue
        if before is None or not path.startswith(before):
            raise TargetError(f"the engine sent {path[:200]!r}, which lies outside {top}")
        link = entry.link.removeprefix(before) if entry.kind == "h" else entry.link
        yield entry._replace(path=path.removeprefix(before), link=link)


class PassedLayer:
    """What a tar held below one folder, as a layer.

    TargetError for what is no tar, ends early, takes too long or lies elsewhere.
    """

    def __init__(self, stream: Incoming, top: str, seconds: float) -> None:
        builder, left = Builder(), KEPT
        tar = Tar(_Hurried(stream, seconds))
        self._content: dict[int, bytes] = {}
        for entry in _below(tar, top):
            if builder.add(entry) is None or entry.sparse is not None:
                continue
            size = min(entry.size if entry.size <= SMALL else HEAD, left)
            self._content[entry.at] = tar.content(size)
            left -= size
        self._layer = builder.layer

    def names(self, folder: str) -> Mapping[str, Node]:
        """Return what a directory holds."""
        return self._layer.tree.get(folder, {})

    def hidden(self, folder: str) -> AbstractSet[str]:
        """Return nothing: there is no layer below."""
        del folder
        return frozenset()

    def is_opaque(self, folder: str) -> bool:
        """Hide nothing, as above."""
        del folder
        return False

    def piece(self, path: str, node: Node, offset: int, size: int) -> bytes:
        """Return a range of a file; OSError where it was not kept."""
        kept = self._kept(path, node)
        if offset + size > len(kept):
            raise OSError(errno.EFBIG, f"of {node.size} bytes {len(kept)} were kept", path)
        return kept[offset : offset + size]

    def find(self, path: str, node: Node, pattern: re.Pattern[bytes], limit: int) -> bytes | None:
        """Return the first match in a file; OSError where it was not kept whole."""
        kept = self._kept(path, node)
        if len(kept) < min(node.size, limit):
            raise OSError(errno.EFBIG, f"of {node.size} bytes {len(kept)} were kept", path)
        found = pattern.search(kept[:limit])
        return found[0] if found else None

    def _kept(self, path: str, node: Node) -> bytes:
        if node.at not in self._content:
            raise OSError(errno.EFBIG, "it was not kept", path)
        return self._content[node.at]
