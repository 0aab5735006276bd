"""The environment that repro is called from, or that of a given Python interpreter."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from repro.manifest import Manifest, Target
from repro.target import machine
from repro.target.about import About
from repro.target.carried import asking
from repro.target.snapshot import probe_options, take

if TYPE_CHECKING:
    from repro.target.options import Options
    from repro.target.progress import Progress


def snapshot(python: str | None, options: Options, progress: Progress | None = None) -> Manifest:
    """Run the probe as a child process, in the environment of one interpreter alone."""
    executable = python or _current()
    name = f"python:{python}" if python else "local"
    told = probe_options(options, entry_only=True, executable=str(Path(executable).absolute()))
    return take(
        Target(kind="environment", name=name, properties={"python": executable}),
        asking((), executable, programs=(executable,)),
        told,
        options,
        lambda: ((), About([], machine=machine.own())),
        progress=progress,
        at_work=True,
    )


def _current() -> str:
    """Find the interpreter that a user means by `here`: the active environment's, else python3."""
    for variable in ("VIRTUAL_ENV", "CONDA_PREFIX"):
        prefix = os.environ.get(variable)
        if prefix and Path(prefix, "bin", "python").exists():
            return str(Path(prefix, "bin", "python"))
    return shutil.which("python3") or sys.executable
