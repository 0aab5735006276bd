"""What reading an image takes of memory does not grow with what it holds."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from tests.layers import layouts
from tests.layers.tars import entry, tar
from tests.probe.rpm_file import database, header

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

MOST: Final = 150 << 20
"""Bytes of memory that any snapshot of a stored image may take (benchmarks/README.md)."""


def tokenizers(_: Path) -> list[bytes]:
    """Make a layer of three tokenizers of some 20 MiB each, with letters of every width."""
    words = [f"{chr(0x4E00 + n % 5000)}{n}word😀" for n in range(250_000)]
    model = {
        "type": "BPE",
        "vocab": {word: number for number, word in enumerate(words)},
        "merges": [[word, words[-number]] for number, word in enumerate(words)],
    }
    text = json.dumps({"model": model}, ensure_ascii=False).encode()
    assert 15 << 20 < len(text) < 32 << 20
    places = [entry(f"models/{n}/tokenizer.json", text + b" " * n) for n in range(3)]
    return [tar(*places)]


def packages(folder: Path) -> list[bytes]:
    """Make a layer of an rpm database of 100 MiB."""
    database(folder / "rpm", [header(f"p{n}", pad=200_000) for n in range(500)])
    return [tar(entry("var/lib/rpm/rpmdb.sqlite", (folder / "rpm").read_bytes()))]


def metadata(_: Path) -> list[bytes]:
    """Make three layers, which are read at once, of 60 MiB of small documents each."""
    site = "usr/lib/python3/dist-packages"
    body = b"Name: x\nVersion: 1\n\n" + b"x" * 60_000
    return [
        tar(*(entry(f"{site}/p{n}_{layer}-1.dist-info/METADATA", body) for n in range(1000)))
        for layer in range(3)
    ]


def archive(layers: list[bytes]) -> bytes:
    """Make an archive in the OCI layout, its layers packed as quickly as can be."""
    blobs = layouts.Blobs()
    settings = blobs.add(layouts.config(layers), layouts.CONFIG)
    packed = [gzip.compress(layer, 1, mtime=0) for layer in layers]
    listed = [blobs.add(layer, f"{layouts.LAYER}+gzip") for layer in packed]
    manifest = {"config": settings, "layers": listed}
    return layouts.tar(blobs.index(blobs.document(layouts.MANIFEST, manifest)))


MEASURE: Final = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stderr=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)
"""
"""Between the tests and what is measured, for a new process begins with its parent's memory."""


def peak(stored: str, output: Path, cache: Path) -> int:
    """Take a snapshot in a process of its own; return the most memory that it had, in bytes."""
    snapshot = [sys.executable, "-m", "repro", "snapshot", stored, "-o", str(output)]
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, *snapshot],
        env=os.environ | {"REPRO_CACHE_DIR": str(cache)},
        capture_output=True,
        check=True,
    )
    return int(done.stdout) << 10


@pytest.mark.parametrize("make", [tokenizers, packages, metadata])
def test_memory_stays_under_its_bound(make: Callable[[Path], list[bytes]], tmp_path: Path) -> None:
    (tmp_path / "image.tar").write_bytes(archive(make(tmp_path)))
    for _ in ("at first", "from the cache"):
        found = peak(f"oci-archive:{tmp_path}/image.tar", tmp_path / "out.json", tmp_path / "cache")
        assert found < MOST, f"{found >> 20} MiB"
