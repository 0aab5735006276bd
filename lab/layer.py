"""Image layers made on the host, with nothing run in them: reproducible archives in a cache."""

from __future__ import annotations

import hashlib
import os
import shutil
import tarfile
import tempfile
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol

if TYPE_CHECKING:
    from collections.abc import Iterator

FORMAT: Final = 1
"""Raised when layers come out otherwise from the same recipe, so that no old one is used."""

EPOCH: Final = 1_700_000_000
"""Modification time of every file, in seconds: contents alone decide a layer's digest."""


class Layer(Protocol):
    """What one layer holds; its `repr` must tell everything that decides its contents."""

    def write(self, root: Path) -> None:
        """Fill an empty folder; raises LabError."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A layer's archive (uncompressed tar) with its diff ID."""

    path: Path
    digest: str


@dataclass(frozen=True, slots=True)
class Text:
    """A text file of a layer."""

    content: str
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Data:
    """A small binary file of a layer."""

    content: bytes
    mode: int = 0o644


@dataclass(frozen=True, slots=True)
class Link:
    """A symbolic link of a layer."""

    target: str


@dataclass(frozen=True, slots=True)
class Copy:
    """A file of the host, known by its contents' digest."""

    source: Path = field(repr=False)
    sha256: str
    mode: int = 0o644

    @classmethod
    def of(cls, source: Path, mode: int = 0o644) -> Copy:
        """Describe a file as it is now; raises OSError."""
        return cls(source, file_digest(source), mode)


@dataclass(frozen=True, slots=True)
class Files:
    """A layer of single files: pairs of a path below the root and what stands there."""

    entries: tuple[tuple[str, Text | Data | Link | Copy], ...]

    def write(self, root: Path) -> None:
        """Write each entry, with the folders above it."""
        for name, entry in self.entries:
            path = root / name.lstrip("/")
            path.parent.mkdir(parents=True, exist_ok=True)
            match entry:
                case Text(content, mode):
                    path.write_text(content, encoding="utf-8")
                    path.chmod(mode)
                case Data(data, mode):
                    path.write_bytes(data)
                    path.chmod(mode)
                case Link(target):
                    path.symlink_to(target)
                case Copy(source, _, mode):
                    shutil.copyfile(source, path)
                    path.chmod(mode)


@dataclass(frozen=True, slots=True)
class Raw:
    """A layer that is a tar already: for whiteouts, and for what no folder can hold."""

    content: bytes = field(repr=False)
    sha256: str

    @classmethod
    def of(cls, content: bytes) -> Raw:
        """Describe a tar."""
        return cls(content, hashlib.sha256(content).hexdigest())


def cache() -> Path:
    """Return the cache folder: $REPRO_LAB_CACHE, else repro-lab in the user's cache folder."""
    chosen = os.environ.get("REPRO_LAB_CACHE")
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(chosen) if chosen else Path(home) / "repro-lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def blob(layer: Layer | Raw) -> Blob:
    """Return a layer's archive, made now unless the cache has it; raises LabError."""
    key = hashlib.sha256(f"{FORMAT} {layer!r}".encode()).hexdigest()
    path = cache() / "layers" / f"{key}.tar"
    digest = path.with_suffix(".sha256")
    if not digest.exists():
        path.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=path.parent, prefix="new-") as folder:
            archive = Path(folder) / "tar"
            if isinstance(layer, Raw):
                archive.write_bytes(layer.content)
            else:
                root = Path(folder) / "root"
                root.mkdir()
                layer.write(root)
                pack(root, archive)
            text = Path(folder) / "sha256"
            text.write_text(file_digest(archive))
            archive.replace(path)
            text.replace(digest)  # Last: where the digest stands, the archive is whole.
    return Blob(path=path, digest=f"sha256:{digest.read_text()}")


def pack(root: Path, archive: Path) -> None:
    """Write a folder as a tar of sorted names, owned by root, of one modification time."""
    with tarfile.open(archive, "w", format=tarfile.PAX_FORMAT) as tar:
        for path in _walk(root):
            info = tar.gettarinfo(path, arcname=str(path.relative_to(root)))
            info.uid = info.gid = 0
            info.uname = info.gname = "root"
            info.mtime = EPOCH
            if info.isreg():
                with path.open("rb") as content:
                    tar.addfile(info, content)
            else:
                tar.addfile(info)


def file_digest(path: Path) -> str:
    """SHA-256 of a file in hex; raises OSError."""
    with path.open("rb") as content:
        return hashlib.file_digest(content, "sha256").hexdigest()


def _walk(root: Path) -> Iterator[Path]:
    for path in sorted(root.iterdir()):
        yield path
        if path.is_dir() and not path.is_symlink():
            yield from _walk(path)
