"""The header WWW-Authenticate, in the forms that registries send and that nobody should."""

from __future__ import annotations

import time

import pytest

from repro.registry.challenge import Challenge, parse


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ('Basic realm="a b"', [("basic", {"realm": "a b"})]),
        ("Basic", [("basic", {})]),
        (
            'Bearer realm="https://x/token",service="s",scope="repository:a:pull,push"',
            [
                (
                    "bearer",
                    {"realm": "https://x/token", "service": "s", "scope": "repository:a:pull,push"},
                )
            ],
        ),
        (
            'bearer realm=https://x/t , Service = s, Basic realm="y"',
            [("bearer", {"realm": "https://x/t", "service": "s"}), ("basic", {"realm": "y"})],
        ),
        (r'Basic realm="a\"b"', [("basic", {"realm": 'a"b'})]),
        ('Bearer realm="1",realm="2"', [("bearer", {"realm": "1"})]),
        ("", []),
        ("Negotiate", []),
        ('realm="x"', []),
        ('Bearer realm="unfinished', []),
    ],
)
def test_challenges(header: str, expected: list[tuple[str, dict[str, str]]]) -> None:
    assert parse(header) == [Challenge(scheme, parameters) for scheme, parameters in expected]


@pytest.mark.parametrize("piece", ["a", "a ", 'a="', "\\", '"', 'Bearer a="\\', " = "])
def test_a_long_header_takes_no_time(piece: str) -> None:
    before = time.process_time()
    parse(piece * 60_000)
    assert time.process_time() - before < 1
