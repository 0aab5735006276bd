"""What numeric canaries take over an import of their library, and how large they are."""

from __future__ import annotations

import os
import statistics
import time
from typing import TYPE_CHECKING, Final

import msgspec

from lab.venvs import interpreter
from repro.manifest import Component
from tests.canary.computing import facts
from tests.canary.environments import JAX_NEW, ONNX_NEW, TORCH

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.manifest import Fact

ROUNDS: Final = 3
ENVIRONMENTS: Final = {
    "numpy": ("random_numpy", "numerics_numpy"),
    "torch": ("random_torch", "numerics_torch", "model_torch"),
    "transformers": ("model_transformers",),
    "jax": ("random_jax", "numerics_jax"),
    "onnxruntime": ("numerics_onnxruntime", "model_onnx"),
}
"""Canaries by the library that all of them import."""
IMPORTS: Final = """\
import importlib
def run(case, job):
    for name in {names}: importlib.import_module(name)
"""


def main() -> None:
    """Print a table: each canary alone in a child, and all that torch's environment has."""
    print(f"### Numerics: {os.cpu_count()} processors, medians of {ROUNDS}\n")
    print("| canary | cases | seconds | over the import | KB |\n|---|---|---|---|---|")
    for library, stems in ENVIRONMENTS.items():
        python = _python(library)
        nothing = _imports(python, library)
        for stem in stems:
            _row(python, (stem,), nothing)
    everything = (*ENVIRONMENTS["numpy"], "numerics_python", *ENVIRONMENTS["torch"])
    _row(_python("torch"), everything, _imports(_python("torch"), "torch", "numpy"))


def _python(library: str) -> str:
    if library == "onnxruntime":
        return interpreter(*ONNX_NEW, resolve=False)
    return interpreter(*(JAX_NEW if library == "jax" else TORCH))


def _imports(python: str, *names: str) -> float:
    """Return the seconds of a child that imports and does nothing more."""
    modules = {"imports": IMPORTS.format(names=names)}
    return _median(lambda: facts(python, "imports", modules=modules))[0]


def _row(python: str, stems: tuple[str, ...], nothing: float) -> None:
    seconds, found = _median(lambda: facts(python, *stems))
    known = [fact for fact in found.values() if isinstance(fact, Component)]
    cases = sum(int(str(fact.properties.get("cases", 0))) for fact in known)
    size = sum(len(msgspec.json.encode(fact)) for fact in known) / 1e3
    name = ", ".join(stems)
    print(f"| {name} | {cases} | {seconds:.1f} | {seconds - nothing:.1f} | {size:.0f} |")


def _median(take: Callable[[], dict[str, Fact]]) -> tuple[float, dict[str, Fact]]:
    rows: list[float] = []
    found: dict[str, Fact] = {}
    for _ in range(ROUNDS):
        start = time.perf_counter()
        found = take()
        rows.append(time.perf_counter() - start)
    return statistics.median(rows), found


if __name__ == "__main__":
    main()
