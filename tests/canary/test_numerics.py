"""Releases and CPU settings that are known to move bits are caught; others move nothing."""

from __future__ import annotations

import json
import os
import platform
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from lab.venvs import interpreter
from tests.canary.computing import changes, computed, only_rounding, repeated, value
from tests.canary.environments import (
    CTRANSLATE2,
    CTRANSLATE2_NEW,
    CTRANSLATE2_OLD,
    JAX_NEW,
    ONNX_NEW,
    ONNX_OLD,
    TORCH,
)

if TYPE_CHECKING:
    from repro.manifest import Component

AVX2 = platform.machine() == "x86_64" and " avx2 " in Path("/proc/cpuinfo").read_text()
needs_avx2 = pytest.mark.skipif(not AVX2, reason="turns vector code off that an AVX2 CPU has")
needs_cores = pytest.mark.skipif((os.cpu_count() or 1) < 2, reason="compares one thread with two")
FEW = 4
"""Repetitions of what takes seconds; `python -m benchmarks.canaries_stability` makes it twenty."""
VECTORS = "AVX2 FMA3 AVX512F AVX512CD AVX512_SKX AVX512_CLX AVX512_CNL AVX512_ICL"
KERNELS = """\
from .torch_kernels import collectives, kernels
def run(case, job):
    kernels(case, "cpu", 256)
    collectives(case, ["cpu"] * 4, lambda parts: [sum(parts[1:], parts[0])] * 4)
"""
LEAVES = """\
from .torch_cuda import spared
def run(case, job):
    def full():
        raise RuntimeError("CUDA out of memory. Tried to allocate 2 GiB")
    def wrong():
        raise RuntimeError("no kernel image is available")
    spared(case)("full", full)
    spared(case)("wrong", wrong)
"""


@cache
def numpy(version: str = "1.26.4", **settings: str) -> Component:
    return computed(interpreter(f"numpy=={version}"), "numerics_numpy", settings=settings)


@cache
def torch(**settings: str) -> Component:
    return computed(interpreter(*TORCH), "numerics_torch", settings=settings)


def test_a_release_that_changes_types_and_transforms_is_caught() -> None:
    found = changes(numpy(), numpy("2.0.2"))
    assert {"type of float32 + float", "text of scalars", "rfft/float32 [1000]"} < found.keys()
    old, new = found["type of float32 + float"].old, found["type of float32 + float"].new
    assert (old.told["value"], new.told["value"]) == ("float64", "float32")
    assert found["type of uint8 + large int"].new.told["error"] == "OverflowError"


@needs_avx2
def test_another_blas_kernel_moves_products_by_rounding_alone() -> None:
    haswell, nehalem = (numpy(OPENBLAS_CORETYPE=name) for name in ("Haswell", "Nehalem"))
    found = changes(haswell, nehalem)
    assert "matmul/float32 [64, 2048, 256]" in found
    assert "exp/float64" not in found
    assert only_rounding({name: each for name, each in found.items() if "row 0" not in name})


@needs_avx2
def test_vector_code_moves_functions_and_not_products() -> None:
    found = changes(numpy(), numpy(NPY_DISABLE_CPU_FEATURES=VECTORS))
    assert {"exp/float32", "log/float32"} < found.keys()
    assert not [name for name in found if name.startswith("matmul")]
    assert only_rounding({name: each for name, each in found.items() if "ties" not in name})


@needs_avx2
def test_threads_of_the_blas_move_products_by_rounding_alone() -> None:
    one, two = (
        numpy(OPENBLAS_NUM_THREADS=threads, OPENBLAS_CORETYPE="Haswell") for threads in "12"
    )
    found = changes(two, one)
    assert {"matmul/float32 [64, 2048, 256]", "inv/float64"} <= found.keys()
    assert not [name for name in found if "dot" in name or "exp" in name]
    assert only_rounding(found)


@pytest.mark.parametrize("stem", ["numerics_numpy", "numerics_python"])
def test_twenty_times_in_other_places_is_the_same(stem: str, tmp_path: Path) -> None:
    python = interpreter("numpy==1.26.4")
    other = {"PYTHONHASHSEED": "7", "LANG": "C", "HOME": str(tmp_path), "TZ": "Asia/Tokyo"}
    first, *again = repeated(python, stem, 10)
    again += repeated(python, stem, 10, settings=other, folder=tmp_path)
    assert [changes(first, each) for each in again] == [{}] * 19


@pytest.mark.parametrize("stem", ["numerics_numpy", "numerics_python"])
def test_a_canary_is_small(stem: str) -> None:
    told = computed(interpreter("numpy==1.26.4"), stem).properties
    assert len(json.dumps(told)) < 24_000


def test_sums_of_this_python_are_what_its_release_makes_of_them() -> None:
    found = computed(interpreter("numpy==1.26.4"), "numerics_python")
    compensated = tuple(map(int, platform.python_version_tuple()[:2])) >= (3, 12)
    assert value(found, "sum that cancels") == (1.0 if compensated else 0.0).hex()


def test_a_runtime_that_rewrites_graphs_says_that_it_moves_bits() -> None:
    old, new = (
        computed(interpreter(*pins, resolve=False), "numerics_onnxruntime")
        for pins in (ONNX_OLD, ONNX_NEW)
    )
    assert value(new, "matmul-gelu-matmul-layer_norm/optimized or not") == {"same_bits": False}
    assert value(new, "attention/one thread or all") == {"same_bits": True}
    found = changes(old, new)
    assert "MatMulInteger/uint8 int8 largest" not in found
    assert only_rounding(found)


@cache
def ctranslate2(pins: tuple[str, ...], **settings: str) -> Component:
    return computed(interpreter(*pins), "numerics_ctranslate2", settings=settings)


def test_releases_of_ctranslate2_that_compute_alike_are_equal() -> None:
    new = ctranslate2(CTRANSLATE2_NEW)
    assert new.properties["cases"] == 16
    results: Any = new.properties["results"]
    assert not [name for name, told in results.items() if "error" in told]
    assert changes(ctranslate2(CTRANSLATE2_OLD), new) == {}
    assert changes(ctranslate2(CTRANSLATE2), new) == {}


@needs_avx2
def test_ctranslate2_without_vector_code_moves_by_rounding_and_generates_the_same() -> None:
    vectors, none = (
        ctranslate2(CTRANSLATE2_NEW, CT2_FORCE_CPU_ISA=name) for name in ("AVX2", "GENERIC")
    )
    found = changes(vectors, none)
    assert {"decoder/float32 logits", "encoder/int8 states"} < found.keys()
    assert "decoder/float32 greedy" not in found
    assert only_rounding(found)


def test_ctranslate2_is_the_same_each_time() -> None:
    first, *again = repeated(interpreter(*CTRANSLATE2_NEW), "numerics_ctranslate2", FEW)
    assert [changes(first, each) for each in again] == [{}] * (FEW - 1)


@pytest.mark.heavy
@needs_avx2
@pytest.mark.parametrize(
    ("settings", "moved", "kept"),
    [
        (
            {"ATEN_CPU_CAPABILITY": "default"},
            "layer_norm/float32",
            "matmul/float32 [64, 2048, 256]",
        ),
        ({"ATEN_CPU_CAPABILITY": "default"}, "softmax/float32", "sum/float64 [2^20]"),
        ({"MKL_CBWR": "COMPATIBLE"}, "matmul/float32 [64, 2048, 256]", "layer_norm/float32"),
        ({"ONEDNN_MAX_CPU_ISA": "SSE41"}, "conv2d/float32 [32, 32, 32]", "layer_norm/float32"),
    ],
)
def test_cpu_settings_of_torch_move_what_they_are_about(
    settings: dict[str, str], moved: str, kept: str
) -> None:
    found = changes(torch(), torch(**settings))
    assert moved in found
    assert kept not in found


@pytest.mark.heavy
@needs_cores
def test_one_thread_cuts_a_long_sum_of_torch_otherwise() -> None:
    found = changes(torch(OMP_NUM_THREADS="2"), torch(OMP_NUM_THREADS="1"))
    assert found["sum/float32 [2^20]"].size
    assert "one thread or all/float32 sum [2^20]" in found
    assert "matmul/bfloat16 [64, 2048, 256]" not in found
    assert only_rounding({name: each for name, each in found.items() if "one thread" not in name})


@pytest.mark.heavy
def test_torch_is_the_same_each_time() -> None:
    first, *again = repeated(interpreter(*TORCH), "numerics_torch", FEW)
    assert [changes(first, each) for each in again] == [{}] * (FEW - 1)


@pytest.mark.heavy
def test_what_is_made_for_a_gpu_tells_exact_products_on_a_cpu() -> None:
    found = computed(interpreter(*TORCH), "kernels", modules={"kernels": KERNELS})
    assert value(found, "float32 whole in matmul") is True
    assert value(found, "float32 whole in conv2d") is True
    for name in ("float16", "bfloat16"):
        assert float.fromhex(value(found, f"sum that cancels/{name}")) == 0
        assert float.fromhex(value(found, f"sum of large and small/{name}")) == pytest.approx(
            16.25, 0.01
        )
    # One after another: 1e8 + 1 is 1e8 in float32, so that only the last 1 is left.
    assert value(found, "all-reduce that cancels/0 of 4") == [(1.0).hex()] * 4


@pytest.mark.heavy
def test_a_gpu_that_others_have_filled_leaves_cases_out_and_faults_in() -> None:
    found = computed(interpreter(*TORCH), "leaves", modules={"leaves": LEAVES})
    results: Any = found.properties["results"]
    assert {name: told["error"] for name, told in results.items()} == {"wrong": "RuntimeError"}


@pytest.mark.heavy
def test_jax_says_whether_it_compiles() -> None:
    python = interpreter(*JAX_NEW)
    found = changes(
        computed(python, "numerics_jax"),
        computed(python, "numerics_jax", settings={"JAX_DISABLE_JIT": "1"}),
    )
    assert "rms_norm compiled/bfloat16" in found
    assert "type of a float" not in found
