"""Archives of images with random files on top, of any size: only what is large is left to see."""

from __future__ import annotations

import hashlib
import io
import os
import tarfile
from typing import TYPE_CHECKING, Any, Final

from lab.image import archive, configuration
from lab.layer import Blob, blob

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from lab.image import Image

TAG: Final = "repro-lab/noise:1"
FILES: Final = 16
"""In a layer."""
FILE: Final = 8 << 20
"""Bytes of each."""


def grown(image: Image, sizes: Sequence[float], folder: Path) -> Iterator[Path]:
    """Write the image with enough layers on top for each size (gigabytes, rising), one at a time.

    An archive is gone when the next one is asked for.
    """
    blobs = [blob(layer) for layer in image.layers]
    target = folder / "noise.tar"
    for size in sizes:
        while sum(each.path.stat().st_size for each in blobs) < size * 1e9:
            blobs.append(_layer(folder / f"{len(blobs)}.layer", len(blobs)))
        with target.open("wb") as file:
            file.writelines(archive(TAG, configuration(image, blobs), blobs))
        yield target
        target.unlink()


def _layer(path: Path, number: int) -> Blob:
    """Write a layer of files that cannot be packed, under names that no collector asks for."""
    with path.open("wb") as file:
        hashed: Any = Hashed(file)
        with tarfile.open(fileobj=hashed, mode="w|", format=tarfile.PAX_FORMAT) as tar:
            for n in range(FILES):
                info = tarfile.TarInfo(f"opt/data/{number}/{n}.dat")
                info.size = FILE
                tar.addfile(info, io.BytesIO(os.urandom(FILE)))
    return Blob(path=path, digest=f"sha256:{hashed.digest.hexdigest()}")


class Hashed:
    """A file that is hashed as it is written."""

    def __init__(self, file: io.BufferedWriter) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, piece: bytes) -> int:
        """Write a piece."""
        self.digest.update(piece)
        return self._file.write(piece)
