"""Compares many manifests at once, beside a loop that compares each with the first."""

from __future__ import annotations

import sys
import time
from typing import TYPE_CHECKING

from benchmarks.measure import Cost, once
from repro.diff import compare
from repro.manifest import Component, Manifest, Target, assemble, encode, load
from repro.policy import Policy
from repro.rules.catalog import load as rules
from repro.rules.judge import judge
from repro.verdict import decide
from tests.manifests import known, many

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

COMPONENTS = 400
LOOP = 200
"""Subjects of the loop; more would take minutes."""


def fleet(folder: Path) -> None:
    """Compare 10,000 manifests: a fleet as it is, and one in which no two are alike."""
    for title, distinct in (("as fleets are", 50), ("no two alike", 0)):
        place = folder / title.replace(" ", "-")
        place.mkdir()
        write(place, 10_000, distinct or 10_000)
        _report(f"10,000 manifests of 400 components, {title}", _diff(place))
    place = folder / "as-fleets-are"
    first = sorted(place.iterdir())[:LOOP]
    some = folder / "some"
    some.mkdir()
    for path in first:
        (some / path.name).write_bytes(path.read_bytes())
    _report(f"{LOOP} of them", _diff(some))
    start = time.perf_counter()
    loop(first)
    print(f"| {LOOP} of them, a loop of pairs | {time.perf_counter() - start:.1f} s | |")


def write(folder: Path, count: int, distinct: int) -> None:
    """Write manifests; of 100 subjects 97 are equal, and 3 one of `distinct` others."""
    base = many(COMPONENTS - 2)
    for number in range(count):
        odd = number % distinct + 1 if distinct >= count or number % 33 == 0 else 0
        (folder / f"host-{number:05}.json").write_bytes(encode(_host(base, number, odd)))


def _host(base: Manifest, number: int, odd: int) -> Manifest:
    """A host; an odd one has five packages of its own releases, or another kernel."""
    facts = list(base.facts)
    for place in range(5 if odd % 2 else 0):
        index = (odd * 31 + place) % len(facts)
        fact = facts[index]
        assert isinstance(fact, Component)
        facts[index] = known(fact.kind, fact.name, f"9.{odd}", **fact.properties)
    kernel = f"6.8.0-{odd if odd and odd % 2 == 0 else 1}"
    host = [known("kernel", "linux", kernel), known("gpu.driver", "nvidia", "550.54.15")]
    target = Target(kind="container", name=f"serve-{number}")
    return assemble(target, [*facts, *host], {"host": f"host-{number}", "at": number})


def _diff(folder: Path) -> Cost:
    command = [sys.executable, "-m", "repro", "diff", str(folder), "-f", f"json={folder}.report"]
    return once(command, {}, allowed=(0, 1))


def loop(paths: Iterable[Path]) -> None:
    """Read each manifest and compare it with the first, as one would without folding."""
    catalog, reference = rules(), None
    for path in paths:
        read = load(path)
        reference = reference or read
        comparison = compare(reference, read)
        decide(comparison, judge(comparison, catalog), Policy())


def _report(title: str, cost: Cost) -> None:
    print(f"| {title} | {cost.seconds:.1f} s | {cost.mebibytes:.0f} MiB |", flush=True)
