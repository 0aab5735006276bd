"""Installs wheels for an image's Python from outside, by pip, as pip inside would have done."""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import os
import platform
import shutil
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.error import run

MACHINE: Final = platform.machine()
GENERATIONS: Final = (
    *("manylinux_2_28", "manylinux_2_27", "manylinux_2_17", "manylinux2014"),
    *("manylinux_2_12", "manylinux2010", "manylinux_2_5", "manylinux1"),
)
"""Newest first; the C library of the oldest suite is 2.31. PEP 600."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Wheels:
    """A layer with exactly the distributions named, none of their dependencies.

    `site` takes the modules, `scripts` the commands, which `interpreter` runs. Debian's own
    Python installs into /usr/local/lib/pythonX.Y/dist-packages.
    """

    requirements: tuple[str, ...]
    python: str = "3.11"
    site: str = "/usr/local/lib/python3.11/dist-packages"
    scripts: str = "/usr/local/bin"
    interpreter: str = "/usr/bin/python3"

    def write(self, root: Path) -> None:
        """Install; raises LabError with pip's own words."""
        site = root / self.site.lstrip("/")
        site.mkdir(parents=True)
        with tempfile.TemporaryDirectory() as folder:
            listing = Path(folder) / "requirements.txt"
            listing.write_text("".join(f"{line}\n" for line in self.requirements))
            run([*self._pip(), "--target", str(site), "--requirement", str(listing)])
        self._settle_scripts(root, site)

    def _pip(self) -> list[str]:
        abi = f"cp{self.python.replace('.', '')}"
        platforms = (*(f"{tag}_{MACHINE}" for tag in GENERATIONS), "any")
        tags = [part for tag in platforms for part in ("--platform", tag)]
        tags += [part for tag in (abi, "abi3", "none") for part in ("--abi", tag)]
        chosen = ["--python-version", self.python, "--implementation", "cp", *tags]
        install = ["install", "--quiet", "--no-deps", "--no-compile", "--only-binary=:all:"]
        return [sys.executable, "-m", "pip", *install, *chosen]

    def _settle_scripts(self, root: Path, site: Path) -> None:
        """Move the commands from SITE/bin to where they belong and name the image's Python."""
        found = site / "bin"
        if not found.exists():
            return
        place = root / self.scripts.lstrip("/")
        place.mkdir(parents=True, exist_ok=True)
        moved = {}
        for script in sorted(found.iterdir()):
            content = script.read_bytes()
            if content.startswith(f"#!{sys.executable}".encode()):
                content = b"#!" + self.interpreter.encode() + content[content.index(b"\n") :]
            target = place / script.name
            target.write_bytes(content)
            target.chmod(0o755)
            moved[f"../../bin/{script.name}"] = target
        shutil.rmtree(found)
        for record in site.glob("*.dist-info/RECORD"):
            _rewrite(record, site, moved)


def _rewrite(record: Path, site: Path, moved: dict[str, Path]) -> None:
    """State in a RECORD where the commands are now and what they hold."""
    rows = list(csv.reader(io.StringIO(record.read_text(encoding="utf-8"))))
    if not any(row and row[0] in moved for row in rows):
        return
    output = io.StringIO()
    writer = csv.writer(output, lineterminator="\n")
    for row in rows:
        script = moved.get(row[0]) if row else None
        writer.writerow(row if script is None else _entry(script, site))
    record.write_text(output.getvalue(), encoding="utf-8")


def _entry(path: Path, site: Path) -> list[str]:
    """A RECORD row: path from the site folder, digest, size in bytes.

    Source: packaging.python.org, "Recording installed projects".
    """
    content = path.read_bytes()
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest()).rstrip(b"=").decode()
    return [os.path.relpath(path, site), f"sha256={digest}", str(len(content))]
