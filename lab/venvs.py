"""Virtual environments with given distributions, built once on a machine and then reused."""

from __future__ import annotations

import fcntl
import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Final

from lab.error import run

VARIABLES: Final = {
    "UV_FIND_LINKS": "PIP_FIND_LINKS",
    "UV_INDEX_URL": "PIP_INDEX_URL",
    "UV_EXTRA_INDEX_URL": "PIP_EXTRA_INDEX_URL",
}
ROOT: Final = Path(tempfile.gettempdir()) / f"repro-lab-venvs-{os.getuid()}"


def interpreter(*requirements: str, python: str = sys.executable, resolve: bool = True) -> str:
    """Return the Python of a virtual environment that has these distributions.

    With `resolve` their dependencies come too; without, exactly what is named. Raises LabError
    with uv's own words. Safe to call from several processes: one builds, the others wait.
    """
    key = hashlib.sha256(repr((_version(python), resolve, requirements)).encode()).hexdigest()[:16]
    ROOT.mkdir(mode=0o700, exist_ok=True)
    folder = ROOT / key
    with (ROOT / f"{key}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "complete").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _build(folder, requirements, python, resolve=resolve)
            (folder / "complete").touch()
    return str(folder / "bin" / "python")


def _version(python: str) -> str:
    code = "import sys; print(sys.executable, sys.version)"
    return subprocess.run([python, "-c", code], capture_output=True, text=True, check=True).stdout


def _build(folder: Path, requirements: tuple[str, ...], python: str, *, resolve: bool) -> None:
    run([python, "-m", "venv", "--without-pip", str(folder)])
    if requirements:
        install = [sys.executable, "-m", "uv", "pip", "install", "--quiet", "--link-mode=copy"]
        options = ["--python", str(folder / "bin" / "python"), "--only-binary=:all:"]
        options += [] if resolve else ["--no-deps"]
        run([*install, *options, *requirements], env=_settings())


def _settings() -> dict[str, str]:
    """Give uv what pip is told by variables, and let it trust whom the system trusts."""
    told = {uv: os.environ[pip] for uv, pip in VARIABLES.items() if pip in os.environ}
    return {**os.environ, "UV_SYSTEM_CERTS": "1", **told}
