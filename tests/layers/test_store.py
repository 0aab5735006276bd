"""What is kept of layers lies in a file: it comes back as it was, by parts, and goes in the end."""

from __future__ import annotations

import io
import os
import tempfile
import threading
from typing import TYPE_CHECKING

import pytest

from repro.errors import TargetError
from repro.layers.store import PIECE, Store

if TYPE_CHECKING:
    from pathlib import Path

    from repro.layers.store import Kept


def test_bytes_come_back_by_parts() -> None:
    store = Store()
    first, second = store.put(b"abc"), store.put(b"defgh")
    assert (len(second), second[:], second[1:3], second[4:99], second[9:]) == (
        *(5, b"defgh", b"ef", b"h", b""),
    )
    assert first[:] == b"abc"
    assert second.within(1, 3)[1:] == b"fg"
    for at, size in ((-1, 2), (3, 3), (0, -1)):
        with pytest.raises(ValueError, match="within"):
            second.within(at, size)


def test_as_much_is_kept_as_there_was() -> None:
    data = os.urandom(3 * PIECE + 5)
    store = Store()
    kept = store.take(io.BytesIO(data).read, len(data) + 100)
    assert len(kept) == len(data)
    assert b"".join(kept.pieces()) == data
    assert max(map(len, kept.pieces())) == PIECE


def test_threads_do_not_write_over_each_other() -> None:
    store, found = Store(), dict[int, "Kept"]()

    def work(number: int) -> None:
        found[number] = store.take(io.BytesIO(bytes([number]) * 200_000).read, 200_000)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(found[number][:] == bytes([number]) * 200_000 for number in range(8))


def test_a_store_leaves_no_file_and_reads_none_after_its_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    store = Store()
    kept = store.put(b"secret")
    assert not list(tmp_path.iterdir())
    store.close()
    with pytest.raises(OSError, match="descriptor"):
        kept[:]


def test_a_full_disk_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "pwrite", full)
    with pytest.raises(TargetError, match="No space") as caught:
        Store().put(b"x")
    assert "TMPDIR" in caught.value.advice
