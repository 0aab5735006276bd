"""From a stored image to its merged view: layers from the cache, or read now and kept there."""

from __future__ import annotations

import errno
import threading
from typing import TYPE_CHECKING, Final

from repro.errors import ReproError, TargetError
from repro.layers.compression import Unpacked
from repro.layers.content import Contents
from repro.layers.disk import DiskLayer
from repro.layers.merged import LayeredFiles
from repro.layers.reading import read_layer

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import BinaryIO

    from repro.layers.cache import Cache
    from repro.layers.index import Layer
    from repro.layers.stored import StoredImage

PASSES: Final = 20
"""How often one layer is read again for contents that were not kept at first."""


class View:
    """An image's files, layer by layer; `close` keeps what was learnt."""

    def __init__(self, files: LayeredFiles, close: Callable[[], None] = lambda: None) -> None:
        self.files = files
        self.close = close


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
    if image.unpacked:
        return View(LayeredFiles([DiskLayer(path, overlay=True) for path in image.unpacked]))
    layers = _layers(image, cache)
    contents = {name: Contents(layers[name], Again(image, name)) for name in image.diff_ids}

    def close() -> None:
        for diff_id, grown in contents.items():
            if grown.grown and cache:
                cache.put(diff_id, grown.layer)

    return View(LayeredFiles([contents[diff_id] for diff_id in image.diff_ids]), close)


def _layers(image: StoredImage, cache: Cache | None) -> dict[str, Layer]:
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
    if missing := set(image.diff_ids) - layers.keys():
        raise TargetError(
            f"layers are missing: {', '.join(sorted(missing))[:300]}",
            advice="The image is not whole; fetch it again.",
        )
    return layers


def _range(stream: BinaryIO, at: int, size: int) -> bytes:
    unpacked = Unpacked(stream, hashed=False)
    for _ in unpacked.pieces(at):
        pass
    data = unpacked.read(size)
    unpacked.drain()
    return data
