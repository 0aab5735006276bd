"""`Files` over layers: what a container of the image would see, found name by name."""

from __future__ import annotations

import errno
import os
import posixpath
import time
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

from repro.errors import TargetError
from repro.layers.index import LINKS, Node
from repro.probe.files import LIMIT, Files

if TYPE_CHECKING:
    import re
    from collections.abc import Collection, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

ROOT: Final = Node("d")
Folder = tuple[str, list[str], list[str]]
"""A directory, the directories in it, the other names in it."""


class Layered(Protocol):
    """One layer, wherever it is; paths have no slash at either end, the root is the empty one."""

    def names(self, folder: str) -> Mapping[str, Node]:
        """Return what a directory of this layer holds; OSError where it cannot be read."""

    def hidden(self, folder: str) -> AbstractSet[str]:
        """Return the names that the layer takes away from that directory below."""

    def is_opaque(self, folder: str) -> bool:
        """Tell whether nothing of that directory below shows."""

    def piece(self, path: str, node: Node, offset: int, size: int) -> bytes:
        """Return a range of a file, which lies within it; OSError where it cannot be read."""

    def find(self, path: str, node: Node, pattern: re.Pattern[bytes], limit: int) -> bytes | None:
        """Return the first match in a file's first `limit` bytes; OSError where it has passed."""


class Place(NamedTuple):
    """Where a path leads: the real path below the root, what stands there, and in which layer."""

    path: str
    node: Node
    layer: int


class LayeredFiles(Files):
    """The merged view of layers, bottom first: overlayfs as the OCI layer specification has it.

    `touched` collects the layers whose contents were read, until someone empties it.
    """

    def __init__(self, layers: Sequence[Layered]) -> None:
        self.layers = layers
        self._stacks: dict[str, tuple[int, ...]] = {}
        self.touched: set[int] = set()
        self._until = float("inf")
        self._seconds = 0.0

    def limit(self, seconds: float) -> None:
        """Let everything be read within so much time; TargetError after it."""
        self._seconds, self._until = seconds, time.monotonic() + seconds

    def read(self, path: str, limit: int = LIMIT) -> bytes:
        """Return the whole content of a regular file."""
        place = self._file(path)
        if place.node.size > limit:
            raise OSError(errno.EFBIG, f"larger than {limit} bytes", path)
        return self._bytes(place, 0, place.node.size)

    def part(self, path: str, offset: int, size: int) -> bytes:
        """Return at most `size` bytes from `offset`."""
        place = self._file(path)
        return self._bytes(place, offset, max(0, min(size, place.node.size - offset)))

    def find(self, path: str, pattern: re.Pattern[bytes], limit: int = LIMIT) -> bytes | None:
        """Return the first match of a pattern within `limit` bytes, None where there is none."""
        place = self._file(path)
        self._touch(place.layer)
        return self.layers[place.layer].find(place.path, place.node, pattern, limit)

    def list(self, path: str) -> list[str]:
        """Return the sorted names in a directory."""
        place = self._place(path)
        if place.node.kind != "d":
            raise OSError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path)
        return sorted(self._names(place.path))

    def size(self, path: str) -> int:
        """Bytes of a file."""
        return self._place(path).node.size

    def exists(self, path: str) -> bool:
        """Tell whether the path leads to something."""
        return self._kind(path) is not None

    def is_file(self, path: str) -> bool:
        """Tell whether it leads to a regular file."""
        return self._kind(path) == "f"

    def is_dir(self, path: str) -> bool:
        """Tell whether it leads to a directory."""
        return self._kind(path) == "d"

    def is_link(self, path: str) -> bool:
        """Tell whether the path itself is a symbolic link."""
        return self._kind(path, follow=False) == "l"

    def link(self, path: str) -> str:
        """Return the text of a symbolic link."""
        node = self._place(path, follow=False).node
        if node.kind != "l":
            raise OSError(errno.EINVAL, os.strerror(errno.EINVAL), path)
        return node.link

    def real(self, path: str) -> str:
        """Return the path with every link followed, as far as it leads anywhere."""
        try:
            return self._resolved(path, strict=False)
        except OSError:
            return posixpath.normpath(path)

    def walk(self, top: str, depth: int, skip: Collection[str] = ()) -> Iterator[Folder]:
        """Yield (folder, its folders, its other names), `depth` levels down."""
        try:
            place = self._place(top)
        except OSError:
            return
        if place.node.kind == "d":
            yield from self._walk(top, place.path, depth, skip)

    def copies(self, path: str) -> Iterator[tuple[int, Node]]:
        """Yield what layers have of a path without links, bottom first, also where it is hidden."""
        folder, name = _split(path)
        for number in sorted(self._stack(folder)):
            node = self.layers[number].names(folder).get(name)
            if node is not None:
                yield number, node

    def layer_of(self, path: str) -> int | None:
        """Return the layer that a path's content comes from, None where it leads nowhere."""
        try:
            return self._place(path).layer
        except OSError:
            return None

    def _walk(self, shown: str, path: str, depth: int, skip: Collection[str]) -> Iterator[Folder]:
        try:
            names = self._names(path)
        except OSError:  # As in a live file system: it is closed, and what is beside it is not.
            return
        folders = sorted(n for n, node in names.items() if node.kind == "d" and n not in skip)
        yield shown, folders, sorted(n for n, node in names.items() if node.kind != "d")
        for name in folders if depth > 0 else ():
            yield from self._walk(posixpath.join(shown, name), _join(path, name), depth - 1, skip)

    def _file(self, path: str) -> Place:
        place = self._place(path)
        if place.node.kind == "h":
            place = self._shared(place, path)
        if place.node.kind != "f":
            raise OSError(errno.EINVAL, "not a regular file", path)
        return place

    def _shared(self, place: Place, path: str) -> Place:
        """Follow a hard link to a file of another layer."""
        for _ in range(LINKS):
            found = self._look(*_split(place.node.link))
            if found is None:
                break
            place = Place(place.node.link, found[1], found[0])
            if place.node.kind != "h":
                return place
        raise OSError(errno.EIO, "a hard link to a file that is in no layer", path)

    def _touch(self, layer: int) -> None:
        self._hurry()
        self.touched.add(layer)

    def _hurry(self) -> None:
        if time.monotonic() > self._until:
            raise TargetError(
                f"its files took longer than the {self._seconds:.0f} seconds of --timeout",
                advice="Give it more time, if it is a very large image.",
            )

    def _bytes(self, place: Place, offset: int, size: int) -> bytes:
        self._touch(place.layer)
        return self.layers[place.layer].piece(place.path, place.node, offset, size)

    def _kind(self, path: str, *, follow: bool = True) -> str | None:
        try:
            kind = self._place(path, follow=follow).node.kind
        except OSError:
            return None
        return "f" if kind == "h" else kind

    def _place(self, path: str, *, follow: bool = True) -> Place:
        real = self._resolved(path, follow=follow).lstrip("/")
        if not real:
            return Place("", ROOT, self._stack("")[0] if self.layers else 0)
        found = self._look(*_split(real))
        if found is None:
            raise OSError(errno.ENOENT, os.strerror(errno.ENOENT), path)
        return Place(real, found[1], found[0])

    def _resolved(self, path: str, *, follow: bool = True, strict: bool = True) -> str:
        """Follow links name by name; with `strict` everything but the last name has to be there."""
        parts, done, links = path.split("/")[::-1], "", 0
        while parts:
            part = parts.pop()
            if part in ("", "."):
                continue
            if part == "..":
                done = posixpath.dirname(done)
                continue
            found = self._look(done, part)
            kind = found[1].kind if found else None
            if found and kind == "l" and (parts or follow):
                links += 1
                if links > LINKS:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                parts += found[1].link.split("/")[::-1]
                done = "" if found[1].link.startswith("/") else done
                continue
            if strict and parts and kind != "d":
                code = errno.ENOTDIR if found else errno.ENOENT
                raise OSError(code, os.strerror(code), path)
            done = _join(done, part)
        return f"/{done}"

    def _look(self, folder: str, name: str) -> tuple[int, Node] | None:
        self._hurry()
        for number in self._stack(folder):
            node = self.layers[number].names(folder).get(name)
            if node is not None:
                return number, node
            if name in self.layers[number].hidden(folder):
                return None
        return None

    def _names(self, folder: str) -> Mapping[str, Node]:
        stack = self._stack(folder)
        if len(stack) == 1:  # A copy of a large directory is as large.
            return self.layers[stack[0]].names(folder)
        names: dict[str, Node] = {}
        hidden: set[str] = set()
        for number in stack:
            for name, node in self.layers[number].names(folder).items():
                if name not in hidden:
                    names.setdefault(name, node)
            hidden |= self.layers[number].hidden(folder)
        return names

    def _stack(self, folder: str) -> tuple[int, ...]:
        """Return the layers that a directory consists of, top first; none where it is none."""
        stack = self._stacks.get(folder)
        if stack is None:
            if not self._climb(folder):
                return ()
            stack = self._stacks[folder] = tuple(self._stacked(folder))
        return stack

    def _climb(self, folder: str) -> bool:
        """Look at the directories above first, so that none is too deep; tell whether all are."""
        if not folder or _split(folder)[0] in self._stacks:
            return True
        ends = (at for at, letter in enumerate(folder) if letter == "/")
        return all(self._stack(folder[:end]) for end in (0, *ends))

    def _stacked(self, folder: str) -> Iterator[int]:
        parent, name = _split(folder)
        above = self._stack(parent) if folder else range(len(self.layers) - 1, -1, -1)
        for number in above:
            layer = self.layers[number]
            node = layer.names(parent).get(name) if folder else ROOT
            if node is not None:
                if node.kind != "d":
                    return
                yield number
                if layer.is_opaque(folder):
                    return
            if folder and name in layer.hidden(parent):
                return


def _split(path: str) -> tuple[str, str]:
    folder, _, name = path.rpartition("/")
    return folder, name


def _join(folder: str, name: str) -> str:
    return f"{folder}/{name}" if folder else name
