"""Two results of one canary side by side: which cases changed, and by how much."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.diff.scopes import NOT_RUN, Side
from repro.diff.sizes import Size, size
from repro.manifest import Unreadable, Value

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from repro.manifest import Component, Fact, Manifest

KIND: Final = "canary"
INPUT: Final = "canary.input"
CANARIES: Final = (KIND, INPUT)
SHORT: Final = 5
"""Characters of a hash in a series; repro/probe/canary/record.py writes it."""
UNSTABLE: Final = "?" * SHORT
"""Stands in a series for a case that was not the same each time."""
SURROGATE: Final = re.compile(r"\\ud[89a-f][0-9a-f]{2}")
"""How a corpus in a manifest writes half of a pair of UTF-16 (docs/manifest.md)."""
MOST: Final = 100_000
"""Cases of one canary that are looked at."""

_Texts = list[tuple[str, str | None]]
"""The names and texts of a corpus, in the order of a series."""


class Case(msgspec.Struct, frozen=True, kw_only=True):
    """One result of a canary."""

    hash: str | None
    """None where it is not the same each time."""
    aspect: str = ""
    """Which result of a text it is: `ids`, `decoded`, …; empty for a case that is no text's."""
    text: str | None = None
    """The input, where the manifest holds it."""
    told: dict[str, Value] = {}
    """What was kept of the result: `value`, or `dtype`, `shape` and `sample`, or `error`."""


class CaseChange(msgspec.Struct, frozen=True, kw_only=True):
    """A case that came out otherwise on the other side."""

    name: str
    old: Case
    new: Case
    size: Size | None = None
    """The distance of two arrays; None for other results."""

    @property
    def text(self) -> str | None:
        """What went in, where a manifest holds it."""
        return self.new.text if self.new.text is not None else self.old.text

    @property
    def text_name(self) -> str | None:
        """The text's name in its corpus; None for a case that is none of one text."""
        return None if self.text is None else _text_name(self.name)

    @property
    def valid(self) -> bool:
        """Whether what went in can be an input at all: text with lone surrogates cannot."""
        return self.text is None or SURROGATE.search(self.text) is None


class Measurement(msgspec.Struct, frozen=True, kw_only=True):
    """What one canary says of two sides."""

    comparable: bool
    """Whether both sides computed the same thing; where not, nothing was measured."""
    cases: int = 0
    """Cases that were stable on both sides."""
    texts: int = 0
    """Texts among them: each may be several cases, as ids, as decoded text and so on."""
    order: tuple[tuple[str, str], ...] = ()
    """Aspect and name of each of the cases, in their order."""
    changed: tuple[CaseChange, ...] = ()
    unstable: tuple[str, ...] = ()
    """Cases that are not the same each time, on both sides."""
    unsettled: tuple[str, ...] = ()
    """Cases that are not the same each time on one side, or that one side has not."""
    left_out: tuple[str, ...] = ()
    """Cases of texts that one side's corpus has not, or has in other words: not compared."""

    @property
    def equal(self) -> bool:
        """Whether something was measured, all of it on both sides, and all of it was the same."""
        moved = self.unsettled or any(change.valid for change in self.changed)
        return bool(self.comparable and self.cases and not moved and not self.left_out)


def not_run(fact: Fact | None) -> bool:
    """Tell whether a canary was not started: it was turned off, or there was no time left."""
    return isinstance(fact, Unreadable) and fact.reason.startswith(NOT_RUN)


def unmeasured(a: Manifest, b: Manifest) -> tuple[Side, ...]:
    """Name the sides on which no canary was run at all."""
    sides: dict[Side, Manifest] = {"a": a, "b": b}
    return tuple(
        name
        for name, side in sides.items()
        if all(not_run(fact) for fact in side.facts if fact.kind == KIND)
    )


def measure(old: Component, new: Component, a: Manifest, b: Manifest) -> Measurement:
    """Compare the results of one canary in manifest A and B, case by case."""
    if old.properties.get("edition") != new.properties.get("edition"):
        return Measurement(comparable=False)
    here, there = _texts(a, old.properties.get("input")), _texts(b, new.properties.get("input"))
    left, right = _cases(old, here), _cases(new, there)
    left_out = _left_out(left, there) | _left_out(right, here)
    shared = [name for name in left if name in right and name not in left_out]
    noisy = {n: [left[n].hash, right[n].hash] for n in shared}
    noisy = {n: hashes for n, hashes in noisy.items() if None in hashes}
    pairs = [(n, left[n], right[n]) for n in shared if n not in noisy]
    lone = (left.keys() ^ right.keys()) - left_out
    return Measurement(
        comparable=True,
        cases=len(pairs),
        texts=len({_text_name(n) for n, x, _ in pairs if x.text is not None}),
        order=tuple((x.aspect, n) for n, x, _ in pairs),
        changed=tuple(_change(n, x, y) for n, x, y in pairs if x.hash != y.hash),
        unstable=tuple(n for n, hashes in noisy.items() if hashes == [None, None]),
        unsettled=(*sorted(lone), *(n for n, hashes in noisy.items() if hashes != [None, None])),
        left_out=tuple(sorted(left_out)),
    )


def _change(name: str, old: Case, new: Case) -> CaseChange:
    return CaseChange(name=name, old=old, new=new, size=size(old.told, new.told))


def _left_out(cases: Mapping[str, Case], there: _Texts) -> set[str]:
    """Name the cases of texts that the other side's corpus has not, or has in other words.

    Where that side has no corpus at all nothing explains that a case is missing.
    """
    known = dict(there)
    return {
        name
        for name, case in cases.items()
        if known and case.text is not None and known.get(_text_name(name)) != case.text
    }


def _cases(component: Component, texts: _Texts) -> dict[str, Case]:
    """Put all cases under their names, bounded."""
    found: dict[str, Case] = {}
    for name, case in (*_results(component), *_series(component, texts)):
        found[name] = case
        if len(found) >= MOST:
            break
    unstable = component.properties.get("unstable")
    for name in unstable if isinstance(unstable, list) else ():
        if isinstance(name, str):
            found[name] = Case(hash=None)
    return found


def _results(component: Component) -> Iterator[tuple[str, Case]]:
    for name, told in sorted(_mapping(component.properties.get("results")).items()):
        if isinstance(told, dict) and isinstance(told.get("hash"), str):
            yield name, Case(hash=told["hash"], told=told)


def _series(component: Component, texts: _Texts) -> Iterator[tuple[str, Case]]:
    kept = _mapping(component.properties.get("kept"))
    for aspect, hashes in sorted(_mapping(component.properties.get("series")).items()):
        if not isinstance(hashes, str):
            continue
        values = _mapping(kept.get(aspect))
        for index, start in enumerate(range(0, len(hashes), SHORT)):
            name, text = texts[index] if index < len(texts) else (f"#{index}", None)
            found = hashes[start : start + SHORT]
            told = {"value": values[name]} if name in values else {}
            stable = None if found == UNSTABLE else found
            yield f"{aspect}/{name}", Case(hash=stable, aspect=aspect, text=text, told=told)


def _text_name(name: str) -> str:
    """Return the name of a text, of that of a case of a series."""
    return name.partition("/")[2]


def _texts(manifest: Manifest, name: Value) -> _Texts:
    """Return the names and texts of a corpus that the manifest holds, in their order."""
    for fact in manifest.facts:
        if fact.kind == INPUT and fact.name == name:
            rows = getattr(fact, "properties", {}).get("texts")
            return [_row(row) for row in rows] if isinstance(rows, list) else []
    return []


def _row(row: Any) -> tuple[str, str | None]:
    if isinstance(row, list) and len(row) == 2 and all(isinstance(part, str) for part in row):
        return row[0], row[1]
    return "?", None


def _mapping(value: Value) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}
