"""Tiny models say where two generations part, and that rounding is rounding."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.venvs import interpreter
from repro.probe.canary.generation import PROMPT, greedy
from repro.rules.diverging import divergences, tell
from tests.canary.computing import changes, computed, repeated, value
from tests.canary.environments import ONNX_NEW, ONNX_OLD, TORCH, TORCH_LATER

if TYPE_CHECKING:
    from collections.abc import Sequence

OTHER_WEIGHTS = """\
from . import torch_model
def run(case, job):
    made = torch_model._weights
    def moved(dtype, device):
        found = made(dtype, device)
        found["down 2"] = found["down 2"] * 1.5
        return found
    torch_model._weights = moved
    torch_model.generations(case, "cpu")
    torch_model._weights = made
"""


def test_the_likeliest_token_is_taken_and_its_lead_is_told() -> None:
    def scores(tokens: Sequence[int]) -> list[float]:
        return [0.0, 1.0, 3.0] if len(tokens) == len(PROMPT) else [2.0, 2.0, 0.0]

    found: dict[str, Any] = greedy(scores, 2)  # type: ignore[no-untyped-call]
    assert found["tokens"] == [2, 0]
    assert found["gaps"] == [2.0, 0.0]
    assert found["logprobs"] == [-0.169846, -0.758624]


def test_a_model_of_onnx_runtime_keeps_its_tokens_over_releases() -> None:
    old, new = (
        computed(interpreter(*pins, resolve=False), "model_onnx") for pins in (ONNX_OLD, ONNX_NEW)
    )
    assert len(value(new, "greedy/float32 default")["tokens"]) == 32
    assert len(set(value(new, "greedy/float32 default")["tokens"])) > 16
    found = divergences(changes(old, new).values())
    assert all(divergence.rounding for divergence in found)


@pytest.mark.heavy
def test_a_model_of_torch_keeps_its_tokens_where_only_rounding_differs() -> None:
    python = interpreter(*TORCH)
    plain = {"ATEN_CPU_CAPABILITY": "default"}
    found = changes(
        computed(python, "model_torch"), computed(python, "model_torch", settings=plain)
    )
    assert "logits/float32" in found
    told = {divergence.name: divergence for divergence in divergences(found.values())}
    assert told["greedy/float32"].rounding


@pytest.mark.heavy
def test_other_weights_part_the_generations_at_a_token_that_is_told() -> None:
    python = interpreter(*TORCH)
    other = computed(python, "other", modules={"other": OTHER_WEIGHTS})
    found = divergences(changes(computed(python, "model_torch"), other).values())
    (parted,) = (each for each in found if each.name == "greedy/float32")
    assert parted.token is not None
    assert parted.gap is not None
    assert "(greedy/float32)" in tell([parted])


@pytest.mark.heavy
def test_the_next_major_transformers_loads_another_type_and_generates_the_same() -> None:
    old, new = (computed(interpreter(*pins), "model_transformers") for pins in (TORCH, TORCH_LATER))
    loaded = [value(side, "loaded/type") for side in (old, new)]
    assert loaded == ["torch.float32", "torch.bfloat16"]
    assert changes(old, new).keys() == {
        "fresh GenerationConfig",
        "loaded/settings",
        "loaded/type",
    }


@pytest.mark.heavy
@pytest.mark.parametrize("stem", ["model_torch", "model_transformers"])
def test_generations_are_the_same_each_time(stem: str) -> None:
    first, *again = repeated(interpreter(*TORCH), stem, 5)
    assert [changes(first, each) for each in again] == [{}] * 4
