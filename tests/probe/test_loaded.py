"""What a process has mapped: parsing, naming, and the processes of a target at work."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import os
import subprocess
import sys
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import loaded, modules
from repro.probe.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from types import ModuleType

Facts = list[dict[str, Any]]
HOLDS = "import ctypes, sys; ctypes.CDLL(sys.argv[1]); print('ready', flush=True); sys.stdin.read()"
ROW = "7f26a7c00000-7f26a7c22000 r-xp 00002000 08:01 131088                     "


def maps(*paths: str) -> str:
    lines = ["55d0c5a00000-55d0c5a21000 rw-p 00000000 00:00 0                          [heap]"]
    lines += ["7ffd5d5d9000-7ffd5d5fa000 rw-p 00000000 00:00 0 "]
    return "\n".join([*lines, *(ROW + path for path in paths for _ in range(4))]) + "\n"


def from_maps(tree: Any, *paths: str, known: Facts | None = None) -> Facts:
    return list(loaded.from_maps(tree, maps(*paths), known or [], "maps"))


def test_names_what_is_mapped_once_with_its_build_id(standin: ModuleType, tree: Any) -> None:
    standin.library(tree.at("/opt/lib/libcudnn.so.9"))
    (fact,) = from_maps(tree, "/usr/bin/python3.11", "/opt/lib/libcudnn.so.9", "/lib/libm.so.6")
    assert (fact["scope"], fact["kind"], fact["name"]) == ("process", loaded.CUDA, "cudnn")
    assert (fact["location"], fact["source"]) == ("/opt/lib/libcudnn.so.9", "maps")
    assert len(fact["properties"]["build_id"]) == 40
    assert "version" not in fact


def test_takes_the_version_of_the_same_file_on_the_disk(tree: Any) -> None:
    known = [{"location": "/opt/lib/libcudnn.so.9", "version": "9.1.0.70"}]
    (fact,) = from_maps(tree, "/opt/lib/libcudnn.so.9", known=known)
    assert fact["version"] == "9.1.0.70"


def test_follows_links_to_the_real_path(standin: ModuleType, tree: Any) -> None:
    standin.library(tree.at("/opt/lib/libnccl.so.2.21.5"))
    tree.put_link("/usr/lib/libnccl.so.2", "../../opt/lib/libnccl.so.2.21.5")
    (fact,) = from_maps(tree, "/usr/lib/libnccl.so.2")
    assert fact["location"] == "/opt/lib/libnccl.so.2.21.5"


def test_a_deleted_file_is_told_as_such_and_has_no_version(tree: Any) -> None:
    known = [{"location": "/opt/lib/libcudnn.so.9.1.0", "version": "9.1.0"}]
    (fact,) = from_maps(tree, "/opt/lib/libcudnn.so.9.1.0 (deleted)", known=known)
    assert fact["location"] == "/opt/lib/libcudnn.so.9.1.0"
    assert fact["properties"] == {"deleted": True}
    assert "version" not in fact


def test_reads_a_path_with_blanks(tree: Any) -> None:
    (fact,) = from_maps(tree, "/opt/my env/libcudart.so.12")
    assert fact["location"] == "/opt/my env/libcudart.so.12"


def test_tells_which_libcuda_is_in_use(tree: Any) -> None:
    (fact,) = from_maps(tree, "/usr/local/cuda-12.4/compat/libcuda.so.550.54.15")
    assert (fact["name"], fact["version"]) == ("libcuda", "550.54.15")


@pytest.mark.parametrize(
    ("file", "kind", "name", "version"),
    [
        ("libopenblasp-r0.3.21.so", loaded.BLAS, "openblas", "0.3.21"),
        ("libopenblas64_p-r0-0cf96a72.3.23.dev.so", loaded.BLAS, "openblas", "0.3.23"),
        ("libscipy_openblas64_-56d6093b.so", loaded.BLAS, "openblas", None),
        ("libmkl_core.so.2", loaded.BLAS, "mkl_core", None),
        ("libmkl_rt.so.1", loaded.BLAS, "mkl_rt", None),
        ("libblis.so.4", loaded.BLAS, "blis", None),
        ("libblas.so.3", loaded.BLAS, "blas", None),
        ("libgomp.so.1.0.0", loaded.OPENMP, "gomp", None),
        ("libgomp-a34b3233.so.1", loaded.OPENMP, "gomp", None),
        ("libiomp5.so", loaded.OPENMP, "iomp5", None),
        ("libomp.so", loaded.OPENMP, "omp", None),
    ],
)
def test_names_blas_and_openmp_libraries(
    tree: Any, file: str, kind: str, name: str, version: str | None
) -> None:
    (fact,) = from_maps(tree, f"/opt/{file}")
    assert (fact["kind"], fact["name"], fact.get("version")) == (kind, name, version)


@pytest.mark.parametrize("text", ["", "\n\n", "garbage", "a b c d e f", ROW])
def test_garbage_yields_nothing(tree: Any, text: str) -> None:
    assert list(loaded.from_maps(tree, text, [], "maps")) == []


def process(tree: Any, pid: int, text: str | None, parent: int = 1, name: str = "server") -> None:
    tree.put(f"/proc/{pid}/stat", f"{pid} ({name}) S {parent} {pid} 0 0 -1")
    if text is not None:
        tree.put(f"/proc/{pid}/maps", text)


def test_looks_at_the_targets_processes_but_not_at_ours(
    tree: Any, make_context: Callable[..., Any]
) -> None:
    ours = os.getpid()
    process(tree, 1, maps("/opt/libcudnn.so.9"), name="my (odd) server")
    process(tree, ours, maps("/opt/libnccl.so.2"))
    process(tree, ours + 1, maps("/opt/libcufft.so.11"), parent=ours)
    process(tree, ours + 2, maps("/opt/libcurand.so.10"), parent=ours + 1)
    tree.put("/proc/meminfo")
    facts = list(loaded.collect(tree, make_context(running=True)))
    assert [(fact["state"], fact["kind"], fact["name"]) for fact in facts] == [
        ("known", loaded.CUDA, "cudnn"),
        ("absent", loaded.BLAS, "*"),
        ("absent", loaded.OPENMP, "*"),
        ("absent", modules.KIND, "*"),
    ]


def test_a_process_that_ends_meanwhile_is_passed_over(
    tree: Any, make_context: Callable[..., Any]
) -> None:
    process(tree, 1, None)
    facts = list(loaded.collect(tree, make_context(running=True)))
    assert {fact["state"] for fact in facts} == {"absent"}


def test_what_may_not_be_read_is_unreadable_and_never_absent(
    tree: Any, make_context: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    process(tree, 1, maps("/opt/libcudnn.so.9"))
    process(tree, 7, "", name="vault")
    reading = tree.text

    def text(path: str) -> Any:
        if path == "/proc/7/maps":
            raise PermissionError(13, "Permission denied", path)
        return reading(path)

    monkeypatch.setattr(tree, "text", text)
    facts = list(loaded.collect(tree, make_context(running=True)))
    assert [(fact["state"], fact["kind"]) for fact in facts] == [
        ("known", loaded.CUDA),
        ("unreadable", loaded.CUDA),
        ("unreadable", loaded.BLAS),
        ("unreadable", loaded.OPENMP),
        ("unreadable", modules.KIND),
    ]
    assert facts[1]["reason"] == "the maps of vault may not be read"


@pytest.fixture
def holder(standin: ModuleType, tmp_path: Path) -> Iterator[tuple[int, Path]]:
    """A real process outside our tree that has a library mapped; its id and the library."""
    path = standin.library(tmp_path / "libcudnn.so.9")
    script = 'exec 3<&0; "$0" -c "$1" "$2" <&3 & echo $!; wait'
    command = ["sh", "-c", script, sys.executable, HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as shell:
        assert shell.stdout is not None
        lines = sorted((shell.stdout.readline().strip(), shell.stdout.readline().strip()))
        yield int(lines[0]), path
        assert shell.stdin is not None
        shell.stdin.close()


def test_reads_a_real_process(holder: tuple[int, Path]) -> None:
    pid, path = holder
    text = Files().text(f"/proc/{pid}/maps")
    facts = list(loaded.from_maps(Files(), text, [], "maps"))
    assert str(path.resolve()) in {fact["location"] for fact in facts if fact["name"] == "cudnn"}


def test_a_real_child_of_ours_is_not_the_targets(
    holder: tuple[int, Path], make_context: Callable[..., Any]
) -> None:
    facts = loaded.collect(Files(), make_context(running=True))
    assert str(holder[1].resolve()) not in {fact.get("location") for fact in facts}


def test_a_target_that_is_not_at_work_has_nothing_to_say(
    tree: Any, make_context: Callable[..., Any]
) -> None:
    assert list(loaded.collect(tree, make_context())) == []


def test_names_the_distributions_whose_compiled_modules_are_mapped(tree: Any) -> None:
    site = "/opt/venv/lib/python3.11/site-packages"
    tree.put(f"{site}/Fast_Lib-1.2.dist-info/RECORD", "fast/core.so,sha256=x,9\nfast/a.py,,\n")
    tree.put(f"{site}/idle-3.0.dist-info/RECORD", '"idle/core.so",sha256=x,9\n')
    tree.put(f"{site}/unlisted-1.dist-info/METADATA")
    text = maps(f"{site}/fast/core.so", f"{site}/stray.so", "/usr/lib/python3/dist-packages/b.so")
    (fact,) = modules.collect(tree, text)
    told = (fact["scope"], fact["kind"], fact["name"], fact["version"], fact["location"])
    assert told == ("process", modules.KIND, "fast-lib", "1.2", site)


def test_names_what_a_real_process_has_imported() -> None:
    script = "import msgspec; print(open('/proc/self/maps').read())"
    text = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    names = {fact["name"]: fact["version"] for fact in modules.collect(Files(), text.stdout)}
    assert names["msgspec"] == version("msgspec")
    assert "hypothesis" not in names
