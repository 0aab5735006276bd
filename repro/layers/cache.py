"""Keeps the indexes of layers by their digests, so that no layer is read twice."""

from __future__ import annotations

import errno
import hashlib
import json
import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Final

import msgspec
import platformdirs
import zstandard

from repro.layers.index import Layer

FORMAT: Final = "layers-1"
"""Folder of this version's files: another format has another folder."""
MOST: Final = 2 << 30
"""Bytes that the cache may take; the layers that were used last stay."""
LARGEST: Final = 1 << 30
"""Bytes that one entry may unpack to."""
DIGEST: Final = 32
FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC

ENCODER: Final = msgspec.msgpack.Encoder()
DECODER: Final = msgspec.msgpack.Decoder(Layer)


class Cache:
    """Indexes in a folder, one file a layer: whole or not there, whoever else writes.

    What cannot be read or written is as good as not there: a cache is never a reason to fail.
    """

    def __init__(self, folder: Path | None = None, *, most: int = MOST) -> None:
        self.folder = (folder or default()) / FORMAT
        self._most = most

    def get(self, key: str) -> Layer | None:
        """Return a layer's index; None where there is none, or a damaged one."""
        try:
            data = _read(self._path(key))
        except OSError:
            return None
        if hashlib.sha256(data[DIGEST:]).digest() != data[:DIGEST]:
            return None
        try:
            return _decoded(
                zstandard.ZstdDecompressor().decompress(data[DIGEST:], max_output_size=LARGEST)
            )
        except (ValueError, zstandard.ZstdError):
            return None

    def put(self, key: str, layer: Layer) -> None:
        """Keep a layer's index, and let go what was not used for longest."""
        body = zstandard.ZstdCompressor(level=1).compress(_encoded(layer))
        try:
            self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=".new-")
            try:
                with os.fdopen(handle, "wb") as stream:
                    stream.write(hashlib.sha256(body).digest() + body)
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


def _read(path: Path) -> bytes:
    """Return the bytes of an entry, and note that it was used; OSError for what is no entry."""
    with os.fdopen(os.open(path, FLAGS), "rb") as stream:
        status = os.fstat(stream.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_size > LARGEST:
            raise OSError(errno.EINVAL, "no entry of the cache", str(path))
        os.utime(stream.fileno())
        return stream.read()


def _encoded(layer: Layer) -> bytes:
    """Encode an index; names that are not UTF-8 are no MessagePack, but JSON has escapes."""
    try:
        return ENCODER.encode(layer)
    except UnicodeEncodeError:
        return json.dumps(msgspec.to_builtins(layer, str_keys=True)).encode("ascii")


def _decoded(body: bytes) -> Layer:
    if body.startswith(b"{"):
        return msgspec.convert(json.loads(body), Layer, strict=False, str_keys=True)
    return DECODER.decode(body)


def default() -> Path:
    """Return the folder: $REPRO_CACHE_DIR, else `repro` where the platform keeps caches."""
    chosen = os.environ.get("REPRO_CACHE_DIR")
    return Path(chosen) if chosen else platformdirs.user_cache_path("repro")
