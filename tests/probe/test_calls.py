"""Versions by call: every encoding, and libraries that abort, hang or lie in their way."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import calls
from repro.probe.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from types import ModuleType

Facts = list[dict[str, Any]]
ABORTS = """
#include <stdio.h>
#include <stdlib.h>
unsigned long cudnnGetVersion(void) {
    fputs("Could not load library libcudnn_graph.so.9\\n", stderr);
    abort();
}
"""


def size(symbol: str, value: int) -> str:
    return f"unsigned long {symbol}(void) {{ return {value}; }}\n"


def out(symbol: str, value: int) -> str:
    return f"int {symbol}(int *v) {{ *v = {value}; return 0; }}\n"


def pair(symbol: str, major: int, minor: int) -> str:
    return f"int {symbol}(int *a, int *b) {{ *a = {major}; *b = {minor}; return 0; }}\n"


def parts(symbol: str, *values: int) -> str:
    body = ", ".join(str(value) for value in values)
    return f"int {symbol}(int t, int *v) {{ static int p[] = {{{body}}}; *v = p[t]; return 0; }}\n"


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """A real site directory, since a child loads what is found there."""
    return tmp_path / "site-packages"


@pytest.fixture
def add(standin: ModuleType, site: Path) -> Callable[..., str]:
    def put(path: str, code: str, *flags: str) -> str:
        return str(standin.library(site / path, code, *flags))

    return put


def below(prefix: Path, context: Any) -> Facts:
    """The facts about libraries under the folder; a machine may have libraries of its own."""
    facts = calls.collect(Files(), context)
    return [fact for fact in facts if str(prefix) in fact.get("location", fact.get("reason"))]


@pytest.fixture
def ask(make_context: Callable[..., Any], site: Path) -> Callable[..., Facts]:
    """Collect the facts about the libraries in the site directory."""
    return lambda **options: below(site, make_context(str(site), **options))


@pytest.mark.parametrize(
    ("file", "code", "version"),
    [
        ("libcudart.so.12", out("cudaRuntimeGetVersion", 12090), "12.9"),
        ("libcudart.so.13", out("cudaRuntimeGetVersion", 13000), "13.0"),
        ("libcudnn.so.8", size("cudnnGetVersion", 8907), "8.9.7"),
        ("libcudnn.so.9", size("cudnnGetVersion", 91002), "9.10.2"),
        ("libcudnn.so.9", size("cudnnGetVersion", 90100), "9.1.0"),
        ("libcudnn.so.10", size("cudnnGetVersion", 100203), "10.2.3"),
        ("libnccl.so.2", out("ncclGetVersion", 2804), "2.8.4"),
        ("libnccl.so.2", out("ncclGetVersion", 22703), "2.27.3"),
        ("libcublas.so.12", parts("cublasGetProperty", 12, 8, 4), "12.8.4"),
        (
            "libcublas.so.12",
            "int cublasGetVersion_v2(void *h, int *v) { *v = h ? 1 : 120804; return 0; }",
            "12.8.4",
        ),
        ("libcublasLt.so.12", size("cublasLtGetVersion", 130101), "13.1.1"),
        ("libcublasLt.so.11", parts("cublasLtGetProperty", 11, 11, 3), "11.11.3"),
        ("libcufft.so.12", out("cufftGetVersion", 12000), "12.0.0"),
        ("libcufft.so.10", parts("cufftGetProperty", 10, 9, 0), "10.9.0"),
        ("libcurand.so.10", out("curandGetVersion", 10400), "10.4.0"),
        ("libcusolver.so.12", out("cusolverGetVersion", 12004), "12.0.4"),
        ("libcusparse.so.12", parts("cusparseGetProperty", 12, 6, 3), "12.6.3"),
        ("libcusparseLt.so.0", parts("cusparseLtGetProperty", 0, 8, 1), "0.8.1"),
        ("libnvrtc.so.13", pair("nvrtcVersion", 13, 0), "13.0"),
        ("libnvJitLink.so.13", pair("nvJitLinkVersion", 13, 5), "13.5"),
        (
            "libnvshmem_host.so.3",
            (
                "void nvshmemx_vendor_get_version_info(int *a, int *b, int *c)"
                "{ *a = 3; *b = 8; *c = 0; }"
            ),
            "3.8.0",
        ),
        ("libnvinfer.so.8", "int getInferLibVersion(void) { return 8601; }", "8.6.1"),
        ("libnvinfer.so.10", "int getInferLibVersion(void) { return 101602; }", "10.16.2"),
    ],
)
def test_decodes_each_librarys_own_number(
    add: Callable[..., str],
    ask: Callable[..., Facts],
    file: str,
    code: str,
    version: str,
) -> None:
    path = add(f"nvidia/x/lib/{file}", code)
    (fact,) = ask()
    assert (fact["state"], fact["scope"], fact["kind"]) == ("known", "process", calls.KIND)
    assert (fact["version"], fact["source"], fact["location"]) == (version, "call", path)


def test_tells_what_cudnn_was_built_with(
    add: Callable[..., str], ask: Callable[..., Facts]
) -> None:
    add(
        "nvidia/cudnn/lib/libcudnn.so.9",
        size("cudnnGetVersion", 92400)
        + size("cudnnGetCudartVersion", 13030)
        + size("cudnnGetMaxDeviceVersion", 1210),
    )
    (fact,) = ask()
    assert fact["properties"] == {"cudart": "13.3", "max_capability": "12.1"}


def test_a_library_that_aborts_costs_only_itself(
    add: Callable[..., str], ask: Callable[..., Facts]
) -> None:
    add("nvidia/cublas/lib/libcublas.so.12", parts("cublasGetProperty", 12, 4, 5))
    path = add("nvidia/cudnn/lib/libcudnn.so.9", ABORTS)
    add("nvidia/nccl/lib/libnccl.so.2", out("ncclGetVersion", 22105))
    facts = {fact["name"]: fact for fact in ask()}
    assert facts["cublas"]["version"] == "12.4.5"
    assert facts["nccl"]["version"] == "2.21.5"
    assert facts["cudnn"]["state"] == "unreadable"
    assert facts["cudnn"]["reason"] == (
        f"{path}: killed by signal 6: Could not load library libcudnn_graph.so.9"
    )


def test_a_library_that_hangs_leaves_the_rest_unasked_but_told(
    add: Callable[..., str], ask: Callable[..., Facts]
) -> None:
    code = "#include <unistd.h>\nunsigned long cudnnGetVersion(void) { for (;;) pause(); }"
    add("nvidia/cudnn/lib/libcudnn.so.9", code)
    add("nvidia/nccl/lib/libnccl.so.2", out("ncclGetVersion", 22105))
    facts = ask(timeout=4)
    reasons = {fact["name"]: fact["reason"] for fact in facts}
    assert "no answer in" in reasons["cudnn"]
    assert "no time left to call it" in reasons["nccl"]


def test_two_copies_answer_each_for_itself(
    add: Callable[..., str], ask: Callable[..., Facts]
) -> None:
    # Both need a library of one name, which a process has only once.
    for folder, value in (("a", 90100), ("b", 91002)):
        part = add(f"nvidia/{folder}/lib/libpart.so.1", size("part", value))
        add(
            f"nvidia/{folder}/lib/libcudnn.so.9",
            "unsigned long part(void); unsigned long cudnnGetVersion(void) { return part(); }",
            part,
            "-Wl,-rpath,$ORIGIN",
        )
    facts = ask()
    assert [(fact["name"], fact["version"]) for fact in facts] == [
        ("cudnn", "9.1.0"),
        ("cudnn", "9.10.2"),
    ]


@pytest.mark.parametrize("as_sites", [True, False])
def test_copies_in_two_places_are_never_in_one_process(
    standin: ModuleType, make_context: Callable[..., Any], tmp_path: Path, *, as_sites: bool
) -> None:
    sites = [tmp_path / "a", tmp_path / "b"]
    folders = [site / "nvidia" / "cublas" / "lib" for site in sites]
    for folder, value in zip(folders, (120405, 120804), strict=True):
        light = standin.library(folder / "libcublasLt.so.12", size("cublasLtGetVersion", value))
        standin.library(
            folder / "libcublas.so.12",
            "unsigned long cublasLtGetVersion(void);"
            "int cublasGetVersion_v2(void *h, int *v) { *v = cublasLtGetVersion(); return !!h; }",
            str(light),
        )
    path = ":".join(map(str, folders))
    there = make_context(image={"Env": [f"LD_LIBRARY_PATH={path}"]})
    facts = below(tmp_path, make_context(*map(str, sites)) if as_sites else there)
    told = {(fact["name"], fact["version"]) for fact in facts}
    assert told == {
        ("cublas", "12.4.5"),
        ("cublaslt", "12.4.5"),
        ("cublas", "12.8.4"),
        ("cublaslt", "12.8.4"),
    }


def test_a_dependency_in_another_wheels_folder_is_found(
    add: Callable[..., str], ask: Callable[..., Facts]
) -> None:
    link = add("nvidia/nvjitlink/lib/libnvJitLink.so.12", pair("nvJitLinkVersion", 12, 4))
    code = "int nvJitLinkVersion(int *, int *);" + parts("cusparseGetProperty", 12, 3, 1)
    add("nvidia/cusparse/lib/libcusparse.so.12", code, "-Wl,--no-as-needed", link)
    facts = {fact["name"]: fact for fact in ask()}
    assert facts["cusparse"]["version"] == "12.3.1"


@pytest.mark.parametrize(
    ("code", "reason"),
    [
        ("int nothing;", "it has no ncclGetVersion"),
        ("int ncclGetVersion(int *v) { return *v ? 3 : 0; }", "ncclGetVersion returned 3"),
        (
            "int gone(void); int ncclGetVersion(int *v) { return gone(); }",
            "undefined symbol: gone",
        ),
    ],
)
def test_a_library_that_gives_no_version_is_unreadable_with_the_reason(
    add: Callable[..., str],
    ask: Callable[..., Facts],
    code: str,
    reason: str,
) -> None:
    add("nvidia/nccl/lib/libnccl.so.2", code)
    (fact,) = ask()
    assert fact["state"] == "unreadable"
    assert reason in fact["reason"]


def test_a_library_that_prints_does_not_disturb_the_answers(
    add: Callable[..., str], ask: Callable[..., Facts]
) -> None:
    code = (
        "#include <stdio.h>\nint ncclGetVersion(int *v)"
        '{ *v = 22105; printf("noise without an end"); fflush(stdout); return 0; }'
    )
    add("nvidia/nccl/lib/libnccl.so.2", code)
    (fact,) = ask()
    assert fact["version"] == "2.21.5"


def test_a_python_that_cannot_start_is_the_reason(
    add: Callable[..., str],
    ask: Callable[..., Facts],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    add("nvidia/nccl/lib/libnccl.so.2", out("ncclGetVersion", 22105))
    monkeypatch.setattr(sys, "executable", "/nowhere/python")
    (fact,) = ask()
    assert "cannot start /nowhere/python: No such file or directory" in fact["reason"]


def test_a_python_without_ctypes_is_the_reason(
    add: Callable[..., str],
    ask: Callable[..., Facts],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    path = add("nvidia/nccl/lib/libnccl.so.2", out("ncclGetVersion", 22105))
    monkeypatch.setattr(calls, "CODE", "sys.modules['_ctypes'] = None\n" + calls.CODE)
    (fact,) = ask()
    assert fact["state"] == "unreadable"
    assert fact["reason"].startswith(f"{path}: this Python has no ctypes: ")


def test_nothing_to_call_is_absent(tree: Any, make_context: Callable[..., Any]) -> None:
    (fact,) = calls.collect(tree, make_context())
    assert (fact["state"], fact["kind"], fact["name"]) == ("absent", calls.KIND, "*")
