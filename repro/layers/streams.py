"""Parts of files and of passing tars, as streams; and streams and files, as sources of a tar."""

from __future__ import annotations

import io
import os
from typing import TYPE_CHECKING, BinaryIO, Final

from repro.errors import TargetError
from repro.layers.tar import cut

if TYPE_CHECKING:
    from repro.layers.tar import Tar

PIECE: Final = 1 << 20
"""Bytes that are read at a time."""


class Region(io.RawIOBase):
    """A part of a file; `fd` is closed with it."""

    def __init__(self, fd: int, at: int, size: int) -> None:
        self._fd, self._start, self._at, self._end = fd, at, at, at + size

    @property
    def size(self) -> int:
        """Bytes of it."""
        return self._end - self._start

    @property
    def place(self) -> str:
        """What tells its bytes from any others without reading them."""
        status = os.fstat(self._fd)
        times = (status.st_mtime_ns, status.st_ctime_ns)
        return ":".join(map(str, (status.st_dev, status.st_ino, *times, self._start, self._end)))

    @property
    def written(self) -> tuple[int, int]:
        """What changes when somebody writes to the file."""
        status = os.fstat(self._fd)
        return status.st_mtime_ns, status.st_size

    def readable(self) -> bool:
        """Return True."""
        return True

    def seekable(self) -> bool:
        """Return True."""
        return True

    def seek(self, offset: int, whence: int = os.SEEK_SET) -> int:
        """Go to another place in it."""
        base = {os.SEEK_SET: self._start, os.SEEK_CUR: self._at, os.SEEK_END: self._end}[whence]
        self._at = min(max(base + offset, self._start), self._end)
        return self._at - self._start

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; TargetError where the file has become shorter."""
        view = memoryview(buffer)[: self._end - self._at]
        try:
            count = os.preadv(self._fd, [view], self._at) if view else 0
        except OSError as error:
            raise unreadable(error) from error
        if view and not count:
            raise cut()
        self._at += count
        return count

    def close(self) -> None:
        """Close the file."""
        if not self.closed:
            os.close(self._fd)
        super().close()


class Passing(io.RawIOBase):
    """The content of the member at which a tar stands; closes what it is read from, if given."""

    def __init__(self, tar: Tar, below: BinaryIO | None = None) -> None:
        self._tar, self._below = tar, below

    def readable(self) -> bool:
        """Return True."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Fill a buffer; TargetError where the tar ends early."""
        data = self._tar.content(min(len(buffer), PIECE))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        """Close what is below."""
        if self._below is not None:
            self._below.close()
        super().close()


class File:
    """A tar's source that skips what nobody reads."""

    def __init__(self, fd: int, size: int) -> None:
        self._fd, self._size, self._at = fd, size, 0

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end alone."""
        try:
            data = os.pread(self._fd, size, self._at)
        except OSError as error:
            raise unreadable(error) from error
        self._at += len(data)
        return data

    def skip(self, size: int) -> None:
        """Leave bytes out; TargetError where there are not as many."""
        self._at += size
        if self._at > self._size:
            raise cut()


class Live:
    """A tar's source that gives what comes, in whatever pieces."""

    def __init__(self, stream: BinaryIO) -> None:
        self._stream = stream

    def read(self, size: int) -> bytes:
        """Return `size` bytes, or fewer at the end alone."""
        pieces = []
        while size > 0 and (piece := self._stream.read(size)):
            pieces.append(piece)
            size -= len(piece)
        return b"".join(pieces)

    def skip(self, size: int) -> None:
        """Read past bytes; TargetError where there are not as many."""
        while size > 0:
            data = self._stream.read(min(size, PIECE))
            if not data:
                raise cut()
            size -= len(data)


def content(tar: Tar, below: BinaryIO | None = None) -> io.BufferedReader:
    """Return the content of the member at which a tar stands, as a stream."""
    return io.BufferedReader(Passing(tar, below), PIECE)


def unreadable(error: OSError) -> TargetError:
    """Describe a disk that fails."""
    return TargetError(f"a layer cannot be read: {error.strerror}", advice="Look after the disk.")


def region(fd: int, at: int, size: int) -> io.BufferedReader:
    """Return a part of a file as a stream with a descriptor of its own."""
    try:
        return io.BufferedReader(Region(os.dup(fd), at, size), PIECE)
    except OSError as error:  # Too many open files.
        raise unreadable(error) from error
