"""The distance of two arrays is told as people judge it: rounding, or another result."""

from __future__ import annotations

import base64
import math
import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.diff.sizes import DIGITS, size


def entry(dtype: str, *values: float, code: str = "f") -> dict[str, Any]:
    data = struct.pack(f"<{len(values)}{code}", *values)
    return {
        "dtype": dtype,
        "shape": [len(values)],
        "sample": base64.b64encode(data).decode("ascii"),
    }


def brain(*values: float) -> dict[str, Any]:
    bits = [struct.unpack("<I", struct.pack("<f", value))[0] >> 16 for value in values]
    return entry("bfloat16", *bits, code="H")


def test_one_step_of_a_float32_is_one_ulp_and_rounding() -> None:
    found = size(entry("float32", 1.0, 2.0), entry("float32", 1.0, 2.0 + 2.0**-22))
    assert found is not None
    assert (found.differing, found.values, found.ulps, found.rounding) == (1, 2, 1, True)


@pytest.mark.parametrize(
    ("digits", "rounding"), [(24, True), (20, True), (11, False), (8, False)], ids=str
)
def test_a_significand_that_is_cut_to_tf32_is_beyond_rounding(digits: int, rounding: bool) -> None:
    exact = 1.0 + sum(2.0**-power for power in range(1, 24))
    cut = math.floor(exact * 2 ** (digits - 1)) / 2 ** (digits - 1)
    found = size(entry("float32", exact, 1.0), entry("float32", cut, 1.0))
    assert found is not None
    assert found.rounding is rounding


def test_a_small_value_beside_large_ones_is_measured_by_the_large_ones() -> None:
    """Where sums cancel, what is left is all rounding: its own ulps say nothing."""
    found = size(entry("float32", 100.0, 1e-6), entry("float32", 100.0, 3e-6))
    assert found is not None
    assert found.rounding
    assert found.ulps is not None
    assert found.ulps > 1000


def test_16_bit_types_may_be_off_by_a_few_steps() -> None:
    near = size(brain(1.0, 3.0), brain(1.0, 3.0 + 2**-6))
    far = size(brain(1.0, 3.0), brain(1.0, 3.5))
    assert near is not None
    assert far is not None
    assert (near.ulps, near.rounding) == (1, True)
    assert not far.rounding


def test_integers_do_not_round() -> None:
    found = size(entry("int32", 1, 2, code="i"), entry("int32", 1, 3, code="i"))
    assert found is not None
    assert (found.ulps, found.rounding) == (None, False)


def test_a_nan_is_like_a_nan_and_unlike_a_number() -> None:
    nan = entry("float64", math.nan, 1.0, code="d")
    number = entry("float64", 0.5, 1.0, code="d")
    alike, unlike = size(nan, nan), size(nan, number)
    assert alike is not None
    assert unlike is not None
    assert alike.differing == 0
    assert (unlike.differing, unlike.rounding) == (1, False)


@pytest.mark.parametrize(
    "other",
    [
        entry("float64", 1.0, code="d"),
        entry("float32", 1.0, 2.0),
        {"dtype": "float32", "shape": [1], "sample": "not base64!"},
        {"dtype": "float32", "shape": [1]},
        {"dtype": ["float32"], "shape": [1], "sample": "AAAA"},
        {},
    ],
)
def test_what_does_not_compare_has_no_distance(other: dict[str, Any]) -> None:
    assert size(entry("float32", 1.0), other) is None


@given(
    st.sampled_from([*DIGITS, "int8", "complex64", "float8_e4m3fn", "?"]),
    st.binary(max_size=64),
    st.binary(max_size=64),
)
def test_whatever_a_manifest_holds_is_measured_or_not_but_never_fails(
    dtype: str, old: bytes, new: bytes
) -> None:
    sides = [
        {"dtype": dtype, "shape": [1], "sample": base64.b64encode(data).decode()}
        for data in (old, new)
    ]
    there, back = size(*sides), size(*reversed(sides))
    assert (there is None) == (back is None)
    if there and back:
        assert there.rounding == back.rounding
