"""An argument that is a manifest's file, or a target to take a snapshot of."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

from repro.cli.progress import working
from repro.errors import ManifestError

if TYPE_CHECKING:
    from repro.manifest import Manifest
    from repro.target.options import Options


def manifest(text: str, options: Options) -> Manifest:
    """Read a manifest (`-` is standard input), or take one."""
    from repro.manifest import decode, load  # noqa: PLC0415
    from repro.manifest.codec import LIMIT  # noqa: PLC0415

    if text == "-":
        return decode(sys.stdin.buffer.read(LIMIT + 1), name="standard input")
    if _is_file(text):
        return load(Path(text))
    if text.endswith(".json") or text.startswith(("./", "/", "../")):
        raise ManifestError(f"{text}: no such file", advice="Name a manifest file or a target.")
    return take(text, options)


def is_manifest(text: str) -> bool:
    """Tell whether an argument is a manifest, not a target."""
    return text == "-" or _is_file(text)


def _is_file(text: str) -> bool:
    """Tell whether there is such a file; a name too long for one is none."""
    try:
        return Path(text).is_file()
    except (OSError, ValueError):
        return False


def take(text: str, options: Options) -> Manifest:
    """Take the snapshot of one target, with progress."""
    return take_all(text, options)[0]


def take_all(text: str, options: Options) -> list[Manifest]:
    """Take the snapshots that a target stands for: one, or one a platform."""
    from repro.target.resolve import snapshots  # noqa: PLC0415

    with working(f"taking a snapshot of {text}") as progress:
        return snapshots(text, options, progress)
