"""How far apart two sampled arrays are: the same bits, rounding, or another result."""

from __future__ import annotations

import base64
import binascii
import math
import struct
from typing import Any, Final

import msgspec

FLOATS: Final = {"float64": "d", "float32": "f", "float16": "e", "bfloat16": "H"}
"""Codes of `struct`; a bfloat16 is read as its 16 bits, the upper half of a float32."""
INTEGERS: Final = {
    "int8": "b",
    "uint8": "B",
    "int16": "h",
    "uint16": "H",
    "int32": "i",
    "uint32": "I",
    "int64": "q",
    "uint64": "Q",
    "bool": "B",
}
PARTS: Final = {"complex64": "float32", "complex128": "float64"}
DIGITS: Final = {"float64": 53, "float32": 24, "float16": 11, "bfloat16": 8}
"""Binary digits of a significand (IEEE 754, and Google's brain float)."""
ROUNDING: Final = {"float64": 512, "float32": 512, "float16": 4, "bfloat16": 4}
"""Units in the last place of the largest value that another order of adding may move a result by.

Sums of thousands of products in one type wander over tens of units, while TF32, which cuts the
significand to 11 binary digits, is off by thousands of a float32's; 16-bit results are added up
in 32 bits and rounded once or twice.
"""
MOST: Final = 4096
"""Values of a sample that are looked at."""


class Size(msgspec.Struct, frozen=True, kw_only=True):
    """The distance of two samples."""

    differing: int
    """How many of the values are not the same."""
    values: int
    floating: bool
    """Whether they are numbers that can be nearly equal; indices and pixels are not."""
    ulps: int | None
    """The most units in the last place between two values; None where a type has none."""
    relative: float
    """The largest difference, as a part of the largest value."""
    rounding: bool
    """Whether it is no more than another order of operations makes."""
    units: int | None = None
    """The largest difference in units in the last place of the largest value, rounded up; None
    where a type has none, or a difference is not finite."""


def size(a: dict[str, Any], b: dict[str, Any]) -> Size | None:
    """Measure the distance of two entries {dtype, shape, sample}; None where they do not compare.

    A sample is base64 of little-endian values.
    """
    dtype = a.get("dtype")
    if dtype != b.get("dtype") or a.get("shape") != b.get("shape") or not isinstance(dtype, str):
        return None
    old, new = _numbers(dtype, a.get("sample")), _numbers(dtype, b.get("sample"))
    if not old or not new or len(old) != len(new):
        return None
    return _distance(PARTS.get(dtype, dtype), old, new)


def _numbers(dtype: str, sample: Any) -> list[float]:
    try:
        data = base64.b64decode(sample if isinstance(sample, str) else "", validate=True)
    except (binascii.Error, ValueError):
        return []
    part = PARTS.get(dtype, dtype)
    code = FLOATS.get(part) or INTEGERS.get(part)
    if code is None:
        return []
    count = min(MOST, len(data) // struct.calcsize(code))
    found = struct.unpack_from(f"<{count}{code}", data)
    return [_brain(bits) for bits in found] if part == "bfloat16" else list(found)


def _brain(bits: int) -> float:
    return float(struct.unpack("<f", struct.pack("<I", bits << 16))[0])


def _distance(dtype: str, old: list[float], new: list[float]) -> Size:
    pairs = list(zip(old, new, strict=True))
    differing = [pair for pair in pairs if pair[0] != pair[1] and not _both_nan(pair)]
    finite = all(map(math.isfinite, (value for pair in differing for value in pair)))
    scale = max((abs(v) for pair in pairs for v in pair if math.isfinite(v)), default=0.0)
    gap = max((abs(x - y) for x, y in differing), default=0.0) if finite else math.inf
    relative = gap / scale if scale else (math.inf if gap else 0.0)
    ulps = max((_ulps(dtype, *pair) for pair in differing), default=0) if finite else None
    return Size(
        differing=len(differing),
        values=len(pairs),
        floating=dtype in DIGITS,
        ulps=ulps if dtype in DIGITS else None,
        relative=relative,
        units=_units(dtype, relative),
        rounding=dtype in DIGITS and relative <= ROUNDING[dtype] * 2.0 ** (1 - DIGITS[dtype]),
    )


def _units(dtype: str, relative: float) -> int | None:
    if dtype not in DIGITS or not math.isfinite(relative):
        return None
    return math.ceil(relative * 2.0 ** (DIGITS[dtype] - 1))


def _both_nan(pair: tuple[float, float]) -> bool:
    return pair[0] != pair[0] and pair[1] != pair[1]  # NaN alone is not itself.


def _ulps(dtype: str, x: float, y: float) -> int:
    """Count the steps between two values in the precision of the larger one."""
    if dtype not in DIGITS:
        return 0
    _, exponent = math.frexp(max(abs(x), abs(y)))
    step = math.ldexp(1.0, max(exponent - DIGITS[dtype], -1074))
    return round(abs(x - y) / step)
