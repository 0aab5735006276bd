"""Who set a variable that differs: the image, or what started the process."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import msgspec

from repro.manifest import Component

if TYPE_CHECKING:
    from repro.diff.change import Comparison
    from repro.manifest import Fact, Manifest
    from repro.rules.finding import Finding

SETTING, DECLARED = "setting", "image.env"
VARIABLES: Final = frozenset({"environment", "/proc/1/environ"})
"""Sources of settings that are variables of a process."""
IMAGES: Final = frozenset({"image", "container"})
"""Kinds of targets whose image says what it declares; elsewhere nobody knows who set what."""
IMAGE: Final = "the image"
START: Final = "what started it"


class Sourcing:
    """Knows what the images of both sides declare."""

    def __init__(self, comparison: Comparison) -> None:
        self._a, self._b = comparison.a, comparison.b

    def __call__(self, finding: Finding) -> Finding:
        """Add to a finding about a variable from where each side has it."""
        change = finding.change
        if change is None or (change.scope, change.kind) != ("process", SETTING):
            return finding
        a, b = _from(change.old, self._left), _from(change.new, self._right)
        said = _said(a, b)
        return msgspec.structs.replace(finding, why=f"{finding.why} {said}") if said else finding

    @cached_property
    def _left(self) -> dict[str, object] | None:
        return _declared(self._a)

    @cached_property
    def _right(self) -> dict[str, object] | None:
        return _declared(self._b)


def _declared(manifest: Manifest) -> dict[str, object] | None:
    """Return the values that an image declares; None where no image was looked at."""
    if manifest.target.kind not in IMAGES:
        return None
    found = (f for f in manifest.facts if f.kind == DECLARED and isinstance(f, Component))
    return {fact.name: fact.properties.get("value") for fact in found}


def _from(fact: Fact | None, declared: dict[str, object] | None) -> str:
    """Say from where a side has a variable; empty where it has none, or nobody knows."""
    if declared is None or not isinstance(fact, Component) or fact.source not in VARIABLES:
        return ""
    same = fact.name in declared and declared[fact.name] == fact.properties.get("value")
    return IMAGE if same else START


def _said(a: str, b: str) -> str:
    if a and a == b:
        return f"Both sides have it from {a}."
    sides = [f"{name} has it from {who}" for name, who in (("A", a), ("B", b)) if who]
    return f"{', '.join(sides)}." if sides else ""
