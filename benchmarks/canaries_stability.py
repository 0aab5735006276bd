"""Whether canaries come out the same each time: twenty repetitions, two of them at work at once."""

from __future__ import annotations

import sys
from typing import Final

from lab.venvs import interpreter
from tests.canary.computing import changes, repeated
from tests.canary.environments import CTRANSLATE2_NEW, TORCH

TIMES: Final = 20
ENVIRONMENTS: Final = {
    "numerics_numpy": ("numpy==1.26.4",),
    "random_numpy": ("numpy==1.26.4",),
    "numerics_python": ("numpy==1.26.4",),
    "numerics_ctranslate2": CTRANSLATE2_NEW,
    "random_torch": TORCH,
    "numerics_torch": TORCH,
    "model_torch": TORCH,
}
"""Environments by the canary that is repeated in them."""


def main(stems: list[str]) -> int:
    """Print how many repetitions differ from the first one; 1 where any does."""
    print(f"| canary | of {TIMES - 1} repetitions that differ |\n|---|---|")
    counts = [_differing(stem) for stem in stems or ENVIRONMENTS]
    return 1 if any(counts) else 0


def _differing(stem: str) -> int:
    first, *again = repeated(interpreter(*ENVIRONMENTS[stem]), stem, TIMES)
    count = sum(bool(changes(first, each)) for each in again)
    print(f"| {stem} | {count} |", flush=True)
    return count


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
