"""A folder of files as a place for manifests."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

from repro.errors import ManifestError, OutputError, UsageError
from repro.manifest import codec


class Folder:
    """A folder and all below it."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def names(self) -> list[str]:
        """List all files; UsageError where there is no folder, or a part of it is closed."""

        def refuse(error: OSError) -> None:
            raise UsageError(
                f"{error.filename}: {error.strerror}", advice="Name a folder that can be read."
            ) from error

        walk = os.walk(self._path, onerror=refuse)
        return [
            str(Path(folder, name).relative_to(self._path))
            for folder, _, names in walk
            for name in names
        ]

    def content(self, name: str) -> bytes:
        """Read one; ManifestError where it cannot be read, or is too large for a manifest."""
        path = self._path / name
        if not path.is_file():
            raise ManifestError("no file that can be read")
        return codec.content(path)

    def put(self, name: str, data: bytes) -> bool:
        """Write one so that nobody sees half of it; False where it is there already."""
        path = self._path / name
        if path.exists():
            return False
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            _whole(path, data)
        except OSError as error:
            raise OutputError(
                f"cannot write {path}: {error.strerror}", advice="Name a place that can be written."
            ) from error
        return True


def _whole(path: Path, data: bytes) -> None:
    """Write beside the place, then move: a reader finds all of it or nothing."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    written = Path(name)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        written.chmod(0o644)
        written.replace(path)
    except BaseException:
        written.unlink(missing_ok=True)
        raise
