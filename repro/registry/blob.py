"""A blob as a stream: what it says it is, or an error before its end."""

from __future__ import annotations

import io
import re
from typing import TYPE_CHECKING, Final

from repro.errors import RegistryError
from repro.registry import digest as digests
from repro.registry.answer import PIECE
from repro.registry.patience import TransientError

if TYPE_CHECKING:
    from collections.abc import Callable

    from _typeshed import WriteableBuffer

    from repro.registry.answer import Answer
    from repro.registry.patience import Patience

PROGRESS: Final = 1024 * 1024
"""Bytes after which earlier failures are forgotten: a long transfer may break off often."""
LARGEST: Final = 1 << 40
"""Bytes of a blob whose size nobody says."""


class BlobStream(io.RawIOBase):
    """Reads a blob, and goes on where a connection broke off.

    The last piece is given out only when size and digest of the whole are right, so who has read
    to the end has the true bytes. Every error is a RegistryError, and comes again when read again.
    """

    def __init__(
        self, ask: Callable[[int], Answer], digest: str, size: int | None, patience: Patience
    ) -> None:
        self._ask, self._digest, self._size, self._patience = ask, digest, size, patience
        self._found = digests.begun(digest)
        self._received = self._settled = 0
        self._answer: Answer | None = None
        self._failure: RegistryError | None = None
        self._piece: memoryview = memoryview(b"")
        self._ahead: bytes | None = None

    def start(self) -> None:
        """Connect and read the first piece; raises RegistryError."""
        self._ahead = self._next()

    def readable(self) -> bool:
        """Return true."""
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Fill a buffer, as far as one piece reaches; 0 at the end."""
        if self._failure:
            raise self._failure
        if not self._piece and self._ahead:
            self._piece, self._ahead = memoryview(self._ahead), self._next()
        view = memoryview(buffer).cast("B")
        count = min(len(view), len(self._piece))
        view[:count] = self._piece[:count]
        self._piece = self._piece[count:]
        return count

    def close(self) -> None:
        """Give up the connection."""
        self._drop()
        super().close()

    def _next(self) -> bytes:
        """Return the next piece, nothing at the end, which is verified first."""
        try:
            piece = self._receive()
            if not piece:
                digests.verify(self._digest, self._found, f"the blob {self._digest}")
        except RegistryError as failure:
            self._failure = failure
            self._drop()
            raise
        if not piece:
            self._drop()
        return piece

    def _receive(self) -> bytes:
        """Return what comes next; connects again as long as patience lasts."""
        while True:
            try:
                return self._count(self._connected().read(PIECE))
            except TransientError as failure:
                self._drop()
                if self._received == self._size:
                    return b""
                self._patience.pause(failure)

    def _count(self, piece: bytes) -> bytes:
        self._received += len(piece)
        self._found.update(piece)
        if self._received > (LARGEST if self._size is None else self._size):
            raise self._wrong("is longer than it is said to be")
        if not piece and self._size is not None and self._received < self._size:
            raise TransientError(f"the transfer of the blob {self._digest} broke off")
        if self._received - self._settled >= PROGRESS:
            self._settled = self._received
            self._patience.reset()
        return piece

    def _connected(self) -> Answer:
        if self._answer is None:
            self._answer = self._ask(self._received)
            self._check(self._answer)
            if self._answer.status == 200 and self._received:
                self._skip(self._answer)
        return self._answer

    def _check(self, answer: Answer) -> None:
        """Compare the head of an answer with what is known; what it says of its size is a claim."""
        if answer.headers.get("Content-Encoding", "identity").lower() != "identity":
            raise self._wrong("is sent packed, which was not asked for")
        start, total = self._range(answer)
        if start != (self._received if answer.status == 206 else 0):
            raise self._wrong("is continued at another place than was asked for")
        if total is not None and self._size is not None and total != self._size:
            raise self._wrong(f"has {total} bytes in the registry, but {self._size} are said")
        self._size = total if self._size is None else self._size

    def _range(self, answer: Answer) -> tuple[int, int | None]:
        """Return where an answer starts in the blob, and the blob's size if it says so."""
        if answer.status == 200:
            return 0, answer.length
        said = re.fullmatch(
            r"bytes (\d{1,19})-\d{1,19}/(\d{1,19}|\*)", answer.headers.get("Content-Range", "")
        )
        if answer.status != 206 or not said:
            raise self._wrong(f"cannot be continued (answer {answer.status})")
        return int(said[1]), None if said[2] == "*" else int(said[2])

    def _skip(self, answer: Answer) -> None:
        """Read over what is there already: this server sends from the start whatever is asked."""
        left = self._received
        while left:
            piece = answer.read(min(PIECE, left))
            if not piece:
                raise TransientError(f"the transfer of the blob {self._digest} broke off")
            left -= len(piece)

    def _wrong(self, how: str) -> RegistryError:
        return RegistryError(
            f"the blob {self._digest} {how}",
            advice="The registry, or something between, does not keep to the protocol.",
        )

    def _drop(self) -> None:
        if self._answer is not None:
            self._answer.close()
            self._answer = None
