"""Two manifests in, every difference out."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from repro.diff.change import Change, Comparison, FieldChange, How
from repro.diff.fields import differences
from repro.diff.measure import CANARIES, not_run, unmeasured
from repro.diff.pairing import pair
from repro.diff.scopes import choose, is_endpoint
from repro.manifest import Absent, Component, Fact, Manifest, Scope, Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

Key = tuple[Scope, str, str]


class _Side:
    """The facts of some names in one manifest, found by key."""

    def __init__(self, manifest: Manifest, names: Collection[str]) -> None:
        self.components: dict[Key, list[Component]] = defaultdict(list)
        self.absent: dict[Key, Absent] = {}
        self.unreadable: dict[Key, Unreadable] = {}
        for fact in manifest.facts:
            if fact.name not in names:
                continue
            if isinstance(fact, Component):
                self.components[fact.key].append(fact)
            elif isinstance(fact, Absent):
                self.absent[fact.key] = fact
            else:
                self.unreadable[fact.key] = fact

    def hidden(self, key: Key) -> Unreadable | None:
        """Return what kept a fact from being read: its own reason, or that of all like it."""
        return self.unreadable.get(key) or next(
            filter(None, map(self.unreadable.get, wider(key))), None
        )


def wider(key: Key) -> Iterator[Key]:
    """Name what can stand for a fact: `torch.*` for `torch.tf32`, `gpu` `*` for a `gpu.device`."""
    scope, kind, name = key
    parts = name.split(".")
    for count in range(len(parts) - 1, 0, -1):
        yield scope, kind, ".".join([*parts[:count], "*"])
    kinds = kind.split(".")
    for count in range(len(kinds), 0, -1):
        yield scope, ".".join(kinds[:count]), "*"


def compare(a: Manifest, b: Manifest, scopes: Collection[Scope] | None = None) -> Comparison:
    """Find what differs; unreadable facts never compare equal, those of A and B included.

    Looks at the scopes that are asked for, else at all but those that a side was not taken in,
    because its image was read and not run. ValueError for scopes that there are not.
    """
    chosen = choose(a, b, scopes)
    names = _names(a, b)
    left, right = _Side(a, names), _Side(b, names)
    every = {*left.components, *right.components, *left.unreadable, *right.unreadable}
    without = unmeasured(a, b)
    keys = sorted(key for key in every if key[0] in chosen.compared)
    keys = [key for key in keys if not (without and key[1] in CANARIES)]
    changes = [change for key in keys for change in _of_key(key, left, right) if not _idle(change)]
    if is_endpoint(a) and is_endpoint(b) and not chosen.asked:
        changes = [change for change in changes if not _unseen(change)]
    return Comparison(a=a, b=b, changes=tuple(changes), scopes=chosen, unmeasured=without)


def _names(a: Manifest, b: Manifest) -> set[str]:
    """Name what may differ: manifests that were read together share the objects of equal facts."""
    here, there = (set(map(id, side.facts)) for side in (a, b))
    shared = here & there
    return {
        fact.name
        for fact in (*a.facts, *b.facts)
        if id(fact) not in shared or isinstance(fact, Unreadable)
    }


def _idle(change: Change) -> bool:
    """Tell whether a canary was not run for want of time: nothing was seen, so nothing is said."""
    return change.kind in CANARIES and any(map(not_run, (change.old, change.new)))


def _unseen(change: Change) -> bool:
    """Tell whether no server says such a thing: two of them are compared in what servers say."""
    return change.how == "unknown" and not_run(change.old) and not_run(change.new)


def _of_key(key: Key, left: _Side, right: _Side) -> Iterator[Change]:
    reported = False
    for old, new in pair(left.components.get(key, []), right.components.get(key, [])):
        if old and new:
            fields = differences(old, new)
            if fields:
                yield _change("changed", key, old, new, fields)
        elif old:
            reported = reported or key in right.unreadable
            yield _one_sided(key, old, right, gone="removed", hidden="lost")
        elif new:
            reported = reported or key in left.unreadable
            yield _one_sided(key, new, left, gone="added", hidden="gained")
    if not reported:
        yield from _unreadable(key, left, right)


def _one_sided(key: Key, fact: Component, other: _Side, *, gone: How, hidden: How) -> Change:
    reason = other.hidden(key)
    opposite: Fact | None = reason or other.absent.get(key)
    how = hidden if reason else gone
    if how in ("removed", "lost"):
        return _change(how, key, fact, opposite)
    return _change(how, key, opposite, fact)


def _unreadable(key: Key, left: _Side, right: _Side) -> Iterator[Change]:
    a, b = left.unreadable.get(key), right.unreadable.get(key)
    if a or b:
        yield _change("unknown", key, a or left.absent.get(key), b or right.absent.get(key))


def _change(
    how: How, key: Key, old: Fact | None, new: Fact | None, fields: tuple[FieldChange, ...] = ()
) -> Change:
    scope, kind, name = key
    return Change(how=how, scope=scope, kind=kind, name=name, old=old, new=new, fields=fields)
