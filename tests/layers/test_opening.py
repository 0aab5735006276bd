"""An image is opened as a whole or not at all: faults say where they are, nothing stays open."""

from __future__ import annotations

import hashlib
import io
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from repro.errors import TargetError
from repro.layers.cache import Cache
from repro.layers.opening import open_image
from repro.layers.stored import Blob, StoredImage
from repro.layers.streams import region
from repro.target import static
from repro.target.options import Options
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


def changed(path: Path, new: bytes, how: str) -> None:
    if how == "written":
        path.write_bytes(new)
    elif how == "cut":
        os.truncate(path, 700)
    else:
        path.with_name("new").write_bytes(new)
        path.with_name("new").rename(path)


@pytest.mark.parametrize("how", ["written", "cut", "replaced"])
def test_a_file_that_changes_while_it_is_read_is_told_and_not_cached(
    how: str, tmp_path: Path
) -> None:
    cache = Cache(tmp_path / "cache")
    old, new = (tar(entry("opt/llama-server", word * 5000, mode=0o755)) for word in "ab")
    stored = image(tmp_path, old)
    os.utime(tmp_path / "0.tar", (1, 1))  # Two changes may come within one tick of the clock.
    view = open_image(stored, cache, verify=False)
    changed(tmp_path / "0.tar", new, how)
    found = b""
    with suppress(OSError):
        found = view.files.read("/opt/llama-server")
    assert found == {"written": b"b" * 5000, "cut": b"", "replaced": b"a" * 5000}[how]
    if how == "replaced":  # What it was is still there for who has it open.
        view.check()
    else:
        with pytest.raises(TargetError, match="app:1: its file was changed"):
            view.check()
    view.close()
    for _ in range(2):
        seen = open_image(image(tmp_path, new), cache, verify=False)
        assert seen.files.read("/opt/llama-server") == b"b" * 5000
        seen.check()
        seen.close()


def test_no_contents_of_a_changed_file_are_kept_for_later(tmp_path: Path) -> None:
    cache = Cache(tmp_path / "cache")
    stored = image(tmp_path, tar(entry("a", b"a" * 5000)))
    os.utime(tmp_path / "0.tar", (1, 1))
    view = open_image(stored, cache, verify=False)
    view.files.read("/a")
    (tmp_path / "0.tar").write_bytes(tar(entry("a", b"b" * 5000)))
    view.close()
    assert not cache.folder.exists()


def test_a_snapshot_of_an_archive_that_changes_is_none(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stored = image(tmp_path, tar(entry("etc/os-release", "ID=x\n")))
    os.utime(tmp_path / "0.tar", (1, 1))
    collect = static.collect

    def meanwhile(*given: Any) -> static.Found:
        (tmp_path / "0.tar").write_bytes(tar(entry("etc/os-release", "ID=y\n")))
        return collect(*given)

    monkeypatch.setattr(static, "collect", meanwhile)
    options = Options(cache=False, verify=False)
    with pytest.raises(TargetError, match="changed while"):
        static.snapshot(stored, options)
