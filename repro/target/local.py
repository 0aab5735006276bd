"""The environment that repro is called from, or that of a given Python interpreter."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

from repro.errors import ProbeError, TargetError
from repro.manifest import Manifest, Target
from repro.target.answer import Output
from repro.target.snapshot import probe_options, take

if TYPE_CHECKING:
    from repro.target.options import Options
    from repro.target.progress import Progress, Watch


def snapshot(python: str | None, options: Options, progress: Progress | None = None) -> Manifest:
    """Run the probe as a child process, in the environment of one interpreter alone."""
    executable = python or _current()
    name = f"python:{python}" if python else "local"
    told = probe_options(options, entry_only=True, executable=str(Path(executable).absolute()))
    return take(
        Target(kind="environment", name=name, properties={"python": executable}),
        lambda words, seconds, watch: _ask(executable, words, seconds, watch),
        told,
        options,
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


def _ask(executable: str, arguments: list[str], seconds: int, watch: Watch | None) -> Output:
    errors = bytearray()
    try:
        process = subprocess.Popen(
            [executable, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
    except OSError as error:
        raise TargetError(
            f"{executable} cannot be started: {error.strerror}",
            advice="Name a Python interpreter: python:/path/to/bin/python",
        ) from error
    with process, ThreadPoolExecutor(2) as readers:
        readers.submit(_drain, process, errors, watch)
        printed = readers.submit(_read, process)
        try:
            process.wait(seconds)
        except subprocess.TimeoutExpired as error:
            raise ProbeError(
                f"the probe gave no answer in {seconds} s and was stopped",
                advice="Allow more with --timeout, or leave frameworks alone with --no-frameworks.",
            ) from error
        finally:
            process.kill()
    return Output(printed.result(), bytes(errors[-2000:]))


def _read(process: subprocess.Popen[bytes]) -> bytes:
    return process.stdout.read() if process.stdout else b""


def _drain(process: subprocess.Popen[bytes], errors: bytearray, watch: Watch | None) -> None:
    for line in process.stderr or ():
        errors.extend(line)
        if watch:
            watch(line)
