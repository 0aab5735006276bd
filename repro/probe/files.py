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

    def stat(self, path):
        """Size and times of a file, where it is live."""
        return os.stat(path)

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


class Search:
    """The first match of a compiled pattern in the first `limit` bytes of a stream of pieces.

    It is found across the pieces' ends where it has at most MATCH bytes; no more than that and one
    piece is kept.
    """

    def __init__(self, pattern, limit):
        self._pattern, self._left, self._tail, self._match = pattern, limit, b"", None

    def feed(self, piece):
        """Look at the next piece; whether those after it could still change the answer."""
        if self._match is None and self._left > 0:
            data, self._left = self._tail + piece[: self._left], self._left - len(piece)
            found = self._pattern.search(data)
            # A match that touches the end may go on in the next piece.
            if found and (found.end() < len(data) or self._left <= 0):
                self._match = found.group()[:MATCH]
            self._tail = data[-2 * MATCH :] if self._left > 0 else b""
        return self._match is None and self._left > 0

    def end(self):
        """The match, also one that ends where the pieces do; or None."""
        if self._match is None:
            found = self._pattern.search(self._tail)
            return found.group()[:MATCH] if found else None
        return self._match


def scan(pieces, pattern, limit):
    """What a Search finds in an iterable of pieces, which is read no further than need be."""
    search = Search(pattern, limit)
    for piece in pieces:
        if not search.feed(piece):
            break
    return search.end()


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
