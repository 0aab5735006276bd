"""From a stored image to its merged view: layers from the cache, or read now and kept there."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Final, cast

from repro.errors import TargetError
from repro.layers.compression import Spent
from repro.layers.content import Contents
from repro.layers.disk import DiskLayer, Looked
from repro.layers.fetching import Again, InPlace
from repro.layers.merged import LayeredFiles
from repro.layers.reading import plain, read_layer, scan_layer
from repro.layers.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import BinaryIO

    from repro.layers.cache import Cache
    from repro.layers.index import Layer
    from repro.layers.stored import Blob, StoredImage

Progress = Callable[[int, int | None], None]
"""Takes bytes that were read of stored layers, and those in all where that is known."""
UNVERIFIED: Final = 256 << 20
"""Bytes of layers up to which all are hashed in well under a second."""
ENTRIES: Final = 1_000_000
"""Names of all layers; a large image of a training framework has 200,000."""
KEPT: Final = 512 << 20
"""Bytes of contents that are kept of all layers."""


class View:
    """An image's files, layer by layer; `close` keeps what was learnt."""

    def __init__(
        self, image: StoredImage, cache: Cache | None, progress: Progress | None = None
    ) -> None:
        self._image = image
        self._cache = cache
        self._progress = progress
        self._lock = threading.Lock()
        self._layers: dict[str, Layer] = {}
        self._in_place: dict[str, InPlace] = {}
        self._started = _started(image.config)
        self._spent = Spent()
        self._store = Store()
        self._entries = self._kept = 0
        self._done = 0
        self._total: int | None = None
        self.files = LayeredFiles([])

    @property
    def unverified(self) -> tuple[str, ...]:
        """The layers, by diff ID, that were read in part, so that no digest could be checked."""
        return tuple(self._in_place)

    def read(self, *, verify: bool | None) -> None:
        """Read what the cache has not; all of it where digests are to be checked."""
        wanted = set(self._image.diff_ids)
        if self._cache and not verify:
            for diff_id in wanted:
                self._add(diff_id, self._cache.get(diff_id, self._store))
        for blob in self._image.blobs:
            if blob.local and blob.diff_id in self._layers:
                blob.open().close()  # It has to be there, and of the size that its manifest says.
        wanted -= self._layers.keys()
        if verify is not True:
            blobs = [b for b in self._image.blobs if b.local and b.diff_id in wanted]
            self._look(blobs, verify)
        wanted -= self._layers.keys()
        if wanted:
            sizes = {blob.diff_id: blob.size for blob in self._image.blobs}
            known = [size for name in wanted if (size := sizes.get(name)) is not None]
            self._total = sum(known) if len(known) == len(wanted) else None
            self._image.deliver(wanted, self._receive)
        self._join()

    def check(self) -> None:
        """Tell of a file that was changed while its layers were read in part: TargetError."""
        for diff_id, place in self._in_place.items():
            with self._named(diff_id):
                if place.changed():
                    raise TargetError(
                        "its file was changed while it was read",
                        advice="Wait until nothing writes to it, and try again.",
                    )

    def close(self) -> None:
        """Keep the contents that were fetched later, for the next time."""
        for number, diff_id in enumerate(self._image.diff_ids):
            contents = self.files.layers[number] if self.files.layers else None
            if isinstance(contents, Contents) and contents.grown and self._cache:
                place = self._in_place.get(diff_id)
                if place and place.changed():
                    continue
                self._cache.put(place.key if place else diff_id, contents.layer)
        self._leave()
        self._store.close()

    def _look(self, blobs: list[Blob], verify: bool | None) -> None:
        """Index plain layers where they lie, by their headers alone, where that is worth it."""
        places = self._in_place
        for blob in blobs:
            stream = blob.open()
            region = plain(stream)
            if region is None:
                stream.close()
            else:
                places[blob.diff_id] = InPlace(stream, region, blob.diff_id)
        if verify is None and sum(place.size for place in places.values()) <= UNVERIFIED:
            self._leave()
            self._in_place = {}
            return
        for diff_id, place in places.items():
            layer = self._cache.get(place.key, self._store) if self._cache else None
            with self._named(diff_id):
                self._add(diff_id, layer or scan_layer(place.region))

    def _leave(self) -> None:
        """Close the files of plain layers."""
        for place in self._in_place.values():
            place.close()

    @contextmanager
    def _named(self, digest: str | None) -> Iterator[None]:
        """Say of a fault in which image it is, and in which layer where that is known."""
        try:
            yield
        except TargetError as error:
            which = f" ({digest[:19]})" if digest else ""
            said = f"{self._image.name}: {error.message}{which}"
            raise TargetError(said, advice=error.advice) from error

    def _receive(self, stream: BinaryIO, *, diff_id: str | None, digest: str | None) -> None:
        counted = Counted(stream, self._count) if self._progress else stream
        with self._named(digest or diff_id):
            found, layer = read_layer(
                cast("BinaryIO", counted),
                diff_id=diff_id,
                digest=digest,
                started=self._started,
                spent=self._spent,
                store=self._store,
            )
        if self._cache:
            self._cache.put(found, layer)
        with self._lock:
            self._add(found, layer)

    def _add(self, diff_id: str, layer: Layer | None) -> None:
        """Take a layer in; TargetError where all are more than any real image."""
        if layer is None or diff_id in self._layers:
            return
        self._layers[diff_id] = layer
        self._entries += sum(map(len, layer.tree.values()))
        self._kept += sum(len(data) for kept in layer.content.values() for _, data in kept)
        if self._entries > ENTRIES or self._kept > KEPT:
            raise TargetError(
                f"layers with more than {ENTRIES} names together, or {KEPT >> 20} MiB of metadata",
                advice="No real image has as many.",
            )

    def _count(self, size: int) -> None:
        with self._lock:
            self._done += size
            done = self._done
        if self._progress:
            self._progress(done, self._total)

    def _join(self) -> None:
        if missing := set(self._image.diff_ids) - self._layers.keys():
            raise TargetError(
                f"layers are missing: {', '.join(sorted(missing))[:300]}",
                advice="The image is not whole; fetch it again.",
            )
        contents = {
            name: Contents(
                self._layers[name],
                self._in_place.get(name) or Again(self._image, name),
                self._store,
            )
            for name in self._image.diff_ids
        }
        self.files = LayeredFiles([contents[diff_id] for diff_id in self._image.diff_ids])


class Counted:
    """A stream that says how much of it was read."""

    def __init__(self, stream: BinaryIO, count: Callable[[int], None]) -> None:
        self._stream = stream
        self._count = count

    def read(self, size: int) -> bytes:
        """Return at most `size` bytes."""
        data = self._stream.read(size)
        self._count(len(data))
        return data


def open_image(
    image: StoredImage,
    cache: Cache | None,
    *,
    verify: bool | None = None,
    progress: Progress | None = None,
) -> View:
    """Read an image; TargetError where a layer is damaged or not there.

    With `verify` every layer is read whole, so that its digest is checked; without, plain layers
    in files are read in part. By default that is so for more than UNVERIFIED bytes.
    """
    view = View(image, cache, progress)
    if image.unpacked:
        looked = Looked()
        disks = [DiskLayer(path, overlay=True, looked=looked) for path in image.unpacked]
        view.files = LayeredFiles(disks)
    else:
        try:
            view.read(verify=verify)
        except BaseException:
            view.close()
            raise
    return view


def _started(config: dict[str, Any]) -> frozenset[str]:
    """Return the names of programs that an image's command may mean."""
    run = config.get("config") or {}
    words = [*(run.get("Entrypoint") or ()), *(run.get("Cmd") or ())]
    parts = [part for word in words for part in str(word).split()]
    return frozenset(part.rpartition("/")[2] for part in parts[:100])
