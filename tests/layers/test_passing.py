"""A folder that an engine sends: small files are kept, and a hostile stream ends in an error."""

from __future__ import annotations

import io
import re
import tarfile
import time

import pytest

from repro.errors import TargetError
from repro.layers import passing
from repro.layers.merged import LayeredFiles
from repro.layers.passing import PassedLayer


def sent(**files: bytes) -> io.BytesIO:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in ("v/", "v/inner/"):
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
        for name, data in files.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(data)
            tar.addfile(entry, io.BytesIO(data))
        link = tarfile.TarInfo("v/inner/link")
        link.type, link.linkname = tarfile.SYMTYPE, "../../../v/up"
        tar.addfile(link)
        hard = tarfile.TarInfo("v/hard")
        hard.type, hard.linkname = tarfile.LNKTYPE, "v/a"
        tar.addfile(hard)
    stream.seek(0)
    return stream


def files(stream: io.BytesIO, seconds: float = 60) -> LayeredFiles:
    return LayeredFiles([PassedLayer(stream, "v", seconds)])


def test_what_was_sent_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "SMALL", 10)
    monkeypatch.setattr(passing, "HEAD", 4)
    found = files(sent(**{"v/a": b"abc", "v/inner/b": b"0123456789abc"}))
    assert found.list("/") == ["a", "hard", "inner"]
    assert (found.read("/a"), found.read("/hard")) == (b"abc", b"abc")
    assert (found.size("/inner/b"), found.part("/inner/b", 1, 3)) == (13, b"123")
    assert found.find("/a", re.compile(b"b.")) == b"bc"
    with pytest.raises(OSError, match="of 13 bytes 4 were kept"):
        found.read("/inner/b")
    with pytest.raises(OSError, match="of 13 bytes 4 were kept"):
        found.find("/inner/b", re.compile(b"a"))
    with pytest.raises(FileNotFoundError):
        found.read("/inner/link")


def test_podman_names_entries_from_the_folder_itself() -> None:
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name in ("/", "v"):
            folder = tarfile.TarInfo(name)
            folder.type = tarfile.DIRTYPE
            tar.addfile(folder)
        tar.addfile(tarfile.TarInfo("v/a"))
    stream.seek(0)
    assert files(stream).list("/v") == ["a"]


def test_nothing_is_kept_beyond_a_limit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "KEPT", 4)
    found = files(sent(**{"v/a": b"abc", "v/b": b"defg"}))
    assert found.read("/a") == b"abc"
    with pytest.raises(OSError, match="of 4 bytes 1 were kept"):
        found.read("/b")


@pytest.mark.parametrize("name", ["w/a", "/etc/passwd", "v/../../a", "vv", "v/../w"])
def test_what_lies_elsewhere_is_refused(name: str) -> None:
    with pytest.raises(TargetError):
        files(sent(**{"v/a": b"", name: b"x"}))


def test_a_stream_that_ends_early_is_refused() -> None:
    whole = sent(**{"v/a": b"x" * 5000}).getvalue()
    with pytest.raises(TargetError):
        files(io.BytesIO(whole[:4000]))
    with pytest.raises(TargetError):
        files(io.BytesIO(b"garbage" * 1000))


class Endless:
    """Sends the header of a large file, and then zeros, slowly and without an end."""

    def __init__(self) -> None:
        top, header = tarfile.TarInfo("v"), tarfile.TarInfo("v/a")
        top.type, header.size = tarfile.DIRTYPE, 1 << 40
        self.head = top.tobuf() + header.tobuf(tarfile.GNU_FORMAT)

    def read(self, size: int) -> bytes:
        time.sleep(0.01)
        piece, self.head = self.head[:size], self.head[size:]
        return piece or bytes(size)


def test_a_stream_without_an_end_ends_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passing, "HEAD", 4)
    began = time.monotonic()
    with pytest.raises(TargetError, match="took longer than the 0 s"):
        PassedLayer(Endless(), "v", 0.3)
    assert time.monotonic() - began < 5
