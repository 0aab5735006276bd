"""Which component of A stands against which of B: there may be several of one name."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Iterator, Sequence

    from repro.manifest import Component

Pair = tuple["Component | None", "Component | None"]


def pair(a: Sequence[Component], b: Sequence[Component]) -> Iterator[Pair]:
    """Pair the components of one key: the surest resemblance first, the rest in order."""
    left, right = list(a), list(b)
    for resemblance in (_same, _role, _place, _environment, _version):
        yield from _take(left, right, resemblance)
    while left and right:
        yield left.pop(0), right.pop(0)
    yield from ((component, None) for component in left)
    yield from ((None, component) for component in right)


def _take(
    left: list[Component], right: list[Component], by: Callable[[Component], Hashable]
) -> Iterator[Pair]:
    waiting: dict[Hashable, list[Component]] = {}
    for component in right:
        waiting.setdefault(by(component), []).append(component)
    for component in list(left):
        found = waiting.get(by(component))
        if found and by(component) is not None:
            other = found.pop(0)
            left.remove(component)
            right.remove(other)
            yield component, other


def _same(component: Component) -> Hashable:
    return (component.version, component.location, repr(component.properties))


def _role(component: Component) -> Hashable:
    """Tell what belongs to the environment that the entry point runs in, wherever that lies."""
    return component.properties.get("entry") is True or None


def _place(component: Component) -> Hashable:
    return component.location


def _environment(component: Component) -> Hashable:
    value = component.properties.get("environment")
    return value if isinstance(value, str) else None


def _version(component: Component) -> Hashable:
    return component.version
