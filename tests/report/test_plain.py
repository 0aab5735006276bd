"""Text that acts or hides comes out as text that shows."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from repro.report.plain import HOSTILE, plain, prose, shorten, value


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("2.5.1+cu124", "2.5.1+cu124"),
        ("\x1b[31m", "\\x1b[31m"),
        ("\x9b31m", "\\x9b31m"),
        ("\x7f", "\\x7f"),
        ("a\nb\tc\rd", "a\\nb\\tc\\rd"),
        ("\u202eevil", "\\u202eevil"),
        ("\u2066\u2069\u200b\u200f\ufeff", "\\u2066\\u2069\\u200b\\u200f\\ufeff"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("[bold]ß ﬁ 漢字 🙂[/bold]", "[bold]ß ﬁ 漢字 🙂[/bold]"),
    ],
)
def test_what_acts_or_hides_is_shown_as_an_escape(text: str, shown: str) -> None:
    assert plain(text) == shown


def test_a_long_text_is_cut_and_says_so() -> None:
    assert plain("x" * 10_000, 10) == "x" * 9 + "…"
    assert len(plain("\x1b" * 10_000, 10)) == 10


def test_sentences_lose_their_line_breaks_but_not_their_escapes() -> None:
    assert prose("  one\n  two\x1b[0m\n") == "one two\\x1b[0m"


def test_digests_are_cut_to_twelve_digits_and_other_text_is_not() -> None:
    digest = "0123456789abcdef" * 4
    assert shorten(f"sha256:{digest} at {digest[:40]}") == "sha256:0123456789ab at 0123456789ab"
    assert shorten("deadbeef" * 4) == "deadbeef" * 4
    assert value(f"name@sha256:{digest}") == "name@sha256:0123456789ab"


def test_no_control_format_or_surrogate_character_is_overlooked() -> None:
    shown = [chr(code) for code in range(0x110000) if not HOSTILE.match(chr(code))]
    left = {char for char in shown if unicodedata.category(char) in {"Cc", "Cs", "Zl", "Zp"}}
    hidden = {char for char in shown if unicodedata.bidirectional(char) in {"LRE", "RLO", "FSI"}}
    assert left | hidden == set()


@given(st.text(), st.integers(min_value=1, max_value=300))
def test_any_text_is_harmless_and_bounded(text: str, limit: int) -> None:
    shown = plain(text, limit)
    assert not HOSTILE.search(shown)
    assert len(shown) <= limit
    assert plain(shown, limit) == shown
    shown.encode()
