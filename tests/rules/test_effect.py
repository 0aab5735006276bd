"""A variable counts when something reads it, and when what it decides is not the same anyway."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from repro.rules.catalog import load
from repro.rules.finding import Status
from tests.manifests import known, manifest, setting, unreadable, verdict

if TYPE_CHECKING:
    from repro.manifest import Fact

NUMPY = known("python.package", "numpy", "2.2.6")


def judged(name: str, *beside: Fact, values: tuple[str, str] = ("1", "0")) -> tuple[str, Status]:
    a, b = (manifest(setting(name, value), *beside) for value in values)
    found = verdict(a, b, load())
    return found.findings[0].code, found.status


def test_a_variable_that_nothing_installed_reads_moves_nothing() -> None:
    assert judged("VLLM_BATCH_INVARIANT", NUMPY) == ("NOREADER", Status.EQUIVALENT)


@pytest.mark.parametrize(
    "reader",
    [
        known("python.package", "vllm", "0.11.0"),
        known("conda.package", "vllm", "0.11.0"),
        known("program", "llama-server", scope="image"),
        unreadable("python.package", "vllm"),
        unreadable("python.package", "*"),
    ],
    ids=["installed", "by conda", "no Python", "unreadable", "all unreadable"],
)
def test_a_variable_that_something_may_read_counts(reader: Fact) -> None:
    a, b = (manifest(setting("VLLM_BATCH_INVARIANT", v), NUMPY, reader) for v in "10")
    found = verdict(a, b, load())
    assert any(finding.code.startswith("ENV") for finding in found.findings)
    assert found.status.rank > Status.EQUIVALENT.rank


def test_a_reader_on_one_side_is_enough() -> None:
    vllm = known("python.package", "vllm", "0.11.0")
    a = manifest(setting("VLLM_BATCH_INVARIANT", "1"), NUMPY, vllm)
    b = manifest(setting("VLLM_BATCH_INVARIANT", "0"), NUMPY)
    codes = [finding.code for finding in verdict(a, b, load()).findings]
    assert "NOREADER" not in codes


def test_without_any_python_package_nobody_knows_who_reads_it() -> None:
    assert judged("VLLM_BATCH_INVARIANT")[0] != "NOREADER"


def test_a_library_of_cuda_reads_its_own_variables() -> None:
    cublas = known("cuda.library", "cublas", "12.4.5")
    assert judged("CUBLAS_WORKSPACE_CONFIG", NUMPY)[0] == "NOREADER"
    assert judged("CUBLAS_WORKSPACE_CONFIG", NUMPY, cublas)[0] != "NOREADER"


def test_what_a_variable_resolved_to_beats_its_text() -> None:
    simd = known("framework", "numpy", "2.2.6", simd=["AVX2"])
    code, status = judged("NPY_DISABLE_CPU_FEATURES", NUMPY, simd, values=("AVX512F", ""))
    assert (code, status) == ("RESOLVED", Status.EQUIVALENT)


def test_what_resolved_to_something_else_still_counts() -> None:
    a = manifest(setting("NPY_DISABLE_CPU_FEATURES", "AVX2"), known("framework", "numpy", simd=[]))
    b = manifest(
        setting("NPY_DISABLE_CPU_FEATURES", ""), known("framework", "numpy", simd=["AVX2"])
    )
    codes = [finding.code for finding in verdict(a, b, load()).findings]
    assert "RESOLVED" not in codes


@pytest.mark.parametrize("name", ["blas.loaded", "*"])
def test_what_could_not_be_read_resolves_nothing(name: str) -> None:
    blas = known("blas.loaded", "openblas", "0.3.27")
    hidden = unreadable("blas.loaded" if name == "*" else name, "*")
    assert judged("LD_LIBRARY_PATH", NUMPY, blas)[0] == "RESOLVED"
    assert judged("LD_LIBRARY_PATH", NUMPY, blas, hidden)[0] != "RESOLVED"
