"""A file system under a folder that behaves as a target's root: links resolve inside it."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repro.probe import files as probe_files

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

Files: Any = probe_files.Files
LOOP = 40
"""Links that one path may lead through, as Linux has it (path_resolution(7))."""


class Rooted(Files):  # type: ignore[misc]  # The probe has no annotations.
    """Files under `root`; paths in `denied` answer as they would to a user without rights."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.denied: set[str] = set()

    def put(self, path: str, content: bytes | str = b"") -> Path:
        """Write a file and its folders."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def put_link(self, path: str, target: str) -> None:
        """Make a symbolic link, absolute ones as seen from inside."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def put_fifo(self, path: str) -> None:
        """Make a FIFO, on which an open for reading waits for ever."""
        place = self.root / path.lstrip("/")
        place.parent.mkdir(parents=True, exist_ok=True)
        os.mkfifo(place)

    def _open(self, path: str) -> Any:
        return super()._open(self._at(path))

    def list(self, path: str) -> Any:
        return super().list(self._at(path))

    def size(self, path: str) -> int:
        return Path(self._at(path)).stat().st_size

    def exists(self, path: str) -> bool:
        return self._asked(path, os.path.lexists)

    def is_file(self, path: str) -> bool:
        return self._asked(path, os.path.isfile)

    def is_dir(self, path: str) -> bool:
        return self._asked(path, os.path.isdir)

    def is_link(self, path: str) -> bool:
        return self._asked(path, os.path.islink, follow=False)

    def link(self, path: str) -> str:
        return os.readlink(self._at(path, follow=False))  # noqa: PTH115 - pathlib rewrites it.

    def real(self, path: str) -> str:
        try:
            return self._resolved(path, follow=True)
        except OSError:
            return os.path.normpath(path)

    def walk(
        self, top: str, depth: int, skip: Iterable[str] = ()
    ) -> Iterator[tuple[str, Any, Any]]:
        try:
            place = self._at(top)
        except OSError:
            return
        for _, folders, names in super().walk(place, 0, skip):
            yield top, folders, names
            for name in folders if depth else ():
                yield from self.walk(f"{top.rstrip('/')}/{name}", depth - 1, skip)

    def _asked(self, path: str, question: Any, *, follow: bool = True) -> bool:
        try:
            return bool(question(self._at(path, follow=follow)))
        except OSError:
            return False

    def _at(self, path: str, *, follow: bool = True) -> str:
        inside = self._resolved(path, follow=follow)
        if any(inside == d or inside.startswith(d + "/") for d in self.denied):
            raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), path)
        return str(self.root) + inside

    def _resolved(self, path: str, *, follow: bool) -> str:
        parts, done, links = [p for p in path.split("/") if p], "", 0
        while parts:
            part = parts.pop(0)
            if part in (".", ".."):
                done = done.rpartition("/")[0] if part == ".." else done
                continue
            place = f"{self.root}{done}/{part}"
            if os.path.islink(place) and (parts or follow):  # noqa: PTH114 - strings throughout.
                links += 1
                if links > LOOP:
                    raise OSError(errno.ELOOP, os.strerror(errno.ELOOP), path)
                target = os.readlink(place)  # noqa: PTH115
                parts = [p for p in target.split("/") if p] + parts
                done = "" if target.startswith("/") else done
            else:
                done = f"{done}/{part}"
        return done or "/"
