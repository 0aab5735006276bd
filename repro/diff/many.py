"""Many manifests side by side: which hold the same facts, and which is the most ordinary."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

import msgspec

from repro.diff.compare import wider
from repro.manifest import SCOPES, Absent, Fact, Manifest, Scope, Unreadable
from repro.manifest.model import canonical

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence

Key = tuple[Scope, str, str]
Value = tuple[int, ...]
"""The facts of one key in one manifest, by number; empty where it holds none."""


class Fold(msgspec.Struct, frozen=True, kw_only=True):
    """Subjects whose manifests hold the same facts, of which one speaks for all."""

    names: tuple[str, ...]
    """Sorted."""
    manifest: Manifest
    """Of the first of them."""

    @property
    def size(self) -> int:
        """How many subjects there are in it."""
        return len(self.names)


def fold(subjects: Iterable[tuple[str, Manifest]]) -> tuple[Fold, ...]:
    """Put equal manifests together; the order that they come in has no say in the result."""
    found: dict[tuple[str, str], list[tuple[str, Manifest]]] = defaultdict(list)
    for name, manifest in subjects:
        mode = str(manifest.target.properties.get("mode"))
        found[manifest.digests.whole, mode].append((name, manifest))
    every = [sorted(alike, key=lambda each: each[0]) for alike in found.values()]
    folds = [Fold(names=tuple(n for n, _ in alike), manifest=alike[0][1]) for alike in every]
    return tuple(
        sorted(folds, key=lambda each: (-each.size, each.manifest.digests.whole, each.names))
    )


class Agreement:
    """Knows what each fact is in each fold, and how many subjects agree in it.

    What could not be read agrees with nothing. What is not there agrees with what is not there.
    """

    def __init__(self, folds: Sequence[Fold], scopes: Collection[Scope] = SCOPES) -> None:
        self._folds = folds
        numbers = _Numbers(scopes)
        self._values = [numbers.values(each.manifest) for each in folds]
        keys = {key for values in self._values for key in values}
        covered = _Covered(keys)
        self._hidden = [
            covered(each.manifest) - values.keys()
            for each, values in zip(folds, self._values, strict=True)
        ]
        self._counts = self._count()
        total = sum(each.size for each in folds)
        for counts in self._counts.values():
            counts[()] += total - counts.total()

    def _count(self) -> dict[Key, Counter[Value | None]]:
        """Count values that are there, and what is unreadable, under None."""
        counts: dict[Key, Counter[Value | None]] = defaultdict(Counter)
        for each, values, hidden in zip(self._folds, self._values, self._hidden, strict=True):
            for key, value in values.items():
                counts[key][value] += each.size
            for key in hidden:
                counts[key][None] += each.size
        return counts

    def value(self, index: int, key: Key) -> Value | None:
        """Return what a fold has under a key; None where that could not be read."""
        return None if key in self._hidden[index] else self._values[index].get(key, ())

    def counts(self, key: Key) -> Counter[Value | None]:
        """Count the subjects by what they have under a key."""
        return self._counts[key]

    def ordinary(self) -> int:
        """Return the fold that agrees with the most subjects in the most facts.

        One without subjects is out. It is a manifest that exists: one made of the most frequent
        value of each fact might be an environment that nobody has, and a rule that looks at two
        facts would judge what never ran.
        """
        scores = [self._gain(index) for index in range(len(self._folds))]
        return min(
            (index for index, each in enumerate(self._folds) if each.names),
            key=lambda i: (-scores[i], self._folds[i].manifest.digests.whole, self._folds[i].names),
        )

    def _gain(self, index: int) -> int:
        """Tell how much more a fold agrees with others than one that holds no fact at all."""
        gain = 0
        for key, value in self._values[index].items():
            counts = self._counts[key]
            gain += (0 if value is None else counts[value]) - counts[()]
        return gain - sum(self._counts[key][()] for key in self._hidden[index])


class _Numbers:
    """Gives equal facts equal numbers; an object that comes again is not looked at again."""

    def __init__(self, scopes: Collection[Scope]) -> None:
        self._scopes = scopes
        self._by_identity: dict[int, tuple[Key, int | None] | None] = {}
        self._by_content: dict[bytes, int] = {}

    def values(self, manifest: Manifest) -> dict[Key, Value | None]:
        """Return what a manifest holds under each key; None where one could not be read."""
        found: dict[Key, Value | None] = {}
        for fact in manifest.facts:
            if (known := self._known(fact)) is None:
                continue
            key, number = known
            held = found.get(key, ())
            found[key] = None if number is None or held is None else (*held, number)
        return found

    def _known(self, fact: Fact) -> tuple[Key, int | None] | None:
        """Return a fact's key and number, which is None where it is unreadable."""
        identity = id(fact)
        if identity not in self._by_identity:
            self._by_identity[identity] = self._looked_at(fact)
        return self._by_identity[identity]

    def _looked_at(self, fact: Fact) -> tuple[Key, int | None] | None:
        if fact.scope not in self._scopes or isinstance(fact, Absent):
            return None
        if isinstance(fact, Unreadable):
            return fact.key, None
        return fact.key, self._by_content.setdefault(canonical(fact), len(self._by_content))


class _Covered:
    """Finds the keys that a manifest cannot tell of, for what they belong to was unreadable."""

    def __init__(self, keys: Iterable[Key]) -> None:
        self._under: dict[Key, list[Key]] = defaultdict(list)
        for key in keys:
            for wide in wider(key):
                self._under[wide].append(key)

    def __call__(self, manifest: Manifest) -> set[Key]:
        return set(self._keys(manifest))

    def _keys(self, manifest: Manifest) -> Iterator[Key]:
        for fact in manifest.facts:
            if isinstance(fact, Unreadable):
                yield from self._under.get(fact.key, ())
