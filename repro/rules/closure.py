"""Which installed packages anything that serves may need: the closure of what packages require."""

from __future__ import annotations

import re
from collections import defaultdict, deque
from functools import lru_cache
from typing import TYPE_CHECKING, Any, Final

from repro.manifest import Component, Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from repro.manifest import Manifest

KIND: Final = "python.package"
NAME: Final = re.compile(r"\s*([A-Za-z0-9][A-Za-z0-9._-]*)")
"""The name that a requirement begins with (PEP 508)."""
SEPARATORS: Final = re.compile(r"[-_.]+")

Place = tuple[Any, str]
"""Environment and normalized name (PEP 503)."""
Graph = dict[Place, frozenset[Place]]
"""What each package requires."""


class Closure:
    """The packages of one manifest that its roots need, with the way to each.

    Roots are the packages that the user names; without any, all that no other package requires and
    that is no bystander: an application imports them itself, or they serve. Conditions of
    requirements (PEP 508, markers) are taken as true: a package too many is only suspected.
    """

    def __init__(
        self, manifest: Manifest, bystanders: Collection[str], roots: Collection[str] = ()
    ) -> None:
        self.known = not any(
            isinstance(fact, Unreadable) and fact.kind == KIND for fact in manifest.facts
        )
        """Whether every package was read; else nobody knows what may need what."""
        self._requires = _graph(manifest)
        edges = frozenset(self._requires.items())
        self._from = _ways(edges, frozenset(bystanders), frozenset(roots))

    def way(self, environment: Any, name: str) -> tuple[str, ...] | None:
        """Return the names from a root down to a package, itself last; None where none needs it."""
        place: Place | None = (_key(environment), name)
        if place not in self._from:
            return None
        names: list[str] = []
        while place is not None:
            names.append(place[1])
            place = self._from[place]
        return tuple(reversed(names))

    def askers(self, environment: Any, name: str) -> list[str]:
        """List the packages that require a package by themselves."""
        wanted = (_key(environment), name)
        return sorted(place[1] for place, needed in self._requires.items() if wanted in needed)


def _graph(manifest: Manifest) -> Graph:
    found: dict[Place, frozenset[Place]] = defaultdict(frozenset)
    for fact in manifest.facts:
        if fact.kind == KIND and isinstance(fact, Component):
            environment = _key(fact.properties.get("environment"))
            names = _names(fact.properties.get("requires"))
            found[environment, fact.name] |= {(environment, name) for name in names}
    return dict(found)


@lru_cache(maxsize=8)
def _ways(
    edges: frozenset[tuple[Place, frozenset[Place]]],
    bystanders: frozenset[str],
    roots: frozenset[str],
) -> dict[Place, Place | None]:
    """Find the way to each package that is needed; of many manifests, most need in one way."""
    requires = dict(edges)
    chosen = {place for place in requires if place[1] in roots}
    return _walk(chosen if roots else _leading(requires, bystanders), requires)


def _leading(requires: Graph, bystanders: Collection[str]) -> set[Place]:
    """Find the roots: all that only bystanders lead to is left, and rings that nothing does."""
    required = {place for needed in requires.values() for place in needed}
    first = requires.keys() - required
    idle = _walk({place for place in first if place[1] in bystanders}, requires)
    active = _walk(first - idle.keys(), requires)
    ring = requires.keys() - active.keys() - idle.keys()
    return (first - idle.keys()) | ring


def _names(requires: Any) -> frozenset[str]:
    texts = requires if isinstance(requires, list) else ()
    return _named(tuple(text for text in texts if isinstance(text, str)))


@lru_cache(maxsize=1 << 12)
def _named(requires: tuple[str, ...]) -> frozenset[str]:
    """Name what is required; of many manifests, most packages require the same."""
    found = (NAME.match(text) for text in requires)
    return frozenset(SEPARATORS.sub("-", match[1]).lower() for match in found if match)


def _key(environment: Any) -> Any:
    return environment if isinstance(environment, str) else None


def _walk(roots: Iterable[Place], requires: Graph) -> dict[Place, Place | None]:
    """Walk breadth first, so that the shortest way to each is kept."""
    found: dict[Place, Place | None] = dict.fromkeys(sorted(roots, key=str))
    waiting = deque(found)
    while waiting:
        place = waiting.popleft()
        for needed in sorted(requires.get(place, ()), key=str):
            if needed not in found:
                found[needed] = place
                waiting.append(needed)
    return found
