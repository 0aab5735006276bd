"""Where results go: standard output, or files that are whole or not there."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from pathlib import Path

from repro.errors import OutputError


def write(path: Path, data: bytes) -> None:
    """Write a file so that nobody ever sees half of it; OutputError where that is not possible."""
    try:
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _failed(path, error) from error
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        Path(name).chmod(0o666 & ~_umask())
        Path(name).replace(path)
    except OSError as error:
        Path(name).unlink(missing_ok=True)
        raise _failed(path, error) from error
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _failed(path: Path, error: OSError) -> OutputError:
    return OutputError(
        f"cannot write {path}: {error.strerror}", advice="Name a place that can be written."
    )


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


class ReaderGoneError(Exception):
    """Nobody reads standard output any more; click would make exit code 1 of the system's error."""


def stdout(data: bytes) -> None:
    """Write to standard output as it is; raises ReaderGoneError, or OutputError on a full disk."""
    try:
        sys.stdout.flush()
        sys.stdout.buffer.write(data)
        sys.stdout.buffer.flush()
    except BrokenPipeError as error:
        raise ReaderGoneError from error
    except OSError as error:
        raise OutputError(
            f"standard output: {error.strerror}", advice="Free some space, or write elsewhere."
        ) from error


def width() -> int:
    """Columns to write for: the terminal's, or COLUMNS, or 100 in a pipe."""
    return max(40, min(200, shutil.get_terminal_size((100, 24)).columns))


def color() -> bool:
    """Tell whether to colour: on a terminal that can, unless NO_COLOR is set (no-color.org)."""
    if os.environ.get("NO_COLOR"):
        return False
    return sys.stdout.isatty() and os.environ.get("TERM") != "dumb"
