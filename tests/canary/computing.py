"""Runs shipped canaries in an interpreter, and names the cases that differ between two runs."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

from repro.diff.measure import CaseChange, measure
from repro.manifest import Component
from repro.target import canaries, pack
from repro.target.answer import Output, parse
from tests.manifests import manifest

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from repro.manifest import Fact

BUDGET = 300


def facts(python: str, *stems: str, **more: Any) -> dict[str, Fact]:
    """Compute canaries by the names of their modules, in one child."""
    return {fact.name: fact for fact in _answered(python, stems, **more)}


def repeated(python: str, stem: str, times: int, **more: Any) -> list[Component]:
    """Compute one canary in so many children, two of them at work at once."""
    found = _answered(python, (stem,), times=times, **more)
    assert len(found) == times
    return [_stable(fact) for fact in found]


def _answered(
    python: str,
    stems: Sequence[str],
    *,
    times: int = 1,
    settings: Mapping[str, str] | None = None,
    modules: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> list[Fact]:
    """Run the program that a target gets; `modules` are canaries that it has not."""
    extra = {f"{pack.PREFIX}/canary/{name}.py": text for name, text in (modules or {}).items()}
    program = pack.packed({**dict(pack.sources("canary")), **extra}, pack.MODULES["canary"])
    told = {row.stem: row.about for row in canaries.rows()}
    jobs = [
        {"name": stem, "canary": stem, "about": told.get(stem, {"edition": 1})} for stem in stems
    ]
    group = {"python": python, "environment": "/venv", "seconds": 120, "jobs": jobs}
    asked = json.dumps({"nonce": "n", "budget": BUDGET, "groups": [group] * times})
    done = subprocess.run(
        [python, *pack.FLAGS, program, asked],
        capture_output=True,
        check=True,
        timeout=BUDGET + 30,
        env={**os.environ, **(settings or {})},
        cwd=folder,
    )
    return list(parse(Output(done.stdout), "n").facts)


def _stable(fact: Fact) -> Component:
    assert isinstance(fact, Component), fact
    assert "unstable" not in fact.properties
    return fact


def computed(python: str, stem: str, **more: Any) -> Component:
    """Compute one canary, which has to have answered, the same each time."""
    return _stable(facts(python, stem, **more)[stem])


def changes(old: Component, new: Component) -> dict[str, CaseChange]:
    """The cases that came out otherwise, by name; both sides have to have the same ones."""
    found = measure(old, new, manifest(old), manifest(new))
    assert found.comparable
    assert not found.unsettled
    return {change.name: change for change in found.changed}


def value(fact: Component, case: str) -> Any:
    """What a manifest keeps of a small result."""
    results: Any = fact.properties["results"]
    return results[case]["value"]


def only_rounding(found: Mapping[str, CaseChange]) -> bool:
    """Tell whether all that changed is arrays, by no more than another order of operations."""
    return all(change.size is not None and change.size.rounding for change in found.values())
