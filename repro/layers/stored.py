"""An image as it is stored, wherever that is: its documents, and a way to its layers."""

from __future__ import annotations

import threading
import time
from collections import deque
from dataclasses import dataclass, field
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any, BinaryIO, Protocol, cast

from repro.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from pathlib import Path

THREADS = 3
"""Layers that are read at once: decompression and hashing leave the interpreter's lock."""
GRACE = 1.0
"""Seconds that layers under way are waited for after a fault: one may come from a mute server."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Blob:
    """A layer as it is stored: a tar, packed or not."""

    diff_id: str
    """`sha256:…` of the unpacked tar, as the image's config says it."""
    digest: str | None
    """`sha256:…` of the stored bytes, as the manifest says it; None where none is said."""
    size: int | None
    """Stored bytes, as the manifest says it."""
    open: Callable[[], BinaryIO]
    """Open the stored bytes from the start; TargetError where they are not there."""
    local: bool = False
    """Whether they lie in a file of this machine, so that opening them costs nothing."""


class Receive(Protocol):
    """Takes one layer's stored bytes; reads the stream to its end before it returns."""

    def __call__(self, stream: BinaryIO, *, diff_id: str | None, digest: str | None) -> None:
        """Read a layer; the digests are what it has to have, where that is known."""


@dataclass(frozen=True, kw_only=True)
class StoredImage:
    """One image of one platform; the shapes of its documents are checked, their words are not."""

    name: str
    """As the user wrote it, with the platform where one name stands for several."""
    config: dict[str, Any]
    """The image's config document (OCI image specification, config.md)."""
    config_digest: str
    manifest_digest: str | None = None
    tags: tuple[str, ...] = ()
    blobs: tuple[Blob, ...] = field(default=(), repr=False)
    """The layers, bottom first."""
    unpacked: tuple[Path, ...] = ()
    """Directories with the layers unpacked for overlayfs, bottom first, where they are at hand."""

    @property
    def diff_ids(self) -> tuple[str, ...]:
        """The layers' digests, bottom first."""
        return tuple(self.config["rootfs"]["diff_ids"])

    def deliver(self, wanted: Collection[str], receive: Receive) -> None:
        """Hand over each wanted layer (by diff ID) once, several at a time.

        What cannot give single layers (a stream) may hand over others too.
        """
        chosen = {blob.diff_id: blob for blob in self.blobs if blob.diff_id in wanted}
        # The largest first: one that is begun last would keep a single core busy at the end.
        waiting = deque(sorted(chosen.values(), key=lambda blob: blob.size or 0, reverse=True))
        ended = threading.Event()
        failures: SimpleQueue[BaseException | None] = SimpleQueue()

        def work() -> None:
            while not ended.is_set():
                try:
                    blob = waiting.popleft()
                except IndexError:
                    return
                failures.put(_failure(blob, receive, ended))

        # Not a pool: it would wait for every layer after a fault, and for a mute server for ever.
        threads = [threading.Thread(target=work, daemon=True) for _ in chosen][:THREADS]
        try:
            for thread in threads:
                thread.start()
            for _ in chosen:
                if failure := failures.get():
                    raise failure
        finally:
            ended.set()
            last = time.monotonic() + GRACE
            for thread in threads:
                thread.join(max(0, last - time.monotonic()))


def _failure(blob: Blob, receive: Receive, ended: threading.Event) -> BaseException | None:
    """Hand over a layer; return what went wrong."""
    try:
        with blob.open() as stream:
            until = cast("BinaryIO", Until(stream, ended))
            receive(until, diff_id=blob.diff_id, digest=blob.digest)
    except BaseException as error:  # noqa: BLE001  # It is raised again where it is waited for.
        return error
    return None


class Until:
    """A stream that is read until something ends it all."""

    def __init__(self, stream: BinaryIO, ended: threading.Event) -> None:
        self._stream = stream
        self._ended = ended

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes; TargetError after the end of all."""
        if self._ended.is_set():
            raise TargetError("the reading of layers was ended", advice="See what ended it.")
        return self._stream.read(size)
