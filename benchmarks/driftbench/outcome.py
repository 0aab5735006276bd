"""What two runs of a workload say of each other: identical, rounding, changed, or an error."""

from __future__ import annotations

import base64
import struct
from itertools import chain
from typing import Any, Final

import msgspec

ROUNDING: Final = 1024
"""Units in the last place of an array's largest value, up to which a difference is rounding."""
UNIT: Final = {"<f8": 2.0**-52, "<f4": 2.0**-23, "<f2": 2.0**-10}
CODE: Final = {"<f8": "d", "<f4": "f", "<f2": "e"}
RANK: Final = ("identical", "rounding", "changed", "error")


class Outcome(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """The truth about one workload on two sides, with its evidence."""

    outcome: str
    outputs: int = 0
    changed: int = 0
    first: str = ""
    """The first difference (by the output's name), or the last words of the side that failed."""
    size: str = ""
    """The largest numeric difference, in units in the last place of the array's largest value."""
    unsteady: tuple[str, ...] = ()
    """Outputs that differ between two runs of one side."""


def judge(a: list[dict[str, Any]], b: list[dict[str, Any]]) -> Outcome:
    """Compare what a workload printed, run twice on each side."""
    failed = [side[0]["error"] for side in (a, b) if "error" in side[0]]
    if failed:
        both = "on both sides: " if len(failed) == 2 else ""
        return Outcome(outcome="error", first=both + failed[0])
    one, two = a[0]["outputs"], b[0]["outputs"]
    found = {name: compare(one.get(name), two.get(name)) for name in sorted({*one, *two})}
    differing = [name for name, (kind, _) in found.items() if kind != "identical"]
    worst = max((kind for kind, _ in found.values()), key=RANK.index, default="identical")
    leading = next((name for name in differing if found[name][0] == worst), None)
    sizes = [size for _, size in found.values() if size is not None]
    return Outcome(
        outcome=worst,
        outputs=len(found),
        changed=len(differing),
        first=_shown(leading, one, two) if leading else "",
        size=f"{max(sizes):.3g}" if sizes else "",
        unsteady=tuple(name for name in sorted(one) if _wavers(name, a) or _wavers(name, b)),
    )


def _wavers(name: str, runs: list[dict[str, Any]]) -> bool:
    return len({msgspec.json.encode(run["outputs"].get(name)) for run in runs}) > 1


def compare(a: Any, b: Any) -> tuple[str, float | None]:
    """Compare two outputs: the outcome, and the size of a numeric difference."""
    if a == b:
        return "identical", None
    one, two = _numbers(a), _numbers(b)
    if one is None or two is None or one[:2] != two[:2]:
        return "changed", None
    size = _size(one[2], two[2], UNIT[one[0]])
    return ("rounding" if size <= ROUNDING else "changed"), size


def _numbers(value: Any) -> tuple[str, Any, list[float]] | None:
    """Read an array of floating point, or a float, as type, shape and values."""
    if isinstance(value, float):
        return "<f8", [], [value]
    if isinstance(value, dict) and value.get("dtype") in CODE:
        raw = base64.b64decode(value["data"])
        code = CODE[value["dtype"]]
        count = len(raw) // struct.calcsize(code)
        return value["dtype"], value["shape"], list(struct.unpack(f"<{count}{code}", raw))
    return None


def _size(a: list[float], b: list[float], unit: float) -> float:
    finite = [abs(x) for x in chain(a, b) if abs(x) < float("inf")]
    largest = max(finite, default=0.0) or 1.0
    return max((_gap(x, y) for x, y in zip(a, b, strict=True)), default=0.0) / largest / unit


def _gap(x: float, y: float) -> float:
    if x == y or (x != x and y != y):  # noqa: PLR0124  # NaN beside NaN is the same
        return 0.0
    gap = abs(x - y)
    return float("inf") if gap != gap else gap  # noqa: PLR0124  # NaN beside a number


def _shown(name: str, one: dict[str, Any], two: dict[str, Any]) -> str:
    a, b = one.get(name), two.get(name)
    where = name
    while isinstance(a, list) and isinstance(b, list) and len(a) == len(b):
        place = next(i for i, (x, y) in enumerate(zip(a, b, strict=True)) if x != y)
        a, b, where = a[place], b[place], f"{where}[{place}]"
    return f"{where}: {_short(a, b)} → {_short(b, a)}"


def _short(value: Any, other: Any) -> str:
    """Print a value from where it begins to differ."""
    numbers = _numbers(value)
    if numbers and isinstance(value, dict):
        theirs = _numbers(other)
        same_size = theirs is not None and len(theirs[2]) == len(numbers[2])
        pairs = enumerate(zip(numbers[2], theirs[2] if theirs and same_size else (), strict=False))
        place = next((i for i, (x, y) in pairs if x != y), 0)
        return f"[{place}] {numbers[2][place]!r}" if numbers[2] else "[]"
    if isinstance(value, dict) and "data" in value:
        return f"{value['dtype']} {value['shape']} {value['data'][:12]}…"
    text = str(value)
    start = next((i for i, (x, y) in enumerate(zip(text, str(other), strict=False)) if x != y), 0)
    return ascii(text[max(0, start - 12) : start + 24])
