"""Where two generations part, and whether it was a near-tie: from tokens and log-probabilities."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from repro.diff.measure import CaseChange

NEAR: Final = 0.05
"""Nats between the two likeliest tokens below which rounding of 16-bit sums can turn the choice."""
ROUNDED: Final = 0.01
"""Nats that a log-probability may move by with the same tokens and still be called rounding."""


class Divergence(msgspec.Struct, frozen=True, kw_only=True):
    """How one generation differs on two sides."""

    name: str
    token: int | None
    """Index of the first token that differs; None where all are the same."""
    gap: float | None
    """Log-probability between the two likeliest tokens there, in nats; None where not told."""
    moved: float
    """The most that a log-probability moved by before that, in nats."""

    @property
    def rounding(self) -> bool:
        """Whether the tokens are the same, and their log-probabilities within rounding."""
        return self.token is None and self.moved <= ROUNDED


def divergences(cases: Iterable[CaseChange]) -> list[Divergence]:
    """Read the cases whose results are generations: {tokens, logprobs, gaps}; others are left."""
    found = (_divergence(c.name, c.old.told.get("value"), c.new.told.get("value")) for c in cases)
    return [divergence for divergence in found if divergence is not None]


def _divergence(name: str, old: Any, new: Any) -> Divergence | None:
    left, right = _tokens(old), _tokens(new)
    if left is None or right is None:
        return None
    first = _first(left, right)
    end = min(len(left), len(right)) if first is None else first
    both = zip(_floats(old, "logprobs"), _floats(new, "logprobs"), strict=False)
    gaps = [side[end] for side in (_floats(old, "gaps"), _floats(new, "gaps")) if end < len(side)]
    return Divergence(
        name=name,
        token=first,
        gap=min(gaps) if first is not None and gaps else None,
        moved=max((abs(x - y) for x, y in list(both)[:end]), default=0.0),
    )


def _tokens(value: Any) -> list[Any] | None:
    tokens = value.get("tokens") if isinstance(value, dict) else None
    return tokens if isinstance(tokens, list) else None


def _first(a: Sequence[Any], b: Sequence[Any]) -> int | None:
    if a == b:
        return None
    pairs = enumerate(zip(a, b, strict=False))
    return next((index for index, (x, y) in pairs if x != y), min(len(a), len(b)))


def _floats(value: dict[str, Any], key: str) -> list[float]:
    """Floats as a manifest holds them, in hex; nothing at all where one is not a finite number."""
    texts = value.get(key)
    try:
        numbers = [float.fromhex(text) for text in texts] if isinstance(texts, list) else []
    except (TypeError, ValueError, OverflowError):
        return []
    return numbers if all(map(math.isfinite, numbers)) else []


def tell(found: Sequence[Divergence]) -> str:
    """Say where generations part first, and how many of the partings are near-ties."""
    parted = [d for d in found if d.token is not None]
    if not parted:
        moved = max(d.moved for d in found)
        return f"The tokens are the same; log-probabilities moved by up to {moved:.2g}"
    first = min(parted, key=lambda d: (d.token, d.name))
    gaps = [d.gap for d in parted if d.gap is not None]
    near = sum(gap <= NEAR for gap in gaps)
    text = f"First at token {first.token} ({first.name})"
    if first.gap is not None:
        text += (
            f", log-probability gap {first.gap:.2g} ({'near-tie' if first.gap <= NEAR else 'real'})"
        )
    if gaps:
        ties = "1 near-tie" if near == 1 else f"{near} near-ties"
        text += f"; {ties}, {len(gaps) - near} real"
    return text
