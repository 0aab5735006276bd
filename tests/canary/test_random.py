"""Streams of real releases: what is promised to stay is the same, what changed is named."""

from __future__ import annotations

import pytest

from lab.venvs import interpreter
from repro.manifest import Absent
from tests.canary.computing import changes, computed, facts, only_rounding, value
from tests.canary.environments import JAX_NEW, JAX_OLD, TORCH

BOUNDARIES = """\
from .torch_draws import boundaries
def run(case, job): boundaries(case, "cpu", (20, 30), 20, 500)
"""
NUMBERS = """\
from . import filled, fixed
def run(case, job):
    case("hash", lambda: fixed.floats(100, 5))
    case("numpy", lambda: [float(x) for x in filled.numpy_floats((10, 10), 5).ravel()])
"""
TORCH_NUMBERS = NUMBERS.replace("numpy_floats", "torch_floats").replace("ravel", "flatten")


def test_the_legacy_stream_of_numpy_is_frozen_and_so_was_the_new_one() -> None:
    old, new = (computed(interpreter(f"numpy=={v}"), "random_numpy") for v in ("1.26.4", "2.0.2"))
    assert old.properties["cases"] == 96
    assert changes(old, new) == {}


def test_one_distribution_that_draws_otherwise_is_named() -> None:
    old, new = (computed(interpreter(f"numpy=={v}"), "random_numpy") for v in ("2.0.2", "2.4.6"))
    assert list(changes(old, new)) == ["Generator/wald"]


def test_arrays_are_filled_with_the_numbers_of_the_hash() -> None:
    for version in ("1.26.4", "2.4.6"):
        python = interpreter(f"numpy=={version}")
        found = computed(python, "numbers", modules={"numbers": NUMBERS})
        assert value(found, "hash") == value(found, "numpy")


@pytest.mark.heavy
def test_tensors_are_filled_with_the_numbers_of_the_hash() -> None:
    found = computed(interpreter(*TORCH), "numbers", modules={"numbers": TORCH_NUMBERS})
    assert value(found, "hash") == value(found, "numpy")


@pytest.mark.heavy
def test_threads_do_not_move_what_torch_draws() -> None:
    python = interpreter(*TORCH)
    old = computed(python, "random_torch")
    assert changes(old, computed(python, "random_torch", settings={"OMP_NUM_THREADS": "1"})) == {}


@pytest.mark.heavy
def test_vector_code_rounds_normal_draws_of_torch_otherwise_and_is_the_same_stream() -> None:
    python = interpreter(*TORCH)
    plain = {"ATEN_CPU_CAPABILITY": "default"}
    found = changes(
        computed(python, "random_torch"), computed(python, "random_torch", settings=plain)
    )
    assert "randn/float32 [16]" in found
    assert "randn/float32 [15]" not in found
    assert "rand/float32 [1000]" not in found
    assert only_rounding(found)


@pytest.mark.heavy
def test_draws_past_a_boundary_are_told_apart_from_those_before() -> None:
    python = interpreter(*TORCH)
    found = computed(python, "past", modules={"past": BOUNDARIES})
    results = found.properties["results"]
    assert isinstance(results, dict)
    assert {"rand/float32 [20] head", "rand/float32 [30] tail"} < results.keys()
    assert "rand/float32 [20] tail" not in results


@pytest.mark.heavy
def test_a_gpu_that_is_not_there_is_no_fault() -> None:
    names = ("random_torch_cuda", "numerics_torch_cuda", "model_torch_cuda")
    found = facts(interpreter(*TORCH), *names)
    assert all(isinstance(fact, Absent) for fact in found.values())


@pytest.mark.heavy
def test_the_stream_of_jax_broke_with_0_5() -> None:
    old, new = (computed(interpreter(*pins), "random_jax") for pins in (JAX_OLD, JAX_NEW))
    found = changes(old, new)
    assert {"bits", "uniform", "normal", "split"} < found.keys()
    assert not {"key", "fold_in", "rbg/bits"} & found.keys()
