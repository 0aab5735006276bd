"""Ways to bytes of a layer that were not kept: from its file, or by passing over it again."""

from __future__ import annotations

import errno
from typing import TYPE_CHECKING, Final

from repro.errors import ReproError
from repro.layers.compression import Unpacked

if TYPE_CHECKING:
    from typing import BinaryIO

    from repro.layers.stored import StoredImage
    from repro.layers.streams import Region

PASSES: Final = 20
"""How often one layer is read again for contents that were not kept at first."""


class InPlace:
    """Reads parts of a plain layer from its file."""

    around = 0

    def __init__(self, stream: BinaryIO, region: Region, diff_id: str) -> None:
        self.region = region
        self.size = region.size
        self.key = f"{region.place} {diff_id}"
        self._written = region.written
        self.close = stream.close

    def changed(self) -> bool:
        """Tell whether the file was written since."""
        return self.region.written != self._written

    def __call__(self, at: int, size: int) -> bytes:
        """Return `size` bytes from `at` of the tar; OSError where they are not there."""
        self.region.seek(at)
        data = self.region.read(size) or b""
        if len(data) < size:
            raise OSError(errno.EIO, "the layer ends early")
        return data


class Again:
    """Passes over a layer again for contents that were not kept; OSError when it was too often."""

    around = 4 << 20

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
            # What an image says of its layer counts for nothing: what was kept may be another's.
            del diff_id
            data, name = _range(stream, at, size)
            if name == self._diff_id:
                found.append(data)

        try:
            self._image.deliver([self._diff_id], receive)
        except ReproError as error:
            raise OSError(errno.EIO, error.message) from error
        if not found or len(found[0]) != size:
            raise OSError(errno.EIO, "the layer cannot be read again")
        return found[0]


def _range(stream: BinaryIO, at: int, size: int) -> tuple[bytes, str]:
    """Return a range of a layer's tar, and its diff ID."""
    unpacked = Unpacked(stream, hashed=False)
    for _ in unpacked.pieces(at):
        pass
    data = unpacked.read(size)
    unpacked.drain()
    return data, unpacked.digest
