"""One folder of a volume, and the identity of what lies below it."""

from __future__ import annotations

import hashlib
import posixpath
from typing import TYPE_CHECKING, Final, NamedTuple, Protocol

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

DEPTH: Final = 8
"""Levels below a folder whose files make its identity."""
CONTENT: Final = 32 << 20
"""Bytes up to which contents are hashed; of more, names and sizes alone."""


Walked = tuple[str, list[str], list[str]]
"""A folder, the folders in it, the other names in it."""


class Files(Protocol):
    """What is asked of the view of a file system; `repro.probe.files` says what each means."""

    def read(self, path: str, limit: int = ...) -> bytes:
        """Return the content of a file."""

    def part(self, path: str, offset: int, size: int) -> bytes:
        """Return a range of a file."""

    def list(self, path: str) -> list[str]:
        """Return the names in a folder."""

    def size(self, path: str) -> int:
        """Return the bytes of a file."""

    def is_file(self, path: str) -> bool:
        """Tell whether a path leads to a regular file."""

    def is_dir(self, path: str) -> bool:
        """Tell whether a path leads to a folder."""

    def is_link(self, path: str) -> bool:
        """Tell whether a path is a symbolic link."""

    def walk(self, top: str, depth: int, skip: Collection[str] = ...) -> Iterator[Walked]:
        """Yield folders with what they hold; links are not followed."""


class Folder(NamedTuple):
    """A folder with the names in it."""

    path: str
    folders: tuple[str, ...]
    names: tuple[str, ...]

    @property
    def name(self) -> str:
        """Its own name."""
        return posixpath.basename(self.path)

    def inside(self, name: str) -> str:
        """Return the path of something in it."""
        return posixpath.join(self.path, name)


class Identity(NamedTuple):
    """What a file, or all files below a folder, amount to."""

    digest: str
    """`sha256:…` of a file's bytes, else of names with contents or sizes."""
    by: str
    """`content` or `sizes`."""
    files: int


def of_file(files: Files, path: str) -> Identity:
    """Identify a file; OSError where it cannot be read."""
    size = files.size(path)
    if size > CONTENT:
        return Identity(_digest([f"{size}"]), "sizes", 1)
    return Identity("sha256:" + hashlib.sha256(files.read(path)).hexdigest(), "content", 1)


def of_folder(files: Files, path: str) -> Identity:
    """Identify what lies below a folder, links left out; OSError where it cannot be read."""
    found = [(name, files.size(name)) for name in _below(files, path)]
    small = sum(size for _, size in found) <= CONTENT
    lines = [
        f"{name.removeprefix(path)} {of_file(files, name).digest if small else size}"
        for name, size in found
    ]
    return Identity(_digest(lines), "content" if small else "sizes", len(found))


def _below(files: Files, path: str) -> Iterator[str]:
    for folder, _, names in files.walk(path, DEPTH):
        for name in names:
            inner = posixpath.join(folder, name)
            if not files.is_link(inner) and files.is_file(inner):
                yield inner


def _digest(lines: list[str]) -> str:
    text = "\n".join(lines).encode("utf-8", "surrogateescape")
    return "sha256:" + hashlib.sha256(text).hexdigest()
