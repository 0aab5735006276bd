"""Which component of A stands against which of B: there may be several of one name."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from repro.manifest.model import canonical

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from repro.manifest import Component

Pair = tuple["Component | None", "Component | None"]


def pair(a: Sequence[Component], b: Sequence[Component]) -> Iterator[Pair]:
    """Pair the components of one key: the surest resemblance first, the rest in order."""
    if len(a) == len(b) == 1:
        yield a[0], b[0]
        return
    left, right = list(a), list(b)
    for resemblance in (_same, _role, _revision, _place, _environment, _version):
        pairs, left, right = _take(left, right, resemblance)
        yield from pairs
    rest = min(len(left), len(right))
    yield from zip(left, right, strict=False)
    yield from ((component, None) for component in left[rest:])
    yield from ((None, component) for component in right[rest:])


def _take(
    left: list[Component], right: list[Component], by: Callable[[Component], Hashable]
) -> tuple[list[tuple[Component, Component]], list[Component], list[Component]]:
    """Pair what is alike in one respect; what is alike in nothing known is left over."""
    waiting: dict[Hashable, list[Component]] = defaultdict(list)
    rest: list[Component] = []
    for component in reversed(right):
        (rest if by(component) is None else waiting[by(component)]).append(component)
    pairs: list[tuple[Component, Component]] = []
    alone: list[Component] = []
    for component in left:
        found = waiting.get(by(component))
        if found:
            pairs.append((component, found.pop()))
        else:
            alone.append(component)
    unpaired = {id(component) for found in (rest, *waiting.values()) for component in found}
    return pairs, alone, [component for component in right if id(component) in unpaired]


def _same(component: Component) -> Hashable:
    return (component.version, component.location, canonical(component.properties))


def _role(component: Component) -> Hashable:
    """Tell what belongs to the environment that the entry point runs in, wherever that lies."""
    return component.properties.get("entry") is True or None


def _revision(component: Component) -> Hashable:
    """Tell which of several commits of one repository it is of, in a cache of them."""
    value = component.properties.get("revision")
    return (component.location, value) if isinstance(value, str) else None


def _place(component: Component) -> Hashable:
    return component.location


def _environment(component: Component) -> Hashable:
    value = component.properties.get("environment")
    return value if isinstance(value, str) else None


def _version(component: Component) -> Hashable:
    return component.version
