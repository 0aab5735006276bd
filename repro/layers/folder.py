"""A folder as a store: files and links that stay in it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any, BinaryIO

from repro.errors import TargetError
from repro.layers.descriptor import absent
from repro.layers.outer import blobs, check_size, open_file
from repro.layers.parsing import DAMAGED, DOCUMENT
from repro.layers.stored import StoredImage
from repro.layers.streams import region

if TYPE_CHECKING:
    from pathlib import Path

    from repro.layers.descriptor import Descriptor
    from repro.layers.outer import Place


class Folder:
    """A folder with an image; who may change it while it is read is trusted."""

    def __init__(self, path: Path, name: str) -> None:
        self.name = name
        self._root = path.resolve()

    def has(self, path: str) -> bool:
        """Tell whether there is something of that name, be it a link to nowhere."""
        return os.path.lexists(self._root / path)

    def read(self, path: str) -> bytes:
        """Return a small file as a whole."""
        with self._opened(path) as stream:
            data = stream.read(DOCUMENT + 1)
        if len(data) > DOCUMENT:
            raise self._wrong(f"{path} is a document of more than {DOCUMENT} bytes")
        return data

    def image(self, places: tuple[Place, ...], **documents: Any) -> StoredImage:
        """Return an image whose layers are here."""
        return StoredImage(blobs=blobs(self, places), **documents)

    def open(self, place: Place) -> BinaryIO:
        """Open a layer."""
        if place.descriptor is not None and not self.has(place.path):
            raise absent(place.descriptor, self.name)
        return self._opened(place.path, place.descriptor)

    def _opened(self, path: str, descriptor: Descriptor | None = None) -> BinaryIO:
        try:
            real = (self._root / path).resolve(strict=True)
        except (OSError, RuntimeError) as error:  # Links in circles are a RuntimeError until 3.13.
            reason = getattr(error, "strerror", None) or "links in circles"
            raise self._wrong(f"{path} cannot be read: {reason}") from error
        if not real.is_relative_to(self._root):
            raise self._wrong(f"{path} is a link that leads out of it")
        fd = open_file(real, f"{self.name}: {path}")
        try:
            size = os.fstat(fd).st_size
            if descriptor is not None:
                check_size(descriptor, size, self.name)
            return region(fd, 0, size)
        finally:
            os.close(fd)

    def _wrong(self, what: str) -> TargetError:
        return TargetError(f"{self.name}: {what}", advice=DAMAGED)
