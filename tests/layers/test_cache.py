"""The cache gives back what was put, forgets the oldest, and never fails its user."""

from __future__ import annotations

import io
import os
import threading
from typing import TYPE_CHECKING

import pytest

from repro.layers.cache import Cache
from repro.layers.reading import read_layer
from tests.layers.tars import entry, tar

if TYPE_CHECKING:
    from pathlib import Path

    from repro.layers.index import Layer


def made(content: bytes) -> Layer:
    return read_layer(io.BytesIO(tar(entry("x.dist-info/METADATA", content))))[1]


def test_a_layer_comes_back_as_it_was(tmp_path: Path) -> None:
    layer = read_layer(
        io.BytesIO(
            tar(
                entry("a/METADATA", "m"),
                entry("x.dist-info/METADATA", "m"),
                entry("a/.wh.b"),
                entry("c/.wh..wh..opq"),
                entry("caf\udce9", "latin"),
            )
        )
    )[1]
    Cache(tmp_path).put("sha256:1", layer)
    assert Cache(tmp_path).get("sha256:1") == layer
    assert Cache(tmp_path).get("sha256:2") is None


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "directory"])
def test_a_damaged_entry_is_as_good_as_none(damage: str, tmp_path: Path) -> None:
    cache = Cache(tmp_path)
    cache.put("k", made(b"m"))
    (path,) = cache.folder.iterdir()
    data = path.read_bytes()
    if damage == "directory":
        path.unlink()
        path.mkdir()
    else:
        path.write_bytes(
            {
                "cut": data[:-5],
                "flipped": data[:40] + bytes([data[40] ^ 1]) + data[41:],
                "empty": b"",
            }[damage]
        )
    assert cache.get("k") is None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path) -> None:
    cache = Cache(tmp_path, most=6000)
    for number in range(6):
        cache.put(str(number), made(os.urandom(2000)))
        for age, path in enumerate(sorted(cache.folder.iterdir(), key=lambda p: p.stat().st_mtime)):
            os.utime(path, (1000 + age, 1000 + age))
        assert cache.get("0") is not None
    kept = [number for number in range(6) if cache.get(str(number))]
    assert 0 in kept
    assert 5 in kept
    assert 1 not in kept
    assert sum(path.stat().st_size for path in cache.folder.iterdir()) <= 6000


def test_a_place_that_cannot_be_written_is_no_reason_to_fail(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("x")
    cache = Cache(tmp_path / "file" / "below")
    cache.put("k", made(b"m"))
    assert cache.get("k") is None
    assert cache.clear() == 0


def test_many_writers_leave_whole_entries_alone(tmp_path: Path) -> None:
    layers = [made(bytes([number]) * 50_000) for number in range(4)]
    wrong: list[object] = []

    def work(number: int) -> None:
        cache = Cache(tmp_path)
        for turn in range(20):
            cache.put("same", layers[(number + turn) % 4])
            found = cache.get("same")
            if found not in layers:
                wrong.append(found)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []
    assert [path.name[:5] == ".new-" for path in Cache(tmp_path).folder.iterdir()] == [False]
