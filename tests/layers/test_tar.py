"""The tar reader finds what the standard library wrote, and what GNU tar makes of sparse files."""

from __future__ import annotations

import io
import subprocess
import tarfile
import tempfile
from typing import TYPE_CHECKING, cast

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.errors import TargetError
from repro.layers.compression import Unpacked
from repro.layers.reading import Seekable, Stream
from repro.layers.streams import Region, region
from repro.layers.tar import Entry, Tar
from tests.layers.tars import entry, tar

if TYPE_CHECKING:
    from pathlib import Path

FORMATS = (tarfile.USTAR_FORMAT, tarfile.GNU_FORMAT, tarfile.PAX_FORMAT)

names = st.text(
    st.characters(codec="utf-8", exclude_characters="/\0", exclude_categories=["Cs"]),
    min_size=1,
    max_size=60,
).filter(lambda name: name not in (".", ".."))
paths = st.lists(names, min_size=1, max_size=6).map("/".join)


def read(data: bytes) -> list[tuple[Entry, bytes]]:
    """Read a tar as a stream, all of every content."""
    reader = Tar(Stream(Unpacked(io.BytesIO(data))))
    return [(found, reader.content(found.size)) for found in reader]


def skim(data: bytes) -> list[Entry]:
    """Read a tar's headers alone."""
    with tempfile.TemporaryFile() as stream:
        stream.write(data)
        stream.flush()
        with region(stream.fileno(), 0, len(data)) as lying:
            return list(Tar(Seekable(cast("Region", lying.raw))))


@pytest.mark.parametrize("format_", FORMATS[1:])
@given(files=st.dictionaries(paths, st.binary(max_size=2000), max_size=6))
@settings(max_examples=60, deadline=None)
def test_what_was_packed_is_read(format_: int, files: dict[str, bytes]) -> None:
    packed = tar(*(entry(path, data) for path, data in files.items()), format=format_)
    assert {found.path: data for found, data in read(packed)} == files


@given(files=st.dictionaries(paths, st.binary(max_size=70_000), max_size=5))
@settings(max_examples=40, deadline=None)
def test_headers_alone_tell_where_contents_are(files: dict[str, bytes]) -> None:
    packed = tar(*(entry(path, data) for path, data in files.items()))
    found = skim(packed)
    assert {e.path: packed[e.at : e.at + e.size] for e in found} == files
    assert found == [each for each, _ in read(packed)]


@pytest.mark.parametrize("format_", FORMATS)
def test_every_kind_is_told_apart(format_: int) -> None:
    packed = tar(
        entry("etc", kind="d"),
        entry("etc/a", "one", mode=0o755),
        entry("etc/b", "a", kind="l"),
        entry("etc/c", "etc/a", kind="h"),
        entry("dev/null", kind="c"),
        entry("run/pipe", kind="p"),
        format=format_,
    )
    found = [(e.kind, e.path.rstrip("/"), e.link, e.program) for e, _ in read(packed)]
    assert found == [
        ("d", "etc", "", False),
        ("f", "etc/a", "", True),
        ("l", "etc/b", "a", False),
        ("h", "etc/c", "etc/a", False),
        ("o", "dev/null", "", False),
        ("o", "run/pipe", "", False),
    ]


def test_ustar_splits_a_long_path_and_pax_and_gnu_write_it_apart() -> None:
    path = "/".join(["a" * 50] * 4)
    deep = "/".join(["b" * 200] * 10)
    assert [e.path for e, _ in read(tar(entry(path), format=tarfile.USTAR_FORMAT))] == [path]
    for format_ in FORMATS[1:]:
        link = entry("link", deep, kind="l")
        assert [(e.path, e.link) for e, _ in read(tar(entry(deep), link, format=format_))] == [
            (deep, ""),
            ("link", deep),
        ]


def test_names_that_are_no_utf_8_keep_their_bytes() -> None:
    packed = tar(entry("caf\udce9", "x"), format=tarfile.GNU_FORMAT)
    assert [e.path for e, _ in read(packed)] == ["caf\udce9"]


@pytest.mark.parametrize(
    "options",
    [
        ["--format=gnu"],
        ["--format=posix", "--sparse-version=0.0"],
        ["--format=posix", "--sparse-version=0.1"],
        ["--format=posix", "--sparse-version=1.0"],
    ],
    ids=["oldgnu", "0.0", "0.1", "1.0"],
)
def test_sparse_files_of_gnu_tar_keep_their_places(options: list[str], tmp_path: Path) -> None:
    pieces = {0: b"start", 1 << 20: b"m" * 5000, (3 << 20) + 7: b"end"}
    with (tmp_path / "sparse").open("wb") as stream:
        for offset, data in pieces.items():
            stream.seek(offset)
            stream.write(data)
        stream.truncate(5 << 20)
    (tmp_path / "after").write_text("after")
    command = ["tar", "-c", "-S", "--hole-detection=raw", *options, "-C", str(tmp_path)]
    packed = subprocess.run([*command, "sparse", "after"], capture_output=True, check=True).stdout
    whole = (tmp_path / "sparse").read_bytes()
    found = {e.path: e for e in skim(packed)}
    sparse = found["sparse"]
    assert sparse.sparse is not None
    assert sparse.size == 5 << 20
    unpacked = bytearray(sparse.size)
    for place, stored, length in sparse.sparse.stored(0, sparse.size):
        unpacked[place : place + length] = packed[sparse.at + stored : sparse.at + stored + length]
    assert unpacked == whole
    assert packed[found["after"].at :].startswith(b"after")
    assert [e for e, _ in read(packed)] == list(found.values())


@pytest.mark.parametrize("length", [100, 512, 600, 1024, 1500])
def test_a_tar_that_is_cut_is_an_error_on_either_way(length: int) -> None:
    packed = tar(entry("a", b"x" * 700), entry("b", b"y" * 100))[:2560]
    cut = packed[:length]
    with pytest.raises(TargetError, match="ends early"):
        read(cut)
    with pytest.raises(TargetError, match="ends early"):
        skim(cut)


@given(at=st.integers(0, 2559), value=st.integers(0, 255))
@settings(max_examples=300, deadline=None)
def test_a_changed_byte_is_read_or_refused_and_nothing_else(at: int, value: int) -> None:
    packed = bytearray(tar(entry("a", b"x" * 700), entry("b" * 150, b"y" * 100)))
    packed[at] = value
    for way in (read, skim):
        try:
            way(bytes(packed))
        except TargetError:
            continue


@given(data=st.binary(max_size=3000))
@settings(max_examples=200, deadline=None)
def test_noise_is_read_or_refused_and_nothing_else(data: bytes) -> None:
    for way in (read, skim):
        try:
            way(data)
        except TargetError:
            continue
