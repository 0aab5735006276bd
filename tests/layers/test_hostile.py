"""Hostile layers are read or refused as the table says, within bounds of time and memory."""

from __future__ import annotations

import resource
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Final

import pytest

from repro.errors import TargetError
from repro.layers.reading import read_layer
from tests.layers import hostile

if TYPE_CHECKING:
    from repro.layers.index import Layer

SECONDS: Final = 20
"""Of a processor: other work must not count."""
MEMORY: Final = 1 << 30
"""Bytes of address space that a reader of any layer has to do with."""


def paths(layer: Layer) -> set[str]:
    return {
        f"{folder}/{name}".lstrip("/") for folder, names in layer.tree.items() for name in names
    }


def check(case: hostile.Case) -> None:
    """Read a case; AssertionError where the reader does not do as the table says."""
    began = time.process_time()
    with case.open() as stream:
        if case.reads:
            _, layer = read_layer(stream)
            found = paths(layer)
            assert set(case.holds) <= found, f"{case.why} {sorted(found)}"
            assert found.isdisjoint(case.lacks), case.why
        else:
            with pytest.raises(TargetError):
                read_layer(stream)
    assert time.process_time() - began < SECONDS


@pytest.mark.parametrize("case", hostile.CASES, ids=lambda case: case.name)
def test_a_layer_is_read_or_refused_as_the_table_says(case: hostile.Case) -> None:
    check(case)


@pytest.mark.parametrize("case", hostile.COSTLY, ids=lambda case: case.name)
def test_a_costly_layer_costs_little(case: hostile.Case) -> None:
    """In a process of its own, whose memory ends where no layer should come."""
    command = [sys.executable, "-m", "tests.layers.test_hostile", case.name]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr[-2000:]


def test_names_of_cases_are_their_own() -> None:
    names = [case.name for case in (*hostile.CASES, *hostile.COSTLY)]
    assert len(names) == len(set(names))


def test_the_committed_seeds_are_what_the_table_makes() -> None:
    committed = {path.name: path.read_bytes() for path in hostile.SEEDS.glob("*.layer")}
    assert committed == hostile.seeds(), "run python -m tests.layers.hostile"


def main(name: str) -> None:
    """Check one costly case with little memory."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
    (case,) = (case for case in hostile.COSTLY if case.name == name)
    check(case)


if __name__ == "__main__":
    main(sys.argv[1])
