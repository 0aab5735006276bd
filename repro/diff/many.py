"""Many manifests side by side: which hold the same facts, and which is the most ordinary."""

from __future__ import annotations

from collections import Counter, defaultdict
from functools import cached_property
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
    Of each fold only that is kept in which it differs from the first one: folds are alike in most.
    """

    def __init__(self, folds: Sequence[Fold], scopes: Collection[Scope] = SCOPES) -> None:
        self._folds = folds
        numbers = _Numbers(scopes)
        first = folds[0].manifest
        self._first = numbers.values(first)
        self._other = [numbers.differing(each.manifest, first, self._first) for each in folds]
        covered = _Covered({*self._first, *(key for other in self._other for key in other)})
        self._hidden = [
            {key for key in covered(each.manifest) if self._own(index, key) == ()}
            for index, each in enumerate(folds)
        ]
        self._folds_of = self._sorted()
        self._counts = {key: self._count(key) for key in covered.keys}

    def _own(self, index: int, key: Key) -> Value | None:
        """Return what a fold says of a key itself, whatever else it could not read."""
        return self._other[index].get(key, self._first.get(key, ()))

    def _sorted(self) -> dict[Key, dict[Value | None, list[int]]]:
        """Sort folds by what they have under each key in which they are not as the first."""
        found: dict[Key, dict[Value | None, list[int]]] = defaultdict(lambda: defaultdict(list))
        for index, (other, hidden) in enumerate(zip(self._other, self._hidden, strict=True)):
            for key in (*other, *(hidden - other.keys())):
                found[key][self.value(index, key)].append(index)
        return found

    def _count(self, key: Key) -> Counter[Value | None]:
        """Count subjects by what they have, unreadable under None; those left are as the first."""
        counts: Counter[Value | None] = Counter({(): 0})
        for value, indices in self._folds_of.get(key, {}).items():
            counts[value] += sum(self._folds[index].size for index in indices)
        counts[self._first.get(key, ())] += self._total - counts.total()
        return counts

    @cached_property
    def _total(self) -> int:
        return sum(each.size for each in self._folds)

    def value(self, index: int, key: Key) -> Value | None:
        """Return what a fold has under a key; None where that could not be read."""
        return None if key in self._hidden[index] else self._own(index, key)

    def values(self, key: Key) -> dict[Value | None, list[int]]:
        """Return all that folds have under a key, and which folds have it."""
        found = {value: list(each) for value, each in self._folds_of.get(key, {}).items()}
        told = {index for each in found.values() for index in each}
        rest = [index for index in range(len(self._folds)) if index not in told]
        if rest:
            found.setdefault(self._first.get(key, ()), []).extend(rest)
        return found

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
        """Tell how many more agree with a fold than with one that held what the first does."""
        keys = self._other[index].keys() | self._hidden[index]
        return sum(
            self._agreeing(key, self.value(index, key))
            - self._agreeing(key, self._first.get(key, ()))
            for key in keys
        )

    def _agreeing(self, key: Key, value: Value | None) -> int:
        return 0 if value is None else self._counts[key][value]


class _Numbers:
    """Gives equal facts equal numbers; an object that comes again is not looked at again."""

    def __init__(self, scopes: Collection[Scope]) -> None:
        self._scopes = scopes
        self._by_identity: dict[int, tuple[Key, Value | None] | None] = {}
        self._by_content: dict[bytes, Value] = {}

    def values(
        self, manifest: Manifest, keys: Collection[Key] | None = None
    ) -> dict[Key, Value | None]:
        """Return what a manifest holds under each key; None where one could not be read."""
        found: dict[Key, Value | None] = {}
        for known in map(self._known, manifest.facts):
            if known is None or (keys is not None and known[0] not in keys):
                continue
            key, value = known
            held = found.get(key, ())
            found[key] = None if value is None or held is None else held + value
        return found

    def differing(
        self, manifest: Manifest, first: Manifest, held: dict[Key, Value | None]
    ) -> dict[Key, Value | None]:
        """Return what a manifest holds otherwise than the first, empty for what it lacks."""
        here, there = (set(map(id, each.facts)) for each in (manifest, first))
        odd = [f for f in manifest.facts if id(f) not in there]
        odd += [f for f in first.facts if id(f) not in here]
        keys = {known[0] for known in map(self._known, odd) if known}
        found = self.values(manifest, keys)
        return {key: v for key in keys if (v := found.get(key, ())) != held.get(key, ())}

    def _known(self, fact: Fact) -> tuple[Key, Value | None] | None:
        """Return a fact's key and number, which is None where it is unreadable."""
        identity = id(fact)
        if identity not in self._by_identity:
            self._by_identity[identity] = self._looked_at(fact)
        return self._by_identity[identity]

    def _looked_at(self, fact: Fact) -> tuple[Key, Value | None] | None:
        if fact.scope not in self._scopes or isinstance(fact, Absent):
            return None
        if isinstance(fact, Unreadable):
            return fact.key, None
        return fact.key, self._by_content.setdefault(canonical(fact), (len(self._by_content),))


class _Covered:
    """Finds the keys that a manifest cannot tell of, for what they belong to was unreadable."""

    def __init__(self, keys: Collection[Key]) -> None:
        self.keys = keys
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
