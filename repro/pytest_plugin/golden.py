"""Goldens by environment: one file for each environment that a result is right in."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

import pytest

from repro.report.plain import plain

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from repro.manifest import Manifest

FOLDER: Final = "goldens"
"""Beside the file of a test."""
NAME: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.+-]{0,99}")
DIGITS: Final = 12
"""Of a digest in a file's name."""
SHOWN: Final = 60
"""Lines of a difference."""


@dataclass(frozen=True, kw_only=True)
class Golden:
    """Call it with what a test made: `repro_golden(text)`, or `repro_golden(data, "logits.bin")`.

    The file is `goldens/TEST_FILE/NAME@KEY.SUFFIX`. Without a key that is the digest of the
    environment's image scope: its packages and libraries, whatever host it runs on.
    """

    path: Path
    test: str
    update: bool
    environment: Callable[[], Manifest]

    def __call__(
        self, actual: str | bytes, name: str | None = None, *, key: str | None = None
    ) -> None:
        """Compare with the golden, or write it; the test fails where they differ or none is there.

        ValueError for a name or a key that is no part of a file's name.
        """
        __tracebackhide__ = True
        data = actual if isinstance(actual, bytes) else actual.encode("utf-8")
        name = name or _slug(self.test, actual)
        file = self._file(name, key)
        if self.update:
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        elif not file.exists():
            pytest.fail(_missing(file, name, data), pytrace=False)
        elif (expected := file.read_bytes()) != data:
            pytest.fail(_differs(file, expected, data), pytrace=False)

    def _file(self, name: str, key: str | None) -> Path:
        key = key or self.environment().digests.image.partition(":")[2][:DIGITS]
        for part in (name, key):
            if not NAME.fullmatch(part):
                raise ValueError(f"{part!r} is no part of a file's name")
        stem, dot, suffix = name.partition(".")
        return self.path.parent / FOLDER / self.path.stem / f"{stem}@{key}{dot}{suffix}"


def _slug(test: str, actual: str | bytes) -> str:
    """Make a file's name of a test's; parameters of a test are in brackets."""
    suffix = "bin" if isinstance(actual, bytes) else "txt"
    return f"{re.sub(r'[^A-Za-z0-9_+-]+', '-', test).strip('-')[:90]}.{suffix}"


def _missing(file: Path, name: str, data: bytes) -> str:
    stem, dot, suffix = name.partition(".")
    others = sorted(file.parent.glob(f"{stem}@*{dot}{suffix}"))
    same = [path.name for path in others if path.read_bytes() == data]
    lines = [f"no golden for this environment: {file}"]
    if others:
        lines.append(f"there are {len(others)} of others, and {len(same)} of them are the same")
        lines += [f"  {plain(path.name)}" for path in others[:10]]
    lines.append("look at the result, then keep it: --repro-golden-update")
    return "\n".join(lines)


def _differs(file: Path, expected: bytes, data: bytes) -> str:
    head = f"not the golden of this environment: {file}"
    try:
        old, new = expected.decode("utf-8").split("\n"), data.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        pairs = zip(expected, data, strict=False)
        first = next((n for n, (a, b) in enumerate(pairs) if a != b), min(len(expected), len(data)))
        return f"{head}\n{len(expected)} bytes → {len(data)} bytes; the first at {first} differs"
    lines = difflib.unified_diff(old, new, "golden", "result", lineterm="")
    return "\n".join([head, *(plain(line, 300) for line in islice(lines, SHOWN))])
