"""What an image is stored in, be it an archive or a folder: a way from names to bytes."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO, Final, Protocol

from repro.errors import TargetError
from repro.layers.parsing import DAMAGED
from repro.layers.stored import Blob

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.layers.descriptor import Descriptor
    from repro.layers.stored import StoredImage

FLAGS: Final = os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK
"""A FIFO is opened without waiting for who writes into it."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """Where a layer is stored."""

    path: str
    diff_id: str
    digest: str | None = None
    """`sha256:…` of the stored bytes, where that is known."""
    descriptor: Descriptor | None = None
    """What the manifest says of it, if it says anything."""


class Store(Protocol):
    """Names and their bytes; raises TargetError. `name` is what the user calls it."""

    name: str

    def has(self, path: str) -> bool:
        """Tell whether there is a file of that name."""

    def read(self, path: str) -> bytes:
        """Return a small file as a whole."""

    def image(self, places: tuple[Place, ...], **documents: Any) -> StoredImage:
        """Return an image whose layers are here."""

    def open(self, place: Place) -> BinaryIO:
        """Open a layer; its stream is its own, and may be read beside others."""


def blobs(store: Store, places: Sequence[Place], *, local: bool = True) -> tuple[Blob, ...]:
    """Return the layers of an image, each with a way to its bytes."""
    return tuple(
        Blob(
            diff_id=place.diff_id,
            digest=place.digest,
            size=place.descriptor.size if place.descriptor else None,
            open=partial(store.open, place),
            local=local,
        )
        for place in places
    )


def split(text: str) -> tuple[Path, str | None]:
    """Read `PATH[:CHOSEN]`; a path that is there may have colons."""
    parts = text.split(":")
    for count in (len(parts), *range(1, len(parts))):
        path = ":".join(parts[:count])
        if path and os.path.exists(path):  # noqa: PTH110  # Path raises for names too long.
            return Path(path), ":".join(parts[count:]) or None
    return Path(parts[0]), ":".join(parts[1:]) or None


def open_file(path: Path, name: str) -> int:
    """Open a regular file and return its descriptor; TargetError for anything else."""
    try:
        fd = os.open(path, FLAGS)
    except (OSError, ValueError) as error:  # ValueError: a name with a zero byte.
        reason = getattr(error, "strerror", None) or error
        raise TargetError(
            f"{name} cannot be opened: {reason}", advice="Check the path and its rights."
        ) from error
    if stat.S_ISREG(os.fstat(fd).st_mode):
        return fd
    os.close(fd)
    raise TargetError(
        f"{name} is no regular file",
        advice="An archive is read from a file, for it is read twice; a folder is oci-dir:PATH.",
    )


def check_size(descriptor: Descriptor, size: int, name: str) -> None:
    """Compare a stored layer with what its manifest says; TargetError where it is another."""
    if size != descriptor.size:
        raise TargetError(
            f"{name}: the layer {descriptor.digest} has {size} bytes, "
            f"and {descriptor.size} were promised",
            advice=DAMAGED,
        )
