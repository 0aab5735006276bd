"""Keeps the indexes of layers by their digests, so that no layer is read twice."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import struct
import tempfile
from contextlib import suppress
from itertools import chain
from pathlib import Path
from typing import Any, BinaryIO, Final

import msgspec
import platformdirs
import zstandard

from repro.layers.index import Layer
from repro.layers.store import Kept, Store

FORMAT: Final = "layers-2"
"""Folder of this version's files: another format has another folder."""
MOST: Final = 2 << 30
"""Bytes that the cache may take; the layers that were used last stay."""
LARGEST: Final = 1 << 30
"""Bytes that one entry may unpack to."""
SIZES: Final = struct.Struct(">QQ")
FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class Cache:
    """Indexes in a folder, one file a layer: whole or not there, whoever else writes.

    What cannot be read or written is as good as not there: a cache is never a reason to fail.
    """

    def __init__(self, folder: Path | None = None, *, most: int = MOST) -> None:
        self.folder = (folder or default()) / FORMAT
        self._most = most

    def get(self, key: str, store: Store | None = None) -> Layer | None:
        """Return a layer's index, its contents in `store`; None where there is none, or damaged."""
        try:
            with _opened(self._path(key)) as stream:
                return _read(stream, store or Store())
        except (OSError, ValueError, zstandard.ZstdError):
            return None

    def put(self, key: str, layer: Layer) -> None:
        """Keep a layer's index, and let go what was not used for longest."""
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as stream:
                    _write(stream, layer)
                Path(name).replace(self._path(key))
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._shrink()
        except OSError:
            return

    def clear(self) -> int:
        """Remove everything; return how many layers there were."""
        count = 0
        for _, _, path in self._entries():
            with suppress(OSError):  # A folder that somebody made.
                path.unlink()
                count += 1
        return count

    def _path(self, key: str) -> Path:
        return self.folder / hashlib.sha256(key.encode()).hexdigest()

    def _shrink(self) -> None:
        entries = self._entries()
        total = sum(size for _, size, _ in entries)
        for _, size, path in entries:
            if total <= self._most:
                return
            path.unlink(missing_ok=True)
            total -= size

    def _entries(self) -> list[tuple[float, int, Path]]:
        """List the files, those that were used longest ago first."""
        found = []
        for path in self.folder.iterdir() if self.folder.is_dir() else ():
            with suppress(OSError):  # Another process may have removed it.
                status = path.stat(follow_symlinks=False)
                found.append((status.st_mtime, status.st_size, path))
        return sorted(found)


def _opened(path: Path) -> BinaryIO:
    """Open an entry, and note that it was used; OSError for what is no entry."""
    stream = os.fdopen(os.open(path, FLAGS), "rb")
    status = os.fstat(stream.fileno())
    if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
        stream.close()
        raise OSError(errno.EINVAL, "no entry of the cache", str(path))
    os.utime(stream.fileno())
    return stream


def _write(stream: BinaryIO, layer: Layer) -> None:
    """Write a digest, then packed: the sizes of index and contents, and these."""
    contents: list[Kept] = []
    index = _encoded(layer, contents)
    sizes = SIZES.pack(len(index), sum(map(len, contents)))
    hashed = hashlib.sha256()
    stream.seek(hashed.digest_size)
    packer: Any = zstandard.ZstdCompressor(level=1).stream_writer(stream, closefd=False)
    with packer:
        for piece in chain([sizes, index], *(kept.pieces() for kept in contents)):
            hashed.update(piece)
            packer.write(piece)
    stream.seek(0)
    stream.write(hashed.digest())


def _read(stream: BinaryIO, store: Store) -> Layer:
    """Read what was written; ValueError and ZstdError where it is damaged."""
    digest, hashed = stream.read(hashlib.sha256().digest_size), hashlib.sha256()
    with zstandard.ZstdDecompressor().stream_reader(stream, closefd=False) as unpacked:

        def read(size: int) -> bytes:
            piece = unpacked.read(size)
            hashed.update(piece)
            return piece

        sizes = read(SIZES.size)
        index, contents = SIZES.unpack(sizes) if len(sizes) == SIZES.size else (0, 0)
        if index + contents > LARGEST:
            raise ValueError("an entry that is too large")
        body = read(index)
        kept = store.take(read, contents)
    if hashed.digest() != digest:
        raise ValueError("a damaged entry")
    return _decoded(body, kept)


def _encoded(layer: Layer, contents: list[Kept]) -> bytes:
    """Encode an index, and list the contents in the order of their places.

    Names that are not UTF-8 are no MessagePack, but JSON has escapes.
    """
    end = 0

    def place(kept: Any) -> tuple[int, int]:
        nonlocal end
        contents.append(kept)
        at, end = end, end + len(kept)
        return at, len(kept)

    try:
        return msgspec.msgpack.encode(layer, enc_hook=place)
    except UnicodeEncodeError:
        contents.clear()
        end = 0
        return json.dumps(msgspec.to_builtins(layer, str_keys=True, enc_hook=place)).encode("ascii")


def _decoded(body: bytes, contents: Kept) -> Layer:
    def part(_: type, place: Any) -> Kept:
        at, size = place
        return contents.within(at, size)

    if body.startswith(b"{"):
        found = json.loads(body)
        return msgspec.convert(found, Layer, strict=False, str_keys=True, dec_hook=part)
    return msgspec.msgpack.decode(body, type=Layer, dec_hook=part)


def default() -> Path:
    """Return the folder: $REPRO_CACHE_DIR, else `repro` where the platform keeps caches."""
    chosen = os.environ.get("REPRO_CACHE_DIR")
    return Path(chosen) if chosen else platformdirs.user_cache_path("repro")
