"""An image is opened as a whole or not at all: faults say where they are, nothing stays open."""

from __future__ import annotations

import hashlib
import io
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from repro.errors import TargetError
from repro.layers.opening import open_image
from repro.layers.stored import Blob, StoredImage
from repro.layers.streams import region
from tests.layers.tars import entry, tar

if TYPE_CHECKING:
    from typing import BinaryIO


def diff_id(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def image(folder: Path, *layers: bytes) -> StoredImage:
    """Store plain layers in files; what is opened of them has a descriptor of its own."""
    blobs = []
    for number, data in enumerate(layers):
        path = folder / f"{number}.tar"
        path.write_bytes(data)

        def opened(path: Path = path) -> BinaryIO:
            with path.open("rb") as stream:
                return cast("BinaryIO", region(stream.fileno(), 0, path.stat().st_size))

        blobs.append(
            Blob(diff_id=diff_id(data), digest=None, size=len(data), open=opened, local=True)
        )
    config: dict[str, Any] = {"rootfs": {"diff_ids": [blob.diff_id for blob in blobs]}}
    return StoredImage(name="app:1", config=config, config_digest="", blobs=tuple(blobs))


def descriptors() -> int:
    return sum(1 for _ in Path("/proc/self/fd").iterdir())


@pytest.mark.parametrize("verify", [True, False])
def test_a_damaged_layer_is_named_and_nothing_stays_open(tmp_path: Path, *, verify: bool) -> None:
    good, bad = tar(entry("etc/a", "a")), tar(entry("etc/b", b"b" * 5000))[:2000]
    before = descriptors()
    with pytest.raises(TargetError, match=rf"^app:1: a layer ends early \({diff_id(bad)[:19]}\)$"):
        open_image(image(tmp_path, good, bad), None, verify=verify)
    assert descriptors() == before


@pytest.mark.parametrize("verify", [True, False])
def test_an_image_is_closed_with_all_that_it_opened(tmp_path: Path, *, verify: bool) -> None:
    before = descriptors()
    view = open_image(image(tmp_path, tar(entry("etc/a", "a"))), None, verify=verify)
    assert view.files.read("/etc/a") == b"a"
    view.close()
    assert descriptors() == before
    assert bool(view.unverified) is not verify


def test_a_layer_that_comes_twice_is_read_again_all_the_same(tmp_path: Path) -> None:
    data = tar(entry("some/data", "0123456789"))
    twice = image(tmp_path, data)

    class Streamed(StoredImage):
        def deliver(self, wanted: Any, receive: Any) -> None:
            del wanted
            for _ in range(2):
                receive(io.BytesIO(data), diff_id=None, digest=None)

    streamed = Streamed(name="app:1", config=twice.config, config_digest="")
    assert open_image(streamed, None).files.read("/some/data") == b"0123456789"
