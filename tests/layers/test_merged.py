"""Layers become what a container sees: whiteouts, opaque directories, links, replaced kinds."""

from __future__ import annotations

import errno
import io
from typing import TYPE_CHECKING, Any

import pytest

from repro.errors import TargetError
from repro.layers.content import Contents
from repro.layers.merged import LayeredFiles
from repro.layers.reading import read_layer
from tests.layers.tars import entry, tar

if TYPE_CHECKING:
    from repro.layers.index import Layer


class Store:
    """Reads what was not kept out of a tar in memory, and counts how often."""

    around = 0

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.reads = 0

    def __call__(self, at: int, size: int) -> bytes:
        self.reads += 1
        return self.data[at : at + size]


def layer(data: bytes) -> Layer:
    return read_layer(io.BytesIO(data))[1]


def merge(*tars: bytes) -> Any:
    return LayeredFiles([Contents(layer(data), Store(data)) for data in tars])


BASE = tar(
    entry("etc/a", "lower a"),
    entry("etc/b", "lower b"),
    entry("opt/tool/bin/run", "lower run"),
    entry("opt/tool/lib/x", "lower x"),
    entry("usr/lib/libx.so", "lower lib"),
    entry("lib", "usr/lib", kind="l"),
    entry("was-file", "lower file"),
    entry("was-dir/in", "lower in"),
)


def test_an_upper_file_hides_a_lower_one() -> None:
    files = merge(BASE, tar(entry("etc/a", "upper a")))
    assert files.text("/etc/a") == "upper a"
    assert files.text("/etc/b") == "lower b"
    assert files.list("/etc") == ["a", "b"]


def test_a_whiteout_takes_a_file_and_a_directory_away() -> None:
    files = merge(BASE, tar(entry("etc/.wh.a"), entry("opt/.wh.tool")))
    assert files.list("/etc") == ["b"]
    assert not files.exists("/etc/a")
    assert files.list("/opt") == []
    assert not files.exists("/opt/tool/bin/run")
    with pytest.raises(FileNotFoundError):
        files.read("/etc/a")


def test_what_comes_after_a_whiteout_in_a_higher_layer_is_there() -> None:
    files = merge(BASE, tar(entry("opt/.wh.tool")), tar(entry("opt/tool/new", "n")))
    assert files.list("/opt/tool") == ["new"]


def test_a_whiteout_concerns_lower_layers_alone() -> None:
    for order in (0, 1):
        entries = [entry("opt/.wh.tool"), entry("opt/tool/new", "n")]
        files = merge(BASE, tar(*(entries[::-1] if order else entries)))
        assert files.list("/opt/tool") == ["new"]


def test_an_opaque_directory_shows_its_own_alone() -> None:
    files = merge(BASE, tar(entry("opt/tool/.wh..wh..opq"), entry("opt/tool/own", "o")))
    assert files.list("/opt/tool") == ["own"]
    assert files.list("/opt") == ["tool"]


def test_an_opaque_root_hides_everything_below() -> None:
    files = merge(BASE, tar(entry(".wh..wh..opq"), entry("only", "o")))
    assert files.list("/") == ["only"]


def test_kinds_replace_each_other() -> None:
    files = merge(
        BASE,
        tar(entry("was-file", kind="d"), entry("was-file/in", "i"), entry("was-dir", "file now")),
    )
    assert files.is_dir("/was-file")
    assert files.text("/was-file/in") == "i"
    assert files.text("/was-dir") == "file now"
    with pytest.raises(OSError) as caught:  # noqa: PT011
        files.read("/was-dir/in")
    assert caught.value.errno == errno.ENOTDIR


def test_links_lead_through_layers_and_never_out() -> None:
    files = merge(
        BASE,
        tar(
            entry("usr/lib/abs", "/etc/a", kind="l"),
            entry("usr/lib/up", "../../../../../etc/b", kind="l"),
            entry("usr/lib/gone", "nowhere", kind="l"),
        ),
    )
    assert files.text("/lib/libx.so") == "lower lib"
    assert files.real("/lib/libx.so") == "/usr/lib/libx.so"
    assert files.text("/lib/abs") == "lower a"
    assert files.text("/lib/up") == "lower b"
    assert files.is_link("/lib/gone")
    assert not files.exists("/lib/gone")
    assert files.real("/lib/gone") == "/usr/lib/nowhere"
    assert files.link("/lib/abs") == "/etc/a"


def test_links_in_circles_are_an_error_in_bounded_time() -> None:
    files = merge(tar(entry("a", "b", kind="l"), entry("b", "a", kind="l")))
    assert not files.exists("/a/x")
    with pytest.raises(OSError) as caught:  # noqa: PT011
        files.read("/a")
    assert caught.value.errno == errno.ELOOP


def test_a_directory_over_a_link_replaces_it() -> None:
    files = merge(BASE, tar(entry("lib", kind="d"), entry("lib/own", "o")))
    assert files.list("/lib") == ["own"]
    assert files.list("/usr/lib") == ["libx.so"]


def test_a_layer_writes_through_its_own_links() -> None:
    files = merge(
        tar(entry("usr/lib", kind="d"), entry("lib", "usr/lib", kind="l"), entry("lib/y", "y"))
    )
    assert files.text("/usr/lib/y") == "y"


def test_hard_links_share_a_content_that_stays_when_the_name_is_replaced() -> None:
    data = tar(
        entry("one/METADATA", "old"),
        entry("two", "one/METADATA", kind="h"),
        entry("one/METADATA", "new"),
        entry("three", "one/METADATA", kind="h"),
    )
    files = merge(data)
    assert [files.text(path) for path in ("/two", "/one/METADATA", "/three")] == [
        "old",
        "new",
        "new",
    ]


def test_a_hard_link_into_a_lower_layer_is_found_or_an_error() -> None:
    files = merge(BASE, tar(entry("x", "etc/a", kind="h"), entry("y", "no/where", kind="h")))
    assert files.text("/x") == "lower a"
    assert files.is_file("/x")
    with pytest.raises(OSError, match="in no layer"):
        files.read("/y")


def test_what_is_no_file_is_not_read() -> None:
    files = merge(tar(entry("pipe", kind="p"), entry("dir", kind="d")))
    for path in ("/pipe", "/dir"):
        with pytest.raises(OSError, match="not a regular file"):
            files.read(path)
    assert files.exists("/pipe")
    assert not files.is_file("/pipe")
    with pytest.raises(NotADirectoryError):
        files.list("/pipe")


def test_a_large_file_is_refused_and_its_parts_are_read() -> None:
    data = tar(entry("big", bytes(range(256)) * 4096))
    files = merge(data)
    with pytest.raises(OSError) as caught:  # noqa: PT011
        files.read("/big", 1000)
    assert caught.value.errno == errno.EFBIG
    assert files.part("/big", 255, 3) == b"\xff\x00\x01"
    assert files.part("/big", 1 << 20, 10) == b""
    assert files.size("/big") == 1 << 20


def test_what_is_asked_twice_is_fetched_once() -> None:
    data = tar(entry("some/data", b"0123456789"))
    store = Store(data)
    files = LayeredFiles([Contents(layer(data), store)])
    assert [files.part("/some/data", 2, 3) for _ in range(3)] == [b"234"] * 3
    assert store.reads == 1


@pytest.mark.parametrize("path", ["../x", "a/../../x", "..", "a/../.."])
def test_a_path_that_leads_out_is_refused_as_engines_do(path: str) -> None:
    with pytest.raises(TargetError, match="leads out"):
        layer(tar(entry(path, "x")))


def test_walk_goes_down_and_leaves_out_what_it_is_told_to() -> None:
    files = merge(BASE)
    found = list(files.walk("/opt", 1, ("lib",)))
    assert found == [("/opt", ["tool"], []), ("/opt/tool", ["bin"], [])]
    assert list(files.walk("/nowhere", 3)) == []
    assert list(files.walk("/lib", 0)) == [("/lib", [], ["libx.so"])]
