"""Versions: what ecosystems write, read so that an order of releases comes out."""

from __future__ import annotations

import pytest

from repro.rules.versions import comparable, crosses, parse, same_build, satisfies


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("1.2.3", "1.2.3"),
        ("v1.2", "1.2"),
        (" 1.2 ", "1.2"),
        ("12.4", "12.4"),
        ("12.4.5.8", "12.4.5.8"),
        ("580.159.04", "580.159.4"),
        ("2.4.1+cu121", "2.4.1+cu121"),
        ("2.5.0a0+872d972e41.nv24.8", "2.5.0a0+872d972e41.nv24.8"),
        ("3.0.0rc1", "3.0.0rc1"),
        ("3.0.0.post1", "3.0.0.post1"),
        ("1!2.0", "1!2.0"),
        ("2:1.2.3-4+b1", "1.2.3"),
        ("7:4.4.2-0ubuntu0.22.04.1", "4.4.2"),
        ("580.65.06-1ubuntu1", "580.65.6"),
        ("9.1.0.70-1", "9.1.0.70"),
        ("1.26.4-1.el9", "1.26.4"),
        ("1.2.3+dfsg-1", "1.2.3+dfsg"),
        ("1.2.3~rc1-1", "1.2.3rc1"),
        ("2.36-9+deb12u8", "2.36"),
        ("R580.65", None),
        ("a1b2c3d4e5", None),
        ("1a2b3c4d5e6f", None),
        ("garbage", None),
        ("", None),
        ("-", None),
        ("١.٢", None),
        ("\0", None),
        ("1" * 30, "1" * 30),
    ],
)
def test_a_version_is_read_as_its_ecosystem_means_it(text: str, read: str | None) -> None:
    found = parse(text)
    assert (None if found is None else str(found)) == read


@pytest.mark.parametrize(
    "text", ["9" * 100_000, "1." * 50_000, "1-" * 50_000, "0:" * 50_000, "1+" + "a." * 50_000]
)
def test_an_endless_version_is_cut_and_never_crashes(text: str) -> None:
    parse(text)
    assert not crosses(text, "x", "1.0")
    satisfies(text, ">=1")


@pytest.mark.parametrize(
    ("old", "new", "boundary", "result"),
    [
        ("1.0", "2.0", "2.0", True),
        ("1.0", "2.1", "2.0", True),
        ("2.0", "2.1", "2.0", False),
        ("1.0", "1.9", "2.0", False),
        ("2.0rc1", "2.0", "2.0", True),
        ("1.9+cu121", "2.0+cu121", "2.0", True),
        ("2.0+cu121", "2.0+cu124", "2.0", False),
        ("12.4.5.8", "12.8.4.1", "12.8", True),
        ("550.54.15", "580.159.04", "570", True),
        ("1:2.35-1", "1:2.36-1", "2.36", True),
        ("garbage", "2.0", "1.0", False),
    ],
)
def test_a_boundary_is_crossed_in_both_directions(
    old: str, new: str, boundary: str, result: bool
) -> None:
    assert crosses(old, new, boundary) is result
    assert crosses(new, old, boundary) is result


def test_nothing_crosses_what_is_not_there() -> None:
    assert not crosses(None, "2.0", "1.0")
    assert not crosses(None, None, "1.0")


@pytest.mark.parametrize(
    ("version", "specifier", "result"),
    [
        ("2.4.1+cu121", "==2.4.1", True),
        ("2.5.0rc1", ">=2.4,<2.6", True),
        ("12.8.4.1", ">=12.8.0,<12.8.5", True),
        ("12.8.5", ">=12.8.0,<12.8.5", False),
        ("2:1.2.3-4", "<=1.2.3", True),
        ("garbage", ">=0", False),
        (None, ">=0", False),
    ],
)
def test_a_range_holds_a_version_by_its_public_part(
    version: str | None, specifier: str, result: bool
) -> None:
    assert satisfies(version, specifier) is result


def test_only_what_has_an_order_is_comparable() -> None:
    assert [comparable(v) for v in ("1.0", "2:1-1", "deadbeef", "", None)] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_a_local_label_names_a_build() -> None:
    assert same_build("1.0+cu121", "2.0+cu121")
    assert same_build("1.0", "2.0")
    assert not same_build("1.0+cu121", "1.0+cu124")
    assert not same_build("1.0", "1.0+cu124")
    assert not same_build("garbage", "garbage")
