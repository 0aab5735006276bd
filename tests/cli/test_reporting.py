"""Which format a file gets."""

from __future__ import annotations

from pathlib import Path

import pytest

from repro.cli import reporting
from repro.errors import UsageError


@pytest.mark.parametrize(
    ("file", "name"),
    [
        ("r.json", "json"),
        ("r.md", "markdown"),
        ("r.sarif", "sarif"),
        ("r.sarif.json", "sarif"),
        ("gl.codequality.json", "gitlab"),
        ("junit.xml", "junit"),
        ("r.txt", "text"),
        ("r.html", "html"),
        ("README", "text"),
    ],
)
def test_the_longest_ending_that_is_known_says_the_format(file: str, name: str) -> None:
    assert reporting.places((), file) == [(name, Path(file))]


def test_a_format_that_is_named_goes_before_the_ending() -> None:
    assert reporting.places(("github",), "r.json") == [("github", Path("r.json"))]
    both = reporting.places(("sarif=a.json", "junit"), "b.md")
    assert both == [("sarif", Path("a.json")), ("junit", Path("b.md"))]


def test_an_unknown_format_is_told_the_known_ones() -> None:
    with pytest.raises(UsageError) as error:
        reporting.places(("xlsx",), None)
    assert all(name in error.value.advice for name in reporting.FORMATS)
