"""Mutates layers that are read or refused, and holds the reader to an answer within its bounds.

python -m tests.layers.fuzz [SECONDS] [SEED]    a minute by default; prints the seed, and keeps what
                                                broke the reader in fuzz-SEED-NUMBER.layer
"""

from __future__ import annotations

import gzip
import io
import random
import resource
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import zstandard

from repro.errors import TargetError
from repro.layers.opening import open_image
from repro.layers.reading import read_layer
from repro.layers.stored import Blob, StoredImage
from repro.layers.streams import region
from repro.target import static
from repro.target.options import Options
from tests.layers.hostile import SEEDS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.layers.merged import LayeredFiles

SECONDS: Final = 5.0
"""Of a processor for one layer of some kilobytes."""
MEMORY: Final = 1 << 30
"""Bytes by which a whole run may grow."""
BLOCK: Final = 512
FIELDS: Final = ((0, 100), (124, 12), (148, 8), (156, 1), (157, 100), (257, 8), (345, 155))
"""Of a tar's header: name, size, checksum, type, link, magic, prefix (pax(1))."""
WORDS: Final = (
    *(b"..", b"/", b"\0", b".wh.", b".wh..wh..opq", b"../", b"77777777777", b"\x80" + b"\xff" * 11),
    *(b"path=", b"size=", b"GNU.sparse.map=", b"GNU.sparse.major=1\n", b"ustar\0", b"var/lib/dpkg"),
    *(b"usr/bin/python3", b"models/tokenizer.json", b"x.gguf", b"GGUF\3\0\0\0", b"\x7fELF\2\1"),
)


class Broken(Exception):  # noqa: N818  # No error of the reader.
    """The reader gave no answer, or a dear one."""


def mutated(chance: random.Random, seeds: Sequence[bytes]) -> bytes:
    """Return a layer like others: changed, cut, put together, its headers right again, packed."""
    data = bytearray(chance.choice(seeds))
    for _ in range(chance.choice((1, 1, 2, 4, 8))):
        data = bytearray(chance.choice((_bits, _word, _field, _spliced, _cut))(chance, data, seeds))
    if chance.random() < 0.7:
        _sum_up(data)
    packed = chance.random()
    if packed < 0.2:
        return gzip.compress(bytes(data), 1)
    return zstandard.compress(bytes(data)) if packed < 0.3 else bytes(data)


def _bits(chance: random.Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:  # noqa: ARG001
    for _ in range(chance.randint(1, 8)):
        if data:
            data[chance.randrange(len(data))] = chance.randrange(256)
    return data


def _word(chance: random.Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:  # noqa: ARG001
    word, at = chance.choice(WORDS), chance.randrange(len(data) + 1)
    data[at : at + len(word)] = word
    return data


def _field(chance: random.Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:
    """Give a header a field of another one, or of words."""
    other = chance.choice(seeds)
    start, size = chance.choice(FIELDS)
    at, there = (chance.randrange(max(1, len(d) // BLOCK)) * BLOCK for d in (data, other))
    field = other[there + start : there + start + size]
    if chance.random() < 0.3:
        field = chance.choice(WORDS)[:size].ljust(size, b"\0")
    data[at + start : at + start + len(field)] = field
    return data


def _spliced(chance: random.Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:
    other = chance.choice(seeds)
    mine, its = (chance.randrange(len(d) // BLOCK + 1) * BLOCK for d in (data, other))
    return data[:mine] + other[its:]


def _cut(chance: random.Random, data: bytearray, seeds: Sequence[bytes]) -> bytearray:  # noqa: ARG001
    start = chance.randrange(len(data) + 1)
    return data[:start] + data[start + chance.choice((1, 7, BLOCK, BLOCK, 4 * BLOCK)) :]


def _sum_up(data: bytearray) -> None:
    """Write the checksum of each block, so that what is in it is looked at."""
    for at in range(0, len(data) - BLOCK + 1, BLOCK):
        if any(data[at : at + 8]):
            data[at + 148 : at + 156] = b" " * 8
            data[at + 148 : at + 156] = b"%06o\0 " % sum(data[at : at + BLOCK])


def check(layer: bytes, path: Path) -> None:
    """Read a layer as it passes, where it lies (as a file at `path`), and all that it holds."""
    began = time.process_time()
    try:
        _pass(layer)
        path.write_bytes(layer)
        _lie(path)
    except Exception as error:
        raise Broken(f"{type(error).__name__}: {error}") from error
    if time.process_time() - began > SECONDS:
        raise Broken(f"it took {time.process_time() - began:.1f} seconds")


def _pass(layer: bytes) -> None:
    try:
        diff_id, _ = read_layer(io.BytesIO(layer))
    except TargetError:
        return
    blob = Blob(diff_id=diff_id, digest=None, size=None, open=lambda: io.BytesIO(layer))
    _look(_image(blob), verify=True)


def _lie(path: Path) -> None:
    with path.open("rb") as file:
        fd, size = file.fileno(), path.stat().st_size
        blob = Blob(
            diff_id="sha256:0",
            digest=None,
            size=None,
            open=lambda: region(fd, 0, size),
            local=True,
        )
        try:
            _look(_image(blob), verify=False)
        except TargetError:
            return


def _image(blob: Blob) -> StoredImage:
    config = {"rootfs": {"diff_ids": [blob.diff_id]}, "config": {"Cmd": ["python3", "/file"]}}
    return StoredImage(name="fuzz", config=config, config_digest="sha256:0", blobs=(blob,))


def _look(image: StoredImage, *, verify: bool) -> None:
    view = open_image(image, None, verify=verify)
    view.files.limit(SECONDS)
    static.collect(view.files, static.told(Options(), image.config["config"]))
    _visit(view.files)
    view.close()


def _visit(files: LayeredFiles) -> None:
    for folder, _, names in files.walk("/", 8):
        for name in names[:100]:
            try:
                files.part(f"{folder}/{name}", 0, 4096)
            except OSError:
                continue


def seeds() -> list[bytes]:
    """Return the committed layers."""
    return [path.read_bytes() for path in sorted(SEEDS.glob("*.layer"))]


def fuzz(seconds: float, seed: int, folder: Path) -> int:
    """Check mutated layers for so long, and return how many; Broken names the file of the worst."""
    chance, known, count = random.Random(seed), seeds(), 0  # noqa: S311
    until, before = time.monotonic() + seconds, _memory()
    while time.monotonic() < until:
        layer = mutated(chance, known)
        try:
            check(layer, folder / "layer")
            if _memory() - before > MEMORY:
                raise Broken(f"memory grew to {_memory() >> 20} MiB")  # noqa: TRY301
        except Broken as error:
            kept = folder / f"fuzz-{seed}-{count}.layer"
            kept.write_bytes(layer)
            raise Broken(f"{kept}: {error}") from error
        count += 1
    return count


def _memory() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def main(arguments: Sequence[str]) -> None:
    """Fuzz for the time that is given."""
    seconds = float(arguments[0]) if arguments else 60
    seed = int(arguments[1]) if len(arguments) > 1 else random.SystemRandom().randrange(1 << 32)
    print(f"seed {seed}")
    print(f"{fuzz(seconds, seed, Path.cwd())} layers, all read or refused")


if __name__ == "__main__":
    main(sys.argv[1:])
