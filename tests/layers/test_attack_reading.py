"""Images whose author means harm get errors or bounded work, and never a genuine image's place."""

from __future__ import annotations

import gzip
import io
import os
import threading
import time
from contextlib import suppress
from typing import TYPE_CHECKING, BinaryIO, cast

import pytest

from repro.errors import TargetError
from repro.layers import interest
from repro.layers.cache import Cache
from repro.layers.compression import CHUNK
from repro.layers.disk import DiskLayer
from repro.layers.index import Builder
from repro.layers.merged import LayeredFiles
from repro.layers.opening import open_image
from repro.layers.outer import split
from repro.layers.stored import Blob, StoredImage
from repro.layers.tar import Entry
from tests.layers.layouts import digest
from tests.layers.tars import entry, tar

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

SECONDS = 5
"""Of a processor, for what takes far under one where nothing is wrong."""


def image(layers: list[tuple[str, Callable[[], BinaryIO]]]) -> StoredImage:
    """Describe an image of layers: what each is said to be, and how it is opened."""
    ids = [diff_id for diff_id, _ in layers]
    return StoredImage(
        name="image",
        config={"rootfs": {"diff_ids": ids}},
        config_digest="sha256:0",
        blobs=tuple(Blob(diff_id=each, digest=None, size=None, open=how) for each, how in layers),
    )


def stored(layer: bytes, claimed: str | None = None) -> tuple[str, Callable[[], BinaryIO]]:
    return claimed or digest(layer), lambda: io.BytesIO(gzip.compress(layer))


def a_file(path: str, link: str = "", kind: str = "f") -> Entry:
    return Entry(path, kind, 0, link, 0, None, program=False)


def test_a_false_layer_never_takes_the_place_of_a_genuine_one(tmp_path: Path) -> None:
    genuine, false = tar(entry("opt/notes", "genuine")), tar(entry("opt/notes", "hostile"))
    cache = Cache(tmp_path)
    open_image(image([stored(genuine)]), cache).close()
    view = open_image(image([stored(false, digest(genuine))]), cache)
    with pytest.raises(OSError, match="read again"):
        view.files.read("/opt/notes")
    view.close()
    assert open_image(image([stored(genuine)]), cache).files.read("/opt/notes") == b"genuine"


def test_the_first_fault_ends_the_reading_of_all_layers() -> None:
    opened: list[int] = []

    def slow(number: int) -> Callable[[], BinaryIO]:
        def open_it() -> BinaryIO:
            opened.append(number)
            return cast("BinaryIO", Endless())

        return open_it

    others = [(f"sha256:{number:064d}", slow(number)) for number in range(50)]
    began = time.monotonic()
    with pytest.raises(TargetError):
        open_image(image([stored(b"no tar" * 1000), *others]), None)
    assert time.monotonic() - began < SECONDS
    assert len(opened) < 10


class Endless(io.RawIOBase):
    """A stored layer that never ends and says nothing wrong: empty members of gzip."""

    def read(self, size: int = -1) -> bytes:
        time.sleep(0.01)
        return gzip.compress(b"")[: max(size, 0)] * 1


def test_an_interruption_does_not_wait_for_layers() -> None:
    endless = [
        (f"sha256:{number:064d}", lambda: cast("BinaryIO", Endless())) for number in range(2)
    ]
    interrupt = threading.Timer(0.5, lambda: os.kill(os.getpid(), 2))
    interrupt.start()
    began = time.monotonic()
    with pytest.raises(KeyboardInterrupt):
        open_image(image(endless), None)
    assert time.monotonic() - began < SECONDS


def test_layers_that_unpack_to_much_together_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repro.layers.compression.TOGETHER", 4 * CHUNK)
    zeros = [tar(entry(f"zeros{number}", bytes(2 * CHUNK))) for number in range(4)]
    open_image(image([stored(layer) for layer in zeros[:1]]), None)
    with pytest.raises(TargetError, match="together"):
        open_image(image([stored(layer) for layer in zeros]), None)


@pytest.mark.parametrize("cached", [False, True], ids=["read", "cached"])
def test_layers_that_hold_much_together_are_refused(
    cached: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each is within the bounds of one."""
    cache = Cache(tmp_path)
    names = [tar(*(entry(f"{layer}/{n}") for n in range(60))) for layer in range(3)]
    contents = [tar(entry(f"{n}.dist-info/METADATA", bytes(60))) for n in range(3)]
    if cached:
        open_image(image(list(map(stored, names + contents))), cache)
    monkeypatch.setattr("repro.layers.opening.ENTRIES", 150)
    monkeypatch.setattr("repro.layers.opening.KEPT", 150)
    for layers in (names, contents):
        open_image(image(list(map(stored, layers[:2]))), cache)
        with pytest.raises(TargetError, match="together"):
            open_image(image(list(map(stored, layers))), cache)


def test_links_that_multiply_the_way_cost_little() -> None:
    """Forty links of two thousand steps each, before every one of a hundred thousand files."""
    builder = Builder()
    for number in range(39):
        builder.add(a_file(f"l{number}", "./" * 2000 + f"l{number + 1}", "l"))
    builder.add(a_file("l39", "./" * 2000 + "d", "l"))
    builder.add(a_file("d", kind="d"))
    began = time.process_time()
    files = map(a_file, map("l0/{}".format, range(100_000)))
    with pytest.raises(TargetError, match="links"):
        list(map(builder.add, files))
    assert time.process_time() - began < 4 * SECONDS


@pytest.mark.parametrize(
    "path",
    ["lib/" * 2000, "lib/" * 20_000 + "x", ".cache/huggingface/download/" * 5000, "a/" * 50_000],
    ids=["lib", "deep lib", "download", "deep"],
)
def test_what_is_kept_of_a_path_is_told_at_once(path: str) -> None:
    began = time.process_time()
    for _ in range(10):
        interest.kept(path, 5, executable=True)
        interest.readers(path, frozenset(), executable=True)
        interest.text(path)
    assert time.process_time() - began < 1


@pytest.mark.parametrize(
    "path",
    [
        "usr/lib/x86_64-linux-gnu/libc.so.6",
        "lib/libc.musl-x86_64.so.1",
        "lib64/ld-musl-x86_64.so.1",
        "opt/lib/lib/libc-2.31.so",
        "root/m/.cache/huggingface/download/model.safetensors.metadata",
        ".cache/huggingface/download/a/b.metadata",
        "a/refs/main",
        "usr/lib/python3/dist-packages/x.dist-info/METADATA",
    ],
)
def test_what_collectors_read_is_kept(path: str) -> None:
    assert interest.kept(path, 5, executable=False) == 5
    assert interest.kept(f"{path}/no", 5, executable=False) in (0, 5)


def test_a_folder_that_cannot_be_listed_ends_a_walk_there_alone(tmp_path: Path) -> None:
    class Closed(DiskLayer):
        def _scan(self, folder: str) -> None:
            if folder == "closed":
                raise PermissionError(13, "Permission denied")
            super()._scan(folder)

    for name in ("closed", "open"):
        (tmp_path / name).mkdir()
    walked = [folder for folder, _, _ in LayeredFiles([Closed(tmp_path)]).walk("/", 3)]
    assert walked == ["/", "/open"]


def test_hard_links_through_deep_folders_are_a_path_like_others() -> None:
    """A hard link's name is looked up at once, two thousand folders deep."""
    deep = "a/" * 1500
    lower = tar(entry(f"{deep}file", "content"))
    upper = tar(entry("shared", f"{deep}file", kind="h"))
    view = open_image(image([stored(lower), stored(upper)]), None)
    with suppress(OSError):
        assert view.files.read("/shared") == b"content"


@pytest.mark.parametrize("what", ["device", "fifo", "link", "large"])
def test_a_cache_that_somebody_made_is_no_reason_to_wait(what: str, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    layer = tar(entry("a", "b"))
    open_image(image([stored(layer)]), cache)
    (path,) = cache.folder.iterdir()
    path.unlink()
    if what == "device":
        path.symlink_to("/dev/zero")
    elif what == "fifo":
        os.mkfifo(path)
    elif what == "link":
        path.symlink_to("/etc/passwd")
    else:
        with path.open("wb") as stream:
            stream.truncate(1 << 40)
    assert cache.get(digest(layer)) is None


def test_a_folder_in_the_cache_is_left_when_it_is_cleared(tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    open_image(image([stored(tar(entry("a", "b")))]), cache)
    (cache.folder / "folder").mkdir()
    assert cache.clear() == 1
    assert [path.name for path in cache.folder.iterdir()] == ["folder"]


@pytest.mark.parametrize("name", ["a" * 5000, "a:" * 4000, "a\0b", "a/" * 4000])
def test_names_that_no_file_can_have_lead_nowhere(name: str) -> None:
    path, _ = split(name)
    assert not os.path.lexists(path) if "\0" not in name else True


class Mute(io.RawIOBase):
    """A server that sends nothing, and keeps the connection."""

    def __init__(self) -> None:
        super().__init__()
        self.asked = threading.Event()

    def read(self, size: int = -1) -> bytes:  # noqa: ARG002
        self.asked.set()
        time.sleep(60)
        return b""


def test_a_fault_does_not_wait_for_a_mute_server() -> None:
    mute = Mute()

    def broken() -> BinaryIO:
        assert mute.asked.wait(SECONDS)
        return io.BytesIO(b"no tar" * 1000)

    layers = [("sha256:1", lambda: cast("BinaryIO", mute)), ("sha256:2", broken)]
    began = time.monotonic()
    with pytest.raises(TargetError, match="number"):
        open_image(image(layers), None)
    assert time.monotonic() - began < SECONDS
