"""What canaries showed of a finding, in a size that a report can carry: for pictures and lists."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.rules.diverging import NEAR, divergences
from repro.rules.printing import apart, short

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from repro.diff.measure import CaseChange, Measurement
    from repro.manifest import Value
    from repro.rules.diverging import Divergence

OUTCOMES: Final = 24
"""Cases that are told one by one."""
STRIP: Final = 4096
"""Cases of a strip; a longer one is cut."""
STRIPS: Final = 12
BEFORE: Final = 4
AFTER: Final = 8
"""Tokens that are kept of a generation before and after its parting."""
WIDEST: Final = 32
"""The last power of two of a spread, which holds all that is beyond it, and what is not finite."""


class Strip(msgspec.Struct, frozen=True, kw_only=True):
    """The cases that both sides have, in their order, as one sign each."""

    aspect: str
    """Which result of a text: `ids`, `decoded`, …; empty for cases that are none of a text."""
    cases: str
    """`.` the same, `x` another result, `o` another result that another finding tells of."""


class Parting(msgspec.Struct, frozen=True, kw_only=True):
    """Where two generations part."""

    token: int
    """Index of the first token that differs."""
    lengths: tuple[int, int]
    """Tokens on A, on B."""
    start: int
    """Index of the first token of `old` and `new`."""
    old: tuple[str, ...]
    new: tuple[str, ...]
    near: bool | None
    """Whether the two likeliest tokens were about as likely; None where that is not known."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """One case that came out otherwise."""

    name: str
    text: str | None
    """What went in, where a manifest holds it."""
    old: str | None
    new: str | None
    units: int | None
    """How far arrays are apart at most, in units in the last place of the largest value."""
    parting: Parting | None


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """What one canary showed of one finding."""

    cases: int
    """Cases that were compared."""
    changed: int
    """Those of them that this finding tells of."""
    strips: tuple[Strip, ...]
    outcomes: tuple[Outcome, ...]
    """The first of those that changed, the most telling ones first."""
    spread: tuple[int, ...] = ()
    """How many cases differ by so many units: at k those from 2^(k-1) to 2^k - 1, at 0 those that
    differ in no bit; empty where no numbers are compared."""


def evidence(found: Measurement, cases: Sequence[CaseChange]) -> Evidence:
    """Keep of a measurement what shows a finding about these of its cases, most telling first."""
    partings = {each.name: each for each in divergences(cases)}
    return Evidence(
        cases=found.cases,
        changed=len(cases),
        strips=tuple(_strips(found, cases))[:STRIPS],
        outcomes=tuple(_outcome(case, partings.get(case.name)) for case in cases[:OUTCOMES]),
        spread=_spread(found, cases),
    )


def shown(case: CaseChange) -> tuple[str | None, str | None]:
    """Print what came out on both sides; None where a manifest does not hold it."""
    old, new = _value(case.old.told), _value(case.new.told)
    if old is not None and new is not None:
        return apart(old, new)
    return (None if old is None else short(old), None if new is None else short(new))


def _value(told: dict[str, Any]) -> Value:
    """Take what is to be shown of a result: an error, a generation's text, or the value itself."""
    if "error" in told:
        return f"raises {short(told['error'])}"
    value: Value = told.get("value")
    if value is None and "value" in told:
        return short(value)
    generated = value.get("text") if isinstance(value, dict) else None
    return generated if isinstance(generated, str) else value


def _strips(found: Measurement, cases: Iterable[CaseChange]) -> Iterator[Strip]:
    signs = {case.name: "o" for case in found.changed} | {case.name: "x" for case in cases}
    rows: dict[str, list[str]] = {}
    for aspect, name in found.order:
        rows.setdefault(aspect, []).append(signs.get(name, "."))
    for aspect, row in rows.items():
        yield Strip(aspect=aspect[:40], cases="".join(row[:STRIP]))


def _outcome(case: CaseChange, divergence: Divergence | None) -> Outcome:
    parted = divergence is not None and divergence.token is not None
    old, new = shown(case)
    return Outcome(
        name=short(case.name),
        text=None if case.text is None else short(case.text),
        old=old,
        new=new,
        units=case.size.units if case.size else None,
        parting=_parting(case, divergence) if divergence and parted else None,
    )


def _parting(case: CaseChange, divergence: Divergence) -> Parting:
    left, right = (side.told["value"]["tokens"] for side in (case.old, case.new))
    token = divergence.token or 0
    start = max(token - BEFORE, 0)
    return Parting(
        token=token,
        lengths=(len(left), len(right)),
        start=start,
        old=_window(left, start, token),
        new=_window(right, start, token),
        near=None if divergence.gap is None else divergence.gap <= NEAR,
    )


def _window(tokens: list[Any], start: int, token: int) -> tuple[str, ...]:
    return tuple(short(each)[:24] for each in tokens[start : token + AFTER])


def _spread(found: Measurement, cases: Iterable[CaseChange]) -> tuple[int, ...]:
    sizes = [case.size for case in cases if case.size and case.size.floating]
    powers = Counter(
        WIDEST if size.units is None else min(size.units.bit_length(), WIDEST)
        for size in sizes
        if size.differing
    )
    if not powers:
        return ()
    same = found.cases - len(found.changed)
    return (same, *(powers[power] for power in range(1, max(powers) + 1)))
