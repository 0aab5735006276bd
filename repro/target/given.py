"""An answer that a probe left in a file, where nobody was listening."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from repro.errors import TargetError
from repro.manifest import Manifest, Target
from repro.target.about import About
from repro.target.answer import LIMIT, Output
from repro.target.snapshot import answered

LATEST: Final = 253_402_300_799
"""The last second of the year 9999: what a volume says of its files is anybody's."""


def snapshot(path: str) -> Manifest:
    """Read an answer. TargetError where there is no such file, ProbeError where it is not whole.

    Before the first `_` of the file's name stands the host (`repro.fleet.workload.FILE`).
    """
    try:
        if not Path(path).is_file() and Path(path).exists():
            raise TargetError(f"{path} is no file", advice="An answer is a file, and no pipe.")
        with Path(path).open("rb") as file:
            data = file.read(LIMIT)
            seconds = os.fstat(file.fileno()).st_mtime
    except OSError as error:
        raise TargetError(
            f"{path}: {error.strerror}", advice="Has the probe run there, and ended?"
        ) from error
    written = datetime.fromtimestamp(min(max(seconds, 0), LATEST), UTC)
    host, separator, _ = Path(path).name.partition("_")
    return answered(
        Target(kind="answer", name=Path(path).stem),
        Output(data),
        About([], host if separator else None),
        at=written.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
