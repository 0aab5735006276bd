"""Ranges in the names of hosts: web[01:50] is fifty of them."""

from __future__ import annotations

import re
from itertools import product
from typing import TYPE_CHECKING, Final

from repro.fleet.inventory.groups import InventoryError

if TYPE_CHECKING:
    from collections.abc import Iterator

RANGE: Final = re.compile(r"\[([A-Za-z]|\d{1,9}):([A-Za-z]|\d{1,9})(?::(\d{1,9}))?\]")
MOST: Final = 100_000
"""Hosts of one pattern."""


def expanded(pattern: str) -> list[str]:
    """Write out the ranges of a name; InventoryError where one makes no sense or is too long."""
    parts = RANGE.split(pattern)
    fixed = parts[::4]
    if any(mark in part for part in fixed for mark in "[]") and not pattern.startswith("["):
        raise InventoryError(f"{pattern[:80]!r} has no range as [1:9] or [a:f]")
    choices = [list(_range(*parts[at : at + 3])) for at in range(1, len(parts), 4)]
    count = 1
    for choice in choices:
        count *= len(choice)
    if not 0 < count <= MOST:
        raise InventoryError(f"{pattern[:80]!r} stands for {count} hosts")
    return [_joined(fixed, chosen) for chosen in product(*choices)]


def _range(first: str, last: str, step: str | None) -> Iterator[str]:
    if first.isdigit() != last.isdigit() or step == "0":
        raise InventoryError(f"[{first}:{last}] is no range")
    by = int(step or 1)
    if not first.isdigit():
        yield from map(chr, range(ord(first), ord(last) + 1, by))
        return
    if (int(last) - int(first)) // by > MOST:
        raise InventoryError(f"[{first}:{last}] stands for too many hosts")
    # A first number with zeros in front says how many digits all have.
    width = len(first) if first.startswith("0") else 0
    yield from (f"{number:0{width}d}" for number in range(int(first), int(last) + 1, by))


def _joined(fixed: list[str], chosen: tuple[str, ...]) -> str:
    return fixed[0] + "".join(f"{one}{after}" for one, after in zip(chosen, fixed[1:], strict=True))
