"""An answer that a probe left in a file, where nobody was listening."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

from repro.errors import TargetError
from repro.manifest import Manifest, Target
from repro.target.about import About
from repro.target.answer import LIMIT, Output
from repro.target.snapshot import answered


def snapshot(path: str) -> Manifest:
    """Read an answer. TargetError where there is no such file, ProbeError where it is not whole.

    Before the first `_` of the file's name stands the host (`repro.fleet.workload.ANSWER`).
    """
    try:
        with Path(path).open("rb") as file:
            data = file.read(LIMIT)
            written = datetime.fromtimestamp(os.fstat(file.fileno()).st_mtime, UTC)
    except OSError as error:
        raise TargetError(
            f"{path}: {error.strerror}", advice="Has the probe run there, and ended?"
        ) from error
    host, separator, _ = Path(path).name.partition("_")
    return answered(
        Target(kind="answer", name=Path(path).stem),
        Output(data),
        About([], host if separator else None),
        at=written.strftime("%Y-%m-%dT%H:%M:%SZ"),
    )
