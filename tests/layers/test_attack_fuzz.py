"""Mutated layers are read or refused; `python -m tests.layers.fuzz` goes on for longer."""

from __future__ import annotations

import io
import random
from typing import TYPE_CHECKING

import pytest

from repro.errors import TargetError
from repro.layers.reading import read_layer
from tests.layers import fuzz

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("seed", [1, 2])
def test_mutated_layers_are_read_or_refused(seed: int, tmp_path: Path) -> None:
    assert fuzz.fuzz(3, seed, tmp_path) > 20


def test_the_mutator_makes_layers_of_which_a_part_is_read() -> None:
    """Otherwise nothing behind the first check would ever be reached."""
    chance, known, read = random.Random(0), fuzz.seeds(), 0  # noqa: S311
    for _ in range(200):
        try:
            read_layer(io.BytesIO(fuzz.mutated(chance, known)))
        except TargetError:
            continue
        read += 1
    assert 40 < read < 190


def test_a_reader_that_breaks_is_told_with_the_layer(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(_: object) -> None:
        raise KeyError("name")

    monkeypatch.setattr(fuzz, "read_layer", broken)
    with pytest.raises(fuzz.Broken, match=r"fuzz-7-0\.layer: KeyError"):
        fuzz.fuzz(1, 7, tmp_path)
    assert (tmp_path / "fuzz-7-0.layer").stat().st_size
