"""Versions as rules see them: PEP 440 where a version is one, otherwise its leading numbers."""

from __future__ import annotations

import re
from functools import lru_cache

from packaging.specifiers import SpecifierSet
from packaging.version import InvalidVersion, Version


@lru_cache(maxsize=8192)
def parse(text: str) -> Version | None:
    """Read a version; `580.65.06-1ubuntu1` counts as 580.65.6, text without a number as None."""
    try:
        return Version(text)
    except InvalidVersion:
        numbers = re.match(r"v?(\d{1,9}(?:\.\d{1,9}){0,6})", text.strip()[:100])
        return Version(numbers[1]) if numbers else None


@lru_cache(maxsize=4096)
def specifier(text: str) -> SpecifierSet:
    """Read a specifier such as `>=12.8.0,<12.8.5`; pre-releases count as versions."""
    return SpecifierSet(text, prereleases=True)


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


def _public(version: Version) -> Version:
    return Version(version.public)
