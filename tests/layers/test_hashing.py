"""A digest beside the unpacking is the same digest, holds little, and leaves no thread behind."""

from __future__ import annotations

import gzip
import hashlib
import io
import random
import threading
import time
import tracemalloc
from typing import BinaryIO

import pytest

from repro.errors import TargetError
from repro.hashing import BATCH, Digest
from repro.layers import stored
from repro.layers.compression import Unpacked
from repro.layers.stored import Blob, StoredImage


def sha256(data: bytes) -> str:
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def varied(size: int) -> bytes:
    """Return bytes of which no two batches are the same."""
    return random.Random(size).randbytes(size)  # noqa: S311  # Nothing is secret.


def wait_for(count: int) -> None:
    """Let threads that are at their batch end."""
    end = time.monotonic() + 10
    while threading.active_count() > count and time.monotonic() < end:
        time.sleep(0.01)
    assert threading.active_count() <= count


@pytest.mark.parametrize("size", [0, 1, BATCH - 1, BATCH, BATCH + 1, 5 * BATCH + 7])
@pytest.mark.parametrize("piece", [BATCH // 3, BATCH, 2 * BATCH + 1])
def test_the_digest_is_that_of_the_pieces_in_their_order(size: int, piece: int) -> None:
    data, digest = varied(size), Digest()
    for at in range(0, size, piece):
        digest.update(data[at : at + piece])
    assert [str(digest), str(digest)] == [sha256(data)] * 2  # Asking changes nothing.


def test_more_may_come_after_it_was_asked_for() -> None:
    data, digest = varied(3 * BATCH), Digest()
    for at in range(0, len(data), BATCH // 2):
        digest.update(data[at : at + BATCH // 2])
        assert str(digest) == sha256(data[: at + BATCH // 2])


def test_no_thread_is_left_when_it_was_asked_for() -> None:
    before, digest = threading.active_count(), Digest()
    for _ in range(10):
        digest.update(bytes(BATCH))
    assert str(digest) == sha256(bytes(10 * BATCH))
    assert threading.active_count() == before


def test_a_layer_that_is_given_up_leaves_no_thread() -> None:
    before = threading.active_count()
    with pytest.raises(TargetError, match="cannot be unpacked"):
        Unpacked(io.BytesIO(gzip.compress(varied(8 * BATCH), 1)[:-4] + b"\0\0\0\0")).drain()
    wait_for(before)


def test_millions_of_tiny_pieces_are_not_held() -> None:
    digest, pieces = Digest(), (number.to_bytes(3, "big") for number in range(300_000))
    tracemalloc.start()
    try:
        for piece in pieces:
            digest.update(piece)
        assert tracemalloc.get_traced_memory()[1] < 1 << 20
    finally:
        tracemalloc.stop()
    assert str(digest) == sha256(b"".join(number.to_bytes(3, "big") for number in range(300_000)))


def test_the_largest_layers_are_read_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stored, "THREADS", 1)
    sizes = {"a": 5, "b": None, "c": 70, "d": 6}
    blobs = tuple(
        Blob(diff_id=name, digest=None, size=size, open=io.BytesIO) for name, size in sizes.items()
    )
    config = {"rootfs": {"diff_ids": list(sizes)}}
    order: list[str | None] = []

    def receive(stream: BinaryIO, *, diff_id: str | None, digest: str | None) -> None:
        del stream, digest
        order.append(diff_id)

    StoredImage(name="i", config=config, config_digest="", blobs=blobs).deliver(sizes, receive)
    assert order == ["c", "d", "a", "b"]
