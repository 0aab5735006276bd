"""Versions as rules see them: PEP 440 where a version is one, otherwise its leading numbers."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Final

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version

LENGTH: Final = 100
"""Characters of a version that are read at most; Python refuses numbers of over 4,300 digits."""
DISTRIBUTION: Final = re.compile(r"(?:\d{1,9}:)?(\d[^-]*)(?:-.*)?", re.ASCII | re.DOTALL)
"""[epoch:]upstream[-revision], as dpkg and rpm write it (deb-version(7)); rules mean upstream."""
COMMIT: Final = re.compile(r"(?=\d*[a-f])[0-9a-f]{7,64}")
"""The hash of a commit, which has no order though it may begin with a digit."""
NUMBERS: Final = re.compile(r"v?(\d{1,9}(?:\.\d{1,9}){0,6})", re.ASCII)


@lru_cache(maxsize=8192)
def parse(text: str) -> Version | None:
    """Read a version; `2:580.65.06-1ubuntu1` counts as 580.65.6, text without a number as None."""
    text = text.strip()[:LENGTH]
    found = DISTRIBUTION.fullmatch(text)
    upstream = (found[1] if found else text).replace("~", "")
    try:
        return Version(upstream)
    except InvalidVersion:
        numbers = None if COMMIT.fullmatch(upstream) else NUMBERS.match(upstream)
        return Version(numbers[1]) if numbers else None


@lru_cache(maxsize=4096)
def specifier(text: str) -> SpecifierSet:
    """Read a specifier such as `>=12.8.0,<12.8.5`; pre-releases count as versions."""
    return SpecifierSet(text, prereleases=True)


@lru_cache(maxsize=8192)
def satisfies(version: str | None, spec: str) -> bool:
    """Tell whether a version lies in a range, looking at its public part alone."""
    parsed = parse(version) if version is not None else None
    return parsed is not None and specifier(spec).contains(parsed.public, prereleases=True)


def crosses(old: str | None, new: str | None, boundary: str) -> bool:
    """Tell whether one version is before a boundary and the other at or after it."""
    a, b = (parse(version) if version is not None else None for version in (old, new))
    if a is None or b is None:
        return False
    edge = Version(boundary)
    return (_public(a) < edge) != (_public(b) < edge)


def comparable(version: str | None) -> bool:
    """Tell whether a version is known and has an order."""
    return version is not None and parse(version) is not None


def same_build(old: str, new: str) -> bool:
    """Tell whether two versions carry the same local label, such as `+cu121`."""
    a, b = parse(old), parse(new)
    return a is not None and b is not None and a.local == b.local


def _public(version: Version) -> Version:
    return Version(version.public)
