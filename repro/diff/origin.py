"""Which layer, and so which build step, brought a fact."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec

from repro.manifest import Component

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.manifest import Fact, Manifest

Named = tuple[str, str, str | None]
"""Kind, name and location."""


class LayerOrigin(msgspec.Struct, frozen=True, kw_only=True):
    """A layer that a fact comes from, in the image that it is of."""

    layer: int
    """Counted from 1, the bottom one."""
    of: int
    """The layers that the image has."""
    digest: str
    step: str | None
    """The build step that made it; None where the image does not say."""
    shared: bool
    """Whether the other image has this layer too."""


class Origins(msgspec.Struct, frozen=True, kw_only=True):
    """Where both sides of a difference come from; None where a side has none or does not say."""

    a: LayerOrigin | None
    b: LayerOrigin | None


class Layers(msgspec.Struct, frozen=True, kw_only=True):
    """How many layers two images have in common, and how many only one of them has."""

    shared: int
    a: int
    b: int


class Tracer:
    """Finds the layers of facts on both sides."""

    def __init__(self, a: Manifest, b: Manifest) -> None:
        self._a, self._b = _Side(a, b), _Side(b, a)

    def __call__(self, old: Iterable[Fact | None], new: Iterable[Fact | None]) -> Origins | None:
        """Name the topmost layer of A's facts and of B's; None where neither side knows one."""
        a, b = self._a.topmost(old), self._b.topmost(new)
        return Origins(a=a, b=b) if a or b else None


class _Side:
    def __init__(self, manifest: Manifest, other: Manifest) -> None:
        self._layers = manifest.layers
        self._others = {layer.digest for layer in other.layers}
        self._found: dict[Named, set[int]] = defaultdict(set)
        for origin in manifest.origins:
            self._found[origin.kind, origin.name, origin.location].add(origin.layer)

    def topmost(self, facts: Iterable[Fact | None]) -> LayerOrigin | None:
        indexes = [index for fact in facts if (index := self._index(fact)) is not None]
        if not indexes:
            return None
        layer = self._layers[max(indexes)]
        return LayerOrigin(
            layer=max(indexes) + 1,
            of=len(self._layers),
            digest=layer.digest,
            step=layer.step,
            shared=layer.digest in self._others,
        )

    def _index(self, fact: Fact | None) -> int | None:
        """Find the layer of a fact; where two are named for one thing, none is sure."""
        if fact is None or fact.scope != "image":
            return None
        location = fact.location if isinstance(fact, Component) else None
        found = self._found.get((fact.kind, fact.name, location), set())
        return next(iter(found)) if len(found) == 1 else None


def in_common(a: Manifest, b: Manifest) -> Layers | None:
    """Count the layers that both images have; None where one does not say what it is made of."""
    if not (a.layers and b.layers):
        return None
    left, right = (Counter(layer.digest for layer in side.layers) for side in (a, b))
    shared = (left & right).total()
    return Layers(shared=shared, a=left.total() - shared, b=right.total() - shared)
