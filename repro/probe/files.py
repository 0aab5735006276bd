"""`Files`: the one view that collectors have of a target's file system."""

import errno
import fnmatch
import os
import stat as modes

LIMIT = 32 << 20
"""Bytes that one read returns at most; a larger file is refused, never cut."""

CHUNK = 4 << 20
"""Bytes of one read while a file is scanned."""

MATCH = 256
"""Bytes of the longest match that a scan is sure to find."""


class Files:
    """A live file system. Paths are absolute; OSError says why a path could not be read."""

    def read(self, path, limit=LIMIT):
        """The whole content of a regular file; pipes and devices are refused: they may block."""
        descriptor = self._open(path)
        try:
            pieces, total = [], 0
            # One byte more than there is, so that one read sees the end; /proc says a size of 0.
            step = max(4096, min(os.fstat(descriptor).st_size, limit) + 1)
            while total <= limit:
                piece = os.read(descriptor, step)
                if not piece:
                    return b"".join(pieces)
                pieces.append(piece)
                total += len(piece)
        finally:
            os.close(descriptor)
        raise OSError(errno.EFBIG, "larger than %d bytes" % limit, path)

    def text(self, path, limit=LIMIT):
        """The content as text; bytes that are not UTF-8 become backslash escapes."""
        return self.read(path, limit).decode("utf-8", "backslashreplace")

    def part(self, path, offset, size):
        """At most `size` bytes from `offset`: headers of large files."""
        descriptor = self._open(path)
        try:
            return os.pread(descriptor, size, offset)
        finally:
            os.close(descriptor)

    def find(self, path, pattern, limit=LIMIT):
        """The first match of a pattern of bytes within `limit` bytes, or None; see `scan`."""
        descriptor = self._open(path)
        try:
            return scan(iter(lambda: os.read(descriptor, CHUNK), b""), pattern, limit)
        finally:
            os.close(descriptor)

    def _open(self, path):
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        if not modes.S_ISREG(os.fstat(descriptor).st_mode):
            os.close(descriptor)
            raise OSError(errno.EINVAL, "not a regular file", path)
        return descriptor

    def list(self, path):
        """Sorted names in a directory."""
        return sorted(os.listdir(path))

    def size(self, path):
        """Bytes of a file."""
        return os.stat(path).st_size

    def exists(self, path):
        """Whether the path leads to something; False also where that cannot be seen."""
        return os.path.exists(path)

    def is_file(self, path):
        return os.path.isfile(path)

    def is_dir(self, path):
        return os.path.isdir(path)

    def is_link(self, path):
        return os.path.islink(path)

    def link(self, path):
        """The text of a symbolic link."""
        return os.readlink(path)

    def real(self, path):
        """The path with every link followed."""
        return os.path.realpath(path)

    def names(self, path):
        """Names in a directory, none where it is not there; PermissionError passes."""
        try:
            return self.list(path)
        except (FileNotFoundError, NotADirectoryError):
            return []

    def walk(self, top, depth, skip=()):
        """Yield (folder, its folders, its other names), `depth` levels down, links not followed."""
        try:
            entries = sorted(os.scandir(top), key=lambda entry: entry.name)
        except OSError:
            return
        folders = [e.name for e in entries if e.is_dir(follow_symlinks=False)]
        others = [e.name for e in entries if not e.is_dir(follow_symlinks=False)]
        folders = [name for name in folders if name not in skip]
        yield top, folders, others
        if depth > 0:
            for name in folders:
                for found in self.walk(os.path.join(top, name), depth - 1, skip):
                    yield found


def scan(pieces, pattern, limit):
    """The first match of a compiled pattern of bytes in a stream of pieces, or None.

    It is looked for in the first `limit` bytes, and found across the pieces' ends where it has at
    most MATCH bytes; no more than that and one piece is kept.
    """
    tail, left = b"", limit
    for piece in pieces:
        data, left = tail + piece[:left], left - len(piece)
        match = pattern.search(data)
        # A match that touches the end may go on in the next piece.
        if match and (match.end() < len(data) or left <= 0):
            return match.group()[:MATCH]
        if left <= 0:
            return None
        tail = data[-2 * MATCH :]
    match = pattern.search(tail)
    return match.group()[:MATCH] if match else None


def expand(files, pattern):
    """Paths that match a pattern with `*` in whole segments' parts, such as /opt/*/bin; sorted."""
    paths = ["/"]
    for part in pattern.strip("/").split("/"):
        if "*" not in part:
            paths = [os.path.join(path, part) for path in paths]
            continue
        found = []
        for path in paths:
            try:
                names = files.names(path)
            except OSError:
                names = []
            found += [os.path.join(path, n) for n in names if fnmatch.fnmatchcase(n, part)]
        paths = found
    return [path for path in paths if files.exists(path)]
