"""The ELF reader: real libraries, and files that lie."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import contextlib
import re
import struct
import subprocess
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repro.probe import elf

if TYPE_CHECKING:
    from pathlib import Path
    from types import ModuleType

CODE = "int answer(void) { return 42; }"


@pytest.fixture(scope="session")
def sample(standin: ModuleType, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("elf")
    path: Path = standin.library(
        folder / "libsample.so.1", CODE, "-Wl,-rpath,/opt/lib:$ORIGIN", "-lm", "-Wl,--no-as-needed"
    )
    return path


def test_reads_what_the_linker_was_told(standin: ModuleType, tree: Any) -> None:
    flags = ("-Wl,--no-as-needed", "-lm", "-Wl,--enable-new-dtags,-rpath,$ORIGIN")
    path = standin.library(tree.at("/lib/libx-1.so"), CODE, *flags, soname="libx.so.1")
    told = elf.read(tree, "/lib/libx-1.so")
    notes = subprocess.run(["readelf", "-n", path], check=True, capture_output=True, text=True)
    found = re.search(r"Build ID: (\w+)", notes.stdout)
    assert found is not None
    assert told["build_id"] == found[1]
    assert told["soname"] == "libx.so.1"
    assert "libm.so.6" in told["needed"]
    assert (told["runpath"], told["rpath"]) == ("$ORIGIN", None)
    assert told["machine"] in {"x86_64", "aarch64"}


def test_tells_rpath_from_runpath(standin: ModuleType, tree: Any) -> None:
    standin.library(tree.at("/l.so"), CODE, "-Wl,--disable-new-dtags,-rpath,/opt/lib")
    told = elf.read(tree, "/l.so")
    assert (told["runpath"], told["rpath"]) == (None, "/opt/lib")


def test_has_no_build_id_where_none_was_linked_in(standin: ModuleType, tree: Any) -> None:
    standin.library(tree.at("/l.so"), CODE, "-Wl,--build-id=none")
    assert elf.read(tree, "/l.so")["build_id"] is None


def minimal(notes: bytes, *, count: int = 1, align: int = 4) -> bytes:
    """An ELF file that holds notes and nothing else."""
    ident = b"\x7fELF\x02\x01\x01" + bytes(9)
    header = elf.HEADER.pack(ident, 3, 62, 1, 0, 64, 0, 0, 64, 56, count, 0, 0, 0)
    return header + elf.SEGMENT.pack(elf.NOTE, 4, 120, 0, 0, len(notes), 0, align) + notes


@pytest.mark.parametrize("align", [4, 8])
def test_finds_the_build_id_behind_other_notes(tree: Any, align: int) -> None:
    padding = bytes(-17 % align)
    other = struct.pack("<III", 4, 1, 7) + b"GNU\0" + b"x" + padding
    stranger = struct.pack("<III", 4, 4, elf.BUILD_ID) + b"Foo\0" + b"nope"
    stranger += bytes(-len(stranger) % align)
    tree.put(
        "/l.so",
        minimal(other + stranger + struct.pack("<III", 4, 4, 3) + b"GNU\0\1\2\3\4", align=align),
    )
    assert elf.read(tree, "/l.so")["build_id"] == "01020304"


def test_refuses_more_segments_than_a_library_has(tree: Any) -> None:
    tree.put("/l.so", minimal(b"", count=0xFFFF))
    with pytest.raises(ValueError, match="ELF file with 65535 program headers of 56 bytes"):
        elf.read(tree, "/l.so")


def test_refuses_a_string_outside_its_table(sample: Path, tree: Any) -> None:
    data = bytearray(sample.read_bytes())
    position = data.index(struct.pack("<Q", elf.SONAME), dynamic_offset(data))
    struct.pack_into("<Q", data, position + 8, 1 << 20)
    tree.put("/l.so", bytes(data))
    with pytest.raises(ValueError, match="string outside its table"):
        elf.read(tree, "/l.so")


def dynamic_offset(data: bytearray) -> int:
    segments = struct.iter_unpack("<IIQQQQQQ", data[64:736])
    return next(int(segment[2]) for segment in segments if segment[0] == elf.DYNAMIC)


def test_reads_a_large_library_by_its_headers_alone(sample: Path, tree: Any) -> None:
    path = tree.put("/large.so", sample.read_bytes())
    with path.open("r+b") as stream:
        stream.truncate(2 << 30)
    assert elf.read(tree, "/large.so")["soname"] == "libsample.so.1"
    assert sum(size for _, size in tree.reads) < 64 << 10


def test_reads_strings_one_by_one_from_a_large_string_table(sample: Path, tree: Any) -> None:
    data = bytearray(sample.read_bytes())
    dynamic = next(s for s in struct.iter_unpack("<IIQQQQQQ", data[64:736]) if s[0] == 2)
    for at in range(dynamic[2], dynamic[2] + dynamic[5], 16):
        if struct.unpack_from("<Q", data, at)[0] == elf.STRSZ:
            struct.pack_into("<Q", data, at + 8, 1 << 30)
    tree.put("/l.so", bytes(data))
    assert elf.read(tree, "/l.so")["soname"] == "libsample.so.1"
    assert max(size for _, size in tree.reads) <= elf.SMALL


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "not an ELF file"),
        (b"INPUT(libcudart.so.12)\n", "not an ELF file"),
        (b"\x7fELF\x01\x01" + bytes(100), "not a 64-bit little-endian ELF file"),
        (b"\x7fELF\x02\x02" + bytes(100), "not a 64-bit little-endian ELF file"),
        (b"\x7fELF\x02\x01" + bytes(20), "truncated ELF file: no whole header"),
    ],
)
def test_refuses_what_is_no_elf_library(tree: Any, content: bytes, reason: str) -> None:
    tree.put("/bad.so", content)
    with pytest.raises(ValueError, match=re.escape(reason)):
        elf.read(tree, "/bad.so")


def test_refuses_a_truncated_library(sample: Path, tree: Any) -> None:
    tree.put("/cut.so", sample.read_bytes()[:700])
    with pytest.raises(ValueError, match="truncated ELF file"):
        elf.read(tree, "/cut.so")


def test_refuses_an_offset_that_no_file_has(sample: Path, tree: Any) -> None:
    data = bytearray(sample.read_bytes())
    struct.pack_into("<Q", data, 32, (1 << 64) - 1)
    tree.put("/far.so", bytes(data))
    with pytest.raises(ValueError, match="ELF headers that point to"):
        elf.read(tree, "/far.so")


def test_a_missing_file_is_an_os_error(tree: Any) -> None:
    with pytest.raises(FileNotFoundError):
        elf.read(tree, "/none.so")


@settings(
    max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    edits=st.lists(
        st.tuples(st.integers(0, 4096), st.binary(min_size=1, max_size=8)), min_size=1, max_size=8
    )
)
def test_no_damage_makes_it_crash_or_read_much(
    sample: Path, tree: Any, edits: list[tuple[int, bytes]]
) -> None:
    data = bytearray(sample.read_bytes())
    for position, content in edits:
        data[position : position + len(content)] = content
    tree.put("/damaged.so", bytes(data))
    tree.reads.clear()
    try:
        told = elf.read(tree, "/damaged.so")
    except ValueError:
        told = {}
    assert told == {} or told["needed"] is not None
    assert all(size <= elf.SMALL for _, size in tree.reads)


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(content=st.binary(max_size=400))
def test_garbage_after_the_magic_is_refused_or_read(tree: Any, content: bytes) -> None:
    tree.put("/garbage.so", b"\x7fELF\x02\x01" + content)
    with contextlib.suppress(ValueError):
        elf.read(tree, "/garbage.so")
    assert all(size <= elf.SMALL for _, size in tree.reads)
