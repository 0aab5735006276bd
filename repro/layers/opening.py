"""From a stored image to its merged view: layers from the cache, or read now and kept there."""

from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING, Final

from repro.errors import ReproError
from repro.layers.compression import Unpacked
from repro.layers.content import Contents
from repro.layers.merged import LayeredFiles
from repro.layers.reading import read_layer

if TYPE_CHECKING:
    from typing import BinaryIO

    from repro.layers.cache import Cache
    from repro.layers.index import Layer
    from repro.layers.stored import StoredImage

PASSES: Final = 20
"""How often one layer is read again for contents that were not kept at first."""


class View:
    """An image's files, and the layers behind them; `close` keeps what was learnt."""

    def __init__(self, image: StoredImage, layers: dict[str, Layer], cache: Cache | None) -> None:
        self._cache = cache
        self.contents = {
            diff_id: Contents(layers[diff_id], Again(image, diff_id)) for diff_id in layers
        }
        self.files = LayeredFiles([self.contents[diff_id] for diff_id in image.diff_ids])

    def close(self) -> None:
        """Keep contents that were fetched later, for the next time."""
        for diff_id, contents in self.contents.items():
            if contents.grown and self._cache:
                self._cache.put(diff_id, contents.layer)


class Again:
    """Passes over a layer again for contents that were not kept; OSError when it was too often."""

    def __init__(self, image: StoredImage, diff_id: str) -> None:
        self._image = image
        self._diff_id = diff_id
        self.passes = 0

    def __call__(self, at: int, size: int) -> bytes:
        """Return `size` bytes from `at` of the unpacked tar."""
        self.passes += 1
        if self.passes > PASSES:
            raise OSError(errno.EAGAIN, f"the layer was read {PASSES} times already")
        found: list[bytes] = []

        def receive(stream: BinaryIO, *, diff_id: str | None, digest: str | None) -> None:
            del digest
            if diff_id is None or diff_id == self._diff_id:
                found.append(_range(stream, at, size))

        try:
            self._image.deliver([self._diff_id], receive)
        except ReproError as error:
            raise OSError(errno.EIO, error.message) from error
        if len(found) != 1 or len(found[0]) != size:
            raise OSError(errno.EIO, "the layer cannot be read again")
        return found[0]


def open_image(image: StoredImage, cache: Cache | None) -> View:
    """Read the layers that the cache has not; TargetError where one is damaged or not there."""
    layers = {}
    if cache:
        cached = {diff_id: cache.get(diff_id) for diff_id in set(image.diff_ids)}
        layers = {diff_id: layer for diff_id, layer in cached.items() if layer}
    lock = threading.Lock()

    def receive(stream: BinaryIO, *, diff_id: str | None, digest: str | None) -> None:
        found, layer = read_layer(stream, diff_id=diff_id, digest=digest)
        with lock:
            layers[found] = layer
        if cache:
            cache.put(found, layer)

    wanted = set(image.diff_ids) - layers.keys()
    if wanted:
        image.deliver(wanted, receive)
    return View(image, {diff_id: layers[diff_id] for diff_id in image.diff_ids}, cache)


def _range(stream: BinaryIO, at: int, size: int) -> bytes:
    unpacked = Unpacked(stream, hashed=False)
    for _ in unpacked.pieces(at):
        pass
    data = unpacked.read(size)
    unpacked.drain()
    return data
