"""What one layer holds: its tree of names, what it hides of the layers below, and some content."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING, Final

import msgspec

from repro.errors import TargetError
from repro.layers.sparse import Map, malformed
from repro.layers.store import Kept

if TYPE_CHECKING:
    from repro.layers.tar import Entry

WHITEOUT: Final = ".wh."
OPAQUE: Final = ".wh..wh..opq"
META: Final = ".wh..wh."
"""Names that hide: OCI image specification, layer.md, "Whiteouts"; META is what aufs kept."""
MOST: Final = 500_000
"""Entries of one layer; a large image of a training framework has 200,000 in all."""
HEAVIEST: Final = 128 << 20
"""Bytes of names, links and maps of one layer; 200,000 real names have under 20 MiB."""
PIECE: Final = 128
"""Bytes that a piece of a sparse file's map is counted as: what two numbers take in memory."""
WORK: Final = 2 << 30
"""What following links may cost, by an estimate: at each name on the way the characters of the path
so far, which are copied, and STEP for all else. Some ten seconds; real layers come to 1 %."""
STEP: Final = 64
LINKS: Final = 40
"""Links that one path may lead through, as Linux has it (path_resolution(7))."""

Extent = tuple[int, Kept]
"""Bytes of a file, and where in it they begin."""


class Node(msgspec.Struct, array_like=True, gc=False, omit_defaults=True):
    """What one name stands for."""

    kind: str
    """`f`ile, `d`irectory, symbolic `l`ink, `h`ard link to another layer's file, `o`ther."""
    size: int = 0
    at: int = 0
    """Where the content begins in the layer's tar: one number a content, shared by hard links."""
    link: str = ""


class Layer(msgspec.Struct):
    """A layer's index. Paths have no slash at either end; the root is the empty one."""

    tree: dict[str, dict[str, Node]] = msgspec.field(default_factory=lambda: {"": {}})
    hidden: dict[str, set[str]] = {}
    """Names that this layer takes away from the directories below, by directory."""
    opaque: set[str] = set()
    """Directories of which nothing below shows."""
    sparse: dict[int, Map] = {}
    """Where the pieces of a sparse content belong, by its place."""
    content: dict[int, list[Extent]] = {}
    """What was kept of the contents, by their place."""
    found: dict[int, dict[str, bytes | None]] = {}
    """What a search of a content found, by its place and the pattern (as Latin-1)."""


class Builder:
    """Adds the entries of a tar to an index as an engine would unpack them, one after the other."""

    def __init__(self) -> None:
        self.layer = Layer()
        self._count = 0
        self._weight = 0
        self._work = 0

    def add(self, entry: Entry) -> str | None:
        """Take one entry in and return its path where it is a file; TargetError as for engines."""
        pieces = len(entry.sparse.pieces) if entry.sparse else 0
        self._weigh(len(entry.path) + len(entry.link) + PIECE * pieces)
        path = posixpath.normpath(entry.path).lstrip("/")
        if path == ".." or path.startswith("../"):
            raise malformed(f"a path that leads out of the image: {entry.path[:200]!r}")
        folder, _, name = path.rpartition("/")
        if path in (".", ""):
            return None
        folder = self._folder(folder)
        if name.startswith(WHITEOUT):
            self._hide(folder, name)
            return None
        self._put(folder, name, entry)
        return f"{folder}/{name}" if entry.kind == "f" else None

    def _weigh(self, size: int) -> None:
        """Count an entry, or a directory that a path implies, with what is kept of its names."""
        self._count += 1
        self._weight += size
        if self._count > MOST or self._weight > HEAVIEST:
            raise TargetError(
                f"a layer with more than {MOST} entries, or {HEAVIEST >> 20} MiB of their names",
                advice="No real image has as many.",
            )

    def _put(self, folder: str, name: str, entry: Entry) -> None:
        names = self.layer.tree[folder]
        path = f"{folder}/{name}" if folder else name
        old = names.get(name)
        if old is not None and old.kind == "d":
            if entry.kind == "d":
                return
            self._forget(path)
        if entry.kind == "d":
            self.layer.tree[path] = {}
            names[name] = Node("d")
        elif entry.kind == "h":
            names[name] = self._linked(entry.link)
        else:
            link = entry.link if entry.kind == "l" else ""
            names[name] = Node(entry.kind, entry.size, entry.at, link)
            if entry.sparse:
                self.layer.sparse[entry.at] = entry.sparse

    def _linked(self, target: str) -> Node:
        """Return what a hard link shares; a file of a layer below is found when layers meet."""
        path = posixpath.normpath(target).lstrip("/")
        if path == ".." or path.startswith("../"):
            raise malformed(f"a hard link that leads out of the image: {target[:200]!r}")
        folder, _, name = path.rpartition("/")
        found = self.layer.tree.get(folder, {}).get(name)
        return found if found and found.kind != "d" else Node("h", link=path)

    def _hide(self, folder: str, name: str) -> None:
        if name == OPAQUE:
            self.layer.opaque.add(folder)
        elif not name.startswith(META):
            target = name.removeprefix(WHITEOUT)
            if target in ("", ".", ".."):
                raise malformed(f"a whiteout of {target!r}")
            self.layer.hidden.setdefault(folder, set()).add(target)

    def _forget(self, path: str) -> None:
        """Drop a directory with all below it."""
        waiting = [path]
        while waiting:
            folder = waiting.pop()
            names = self.layer.tree.pop(folder, {})
            waiting += [f"{folder}/{name}" for name, node in names.items() if node.kind == "d"]

    def _folder(self, path: str) -> str:
        """Return the directory that a path leads to in this layer; make what is missing."""
        if path in self.layer.tree:
            return path
        done, parts, links = "", path.split("/")[::-1], 0
        while parts:
            part = parts.pop()
            self._work += STEP + len(done)
            if self._work > WORK:
                raise malformed("links that make the way to its files endless")
            node = self.layer.tree[done].get(part)
            if part in ("", ".", ".."):
                done = posixpath.dirname(done) if part == ".." else done
            elif node is not None and node.kind == "l":
                links += 1
                if links > LINKS:
                    raise malformed(f"links that lead in circles: {path[:200]!r}")
                parts += node.link.split("/")[::-1]
                done = "" if node.link.startswith("/") else done
            else:
                done = self._made(done, part, node)
        return done

    def _made(self, folder: str, name: str, node: Node | None) -> str:
        path = f"{folder}/{name}" if folder else name
        if node is None or node.kind != "d":
            if node is not None:
                raise malformed(f"a path below a file: {path[:200]!r}")
            self._weigh(len(path))
            self.layer.tree[folder][name] = Node("d")
            self.layer.tree[path] = {}
        return path
