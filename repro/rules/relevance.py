"""Whether anything that serves needs a package that changed."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

from repro.manifest import Component
from repro.rules.closure import KIND, Closure

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from repro.diff.change import Change, Comparison
    from repro.rules.catalog import Catalog

LOADED: Final = "python.loaded"


class Relevance:
    """Knows what both sides' packages need; a package that one side needs is needed."""

    def __init__(
        self, comparison: Comparison, catalog: Catalog, roots: Collection[str] = ()
    ) -> None:
        self._comparison, self._catalog, self._roots = comparison, catalog, roots

    @cached_property
    def _sides(self) -> tuple[Closure, Closure]:
        names = self._catalog.bystanders
        a, b = self._comparison.a, self._comparison.b
        return Closure(a, names, self._roots), Closure(b, names, self._roots)

    @cached_property
    def _mapped(self) -> set[tuple[str, str | None]]:
        facts = (*self._comparison.a.facts, *self._comparison.b.facts)
        return {
            (f.name, f.location) for f in facts if isinstance(f, Component) and f.kind == LOADED
        }

    def needs(self, change: Change) -> str | None:
        """Say what needs a package, in a sentence; None where nobody does, or nobody knows."""
        if self._loaded(change):
            return "A process has it loaded."
        ways = list(self._ways(change))
        if not ways:
            return None
        way = min(ways, key=lambda names: (len(names), names))
        if len(way) > 1:
            return f"{way[0]} needs it."
        return "It is one of the roots." if self._roots else "Your own code may import it."

    def unneeded(self, change: Change) -> str | None:
        """Say that nothing needs a package; None where something does, or nobody knows."""
        if change.kind != KIND or not all(side.known for side in self._sides):
            return None
        if list(self._ways(change)):
            return None
        if self._roots:
            return f"None of the roots needs it: {', '.join(sorted(self._roots))}."
        askers = sorted(
            {name for side, place in self._places(change) for name in side.askers(*place)}
        )
        return f"Only packages that no output depends on require it: {', '.join(askers[:4])}."

    def _loaded(self, change: Change) -> bool:
        """Tell whether a process that was at work has mapped compiled modules of a package.

        That explains; it decides nothing, so that knowing less never makes a better verdict.
        """
        sides = (change.old, change.new)
        places = {(fact.name, fact.location) for fact in sides if isinstance(fact, Component)}
        return change.kind == KIND and not places.isdisjoint(self._mapped)

    def _ways(self, change: Change) -> Iterator[tuple[str, ...]]:
        if change.kind == KIND:
            for side, place in self._places(change):
                if way := side.way(*place):
                    yield way

    def _places(self, change: Change) -> Iterator[tuple[Closure, tuple[object, str]]]:
        for side, fact in zip(self._sides, (change.old, change.new), strict=True):
            if isinstance(fact, Component):
                yield side, (fact.properties.get("environment"), fact.name)
