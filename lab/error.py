"""What the laboratory says when it cannot work here."""

from __future__ import annotations

import shutil
import subprocess
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ADMIN_PATH = "/usr/local/sbin:/usr/sbin:/sbin"
"""Debian installs daemons here; the PATH of an ordinary shell often lacks these folders."""


class LabError(Exception):
    """The laboratory cannot do what was asked; the message says what to install or to set."""


def find_program(name: str, package: str) -> str:
    """Return the path of a program.

    Raises LabError, naming the Debian package, when it is not installed.
    """
    path = shutil.which(name) or shutil.which(name, path=ADMIN_PATH)
    if path is None:
        raise LabError(f"{name} is not installed: apt-get install {package}")
    return path


def run(command: Sequence[str], *, env: Mapping[str, str] | None = None) -> str:
    """Run a command and return its standard output.

    Raises LabError with the end of its standard error when it fails.
    """
    done = subprocess.run(command, capture_output=True, text=True, check=False, env=env)
    if done.returncode != 0:
        tail = "\n".join(done.stderr.strip().splitlines()[-8:])
        raise LabError(f"{command[0]} ended with {done.returncode}:\n{tail}")
    return done.stdout
