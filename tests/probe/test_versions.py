"""Versions of CUDA libraries from files alone: who says them, and how sure that is."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import cuda, files
from repro.probe.owner import Owners
from tests.probe.rpm_file import database, header

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    Ask = Callable[..., tuple[str | None, str, str]]

SITE = "/usr/lib/python3.11/site-packages"
CODE = 'const char text[] = "before %s after";'


@pytest.fixture
def ask(standin: ModuleType, tree: Any, make_context: Callable[..., Any]) -> Ask:
    """Put a real library that says a text at a path; returns version, source and certainty."""

    def put(path: str, text: str = "", **context: Any) -> tuple[str | None, str, str]:
        standin.library(tree.at(path), CODE % text)
        (fact,) = cuda.libraries(tree, make_context(SITE, **context))[0]
        return fact.get("version"), fact["source"], fact["properties"]["certainty"]

    return put


TEXTS = {
    "libcudnn_graph.so.9": ("cudnn_version_9_1_0_70_c34102860_e0", "9.1.0.70"),
    "libcudnn_ops_infer.so.8": ("cudnn_version_8_9_2_26_", "8.9.2.26"),
    "libnccl.so.2": ("NCCL version 2.21.5+cuda12.4", "2.21.5"),
    "libnvJitLink.so.12": ("Cuda compilation tools, release 12.4, V12.4.127", "12.4.127"),
    "libnvrtc.so.12": ("Cuda compilation tools, release 12.1, V12.1.105", "12.1.105"),
    "libnvshmem_host.so.3": ("NVSHMEM v3.8.0", "3.8.0"),
}
"""As in the wheels that the table of texts names."""


@pytest.mark.parametrize("name", TEXTS)
def test_a_library_is_believed_what_it_says_inside(ask: Ask, name: str) -> None:
    text, version = TEXTS[name]
    assert ask(f"{SITE}/nvidia/x/lib/{name}", text) == (version, "text", "stated")


def test_a_text_of_another_major_version_is_not_believed(ask: Ask) -> None:
    assert ask("/usr/lib64/libnccl.so.2", "NCCL version 3.1.2") == (None, "file", "partial")


def test_another_librarys_text_says_nothing(ask: Ask) -> None:
    assert ask("/usr/lib64/libcudart.so.2", "NCCL version 2.1.2") == (None, "file", "partial")


def test_without_any_word_the_version_is_unknown(ask: Ask) -> None:
    assert ask("/usr/lib64/libcublas.so.12") == (None, "file", "partial")


def test_a_full_name_is_surer_than_a_text(ask: Ask) -> None:
    found = ask("/usr/lib64/libnccl.so.2.19.3", "NCCL version 2.21.5")
    assert found == ("2.19.3", "soname", "stated")


def test_a_header_is_surer_than_a_text(ask: Ask, tree: Any) -> None:
    macros = "".join(
        f"#define NCCL_{n} {v}\n" for n, v in zip(("MAJOR", "MINOR", "PATCH"), "218", strict=True)
    )
    tree.put(f"{SITE}/nvidia/nccl/include/nccl.h", macros)
    found = ask(f"{SITE}/nvidia/nccl/lib/libnccl.so.2", "NCCL version 2.21.5")
    assert found == ("2.1.8", "header", "stated")


def test_the_wheel_that_lists_a_file_is_exact_and_one_that_may_be_its_own_is_not(
    ask: Ask, tree: Any
) -> None:
    info = f"{SITE}/nvidia_nccl_cu12-2.21.5.dist-info"
    tree.put(info + "/METADATA", "Name: nvidia-nccl-cu12\n")
    path = f"{SITE}/nvidia/nccl/lib/libnccl.so.2"
    assert ask(path) == ("2.21.5", "metadata", "stated")
    tree.put(info + "/RECORD", "nvidia/nccl/lib/libnccl.so.2,,\n")
    assert ask(path, "NCCL version 2.1.1") == ("2.21.5", "metadata", "exact")


def test_an_rpm_owns_the_files_that_it_lists(ask: Ask, tree: Any) -> None:
    path = "/usr/local/cuda-12.4/targets/x86_64-linux/lib/libcublas.so.12"
    blobs = [
        header("bash", paths=("/usr/bin/bash", path)),
        header("libcublas-12-4", version="12.4.5.8", paths=("/etc/x", path, path + ".1")),
    ]
    database(tree.at("/var/lib/rpm/rpmdb.sqlite"), blobs)
    assert ask(path) == ("12.4.5.8", "metadata", "exact")


def test_an_rpm_of_another_name_owns_but_tells_no_version(ask: Ask, tree: Any) -> None:
    path = "/usr/lib64/libcudart.so.12"
    blobs = [header("cuda-everything", version="99", paths=(path,))]
    database(tree.at("/usr/lib/sysimage/rpm/rpmdb.sqlite"), blobs)
    assert ask(path) == (None, "file", "partial")
    owner = Owners(tree).in_rpm(path)
    assert (owner.name, owner.version) == ("cuda-everything", "99-3.el9")


def conda(tree: Any, entry: str, listed: object) -> None:
    tree.put(f"/opt/conda/conda-meta/{entry}.json", json.dumps({"files": listed}))


@pytest.mark.parametrize(
    ("entry", "path", "version"),
    [
        ("libcublas-12.4.5.8-he02047a_0", "lib/libcublas.so.12", "12.4.5.8"),
        ("libcublas-12.4.5.8-0", "targets/x86_64-linux/lib/libcublas.so.12", "12.4.5.8"),
        ("cudnn-9.1.0.70-h_0", "lib/libcudnn.so.9", "9.1.0.70"),
        ("nccl-2.21.5.1-h_0", "lib/libnccl.so.2", "2.21.5.1"),
        ("cudatoolkit-11.8.0-h_0", "lib/libcublas.so.11", None),
    ],
)
def test_a_conda_package_owns_the_files_that_it_lists(
    ask: Ask, tree: Any, entry: str, path: str, version: str | None
) -> None:
    conda(tree, entry, ["lib/other.txt", path])
    if "targets" in path:
        tree.put_link("/opt/conda/lib/libcublas.so.12", "../" + path)
    expected = ("metadata", "exact") if version else ("file", "partial")
    assert ask("/opt/conda/" + path, conda="/opt/conda") == (version, *expected)


@pytest.mark.parametrize("listed", [5, [5, None], {"lib/libcublas.so.12": 1}, None])
def test_a_malformed_conda_record_costs_the_owner_alone(
    ask: Ask, tree: Any, listed: object
) -> None:
    conda(tree, "libcublas-12.4.5.8-0", listed)
    tree.put("/opt/conda/conda-meta/libcufft-1-0.json", "{")
    assert ask("/opt/conda/lib/libcublas.so.12", conda="/opt/conda") == (None, "file", "partial")


PATTERN = re.compile(rb"version (\d{1,5})\.(\d{1,5})!")


def cut(data: bytes, size: int) -> list[bytes]:
    return [data[at : at + size] for at in range(0, len(data), size)]


@pytest.mark.parametrize("size", [1, 3, 7, 100, 5000])
def test_a_text_is_found_wherever_the_pieces_end(size: int) -> None:
    data = b"x" * 1000 + b"version 12.34! version 5.6!" + b"y" * 1000
    assert files.scan(cut(data, size), PATTERN, 1 << 20) == b"version 12.34!"
    assert files.scan(cut(data[:1014], size), PATTERN, 1 << 20) == b"version 12.34!"


@pytest.mark.parametrize("size", [1, 7, 5000])
def test_digits_that_go_on_in_the_next_piece_are_not_cut(size: int) -> None:
    pattern = re.compile(rb"v(\d{1,9})")
    assert files.scan(cut(b"a v123456 b", size), pattern, 100) == b"v123456"
    assert files.scan(cut(b"a v123456", size), pattern, 100) == b"v123456"


@pytest.mark.parametrize("size", [1, 7, 5000])
def test_nothing_is_looked_for_beyond_the_limit(size: int) -> None:
    data = b"x" * 90 + b"version 1.2!"
    assert files.scan(cut(data, size), PATTERN, 101) is None
    assert files.scan(cut(data, size), PATTERN, 102) == b"version 1.2!"
    assert files.scan([], PATTERN, 10) is None


def test_a_file_is_scanned_in_pieces(tree: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(files, "CHUNK", 64)
    tree.put("/f", b"x" * 5000 + b"version 1.2!")
    assert tree.find("/f", PATTERN) == b"version 1.2!"
    assert tree.find("/f", PATTERN, 100) is None
    with pytest.raises(FileNotFoundError):
        tree.find("/none", PATTERN)
