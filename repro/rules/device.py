"""Whether a library may compute on a GPU where it serves: what a CPU showed then says little."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from repro.manifest import Component

if TYPE_CHECKING:
    from repro.diff.change import Comparison
    from repro.manifest import Manifest

GPU: Final = ("cuda.library", "gpu.device")
KIND: Final = "framework"
CPU_PROVIDERS: Final = frozenset({"AzureExecutionProvider", "CPUExecutionProvider"})
"""The providers of ONNX Runtime's wheel without a GPU: the other one calls a service.

https://onnxruntime.ai/docs/execution-providers/
"""


class Devices:
    """Knows what GPUs and CUDA libraries a comparison holds, and whose build can use them."""

    def __init__(self, comparison: Comparison) -> None:
        self._sides = (comparison.a, comparison.b)

    @cached_property
    def _there(self) -> bool:
        return any(map(_holds, self._sides))

    def may_use(self, canary: str) -> bool:
        """Tell whether the framework of a canary may compute on a GPU on a side."""
        return self._there and not all(_cpu_alone(side, framework(canary)) for side in self._sides)


def framework(canary: str) -> str:
    """Name the framework whose operators a canary runs."""
    return next((name for name in ("onnx", "jax") if name in canary), "torch")


def _holds(side: Manifest) -> bool:
    return any(isinstance(fact, Component) and fact.kind.startswith(GPU) for fact in side.facts)


def _cpu_alone(side: Manifest, name: str) -> bool:
    """Tell whether all builds of a framework say that they have no code for a GPU."""
    told = [fact for fact in side.facts if fact.kind == KIND and fact.name.startswith(name)]
    known = [fact for fact in told if isinstance(fact, Component)]
    return bool(known) and len(known) == len(told) and all(map(_without, known))


def _without(framework: Component) -> bool:
    providers = framework.properties.get("providers")
    if framework.name == "onnxruntime" and isinstance(providers, list):
        return bool(providers) and all(provider in CPU_PROVIDERS for provider in providers)
    return framework.name == "torch" and (framework.version or "").endswith("+cpu")
