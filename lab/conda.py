"""Real conda environments with no conda channel in reach: packages are made from Debian's Python
and from wheels, indexed as a channel of the file system, and installed by rattler.
"""

from __future__ import annotations

import bz2
import hashlib
import io
import json
import re
import shutil
import sys
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from lab.error import run
from lab.layer import EPOCH, cache
from lab.rootfs import Debian
from lab.wheels import MACHINE, Wheels

RATTLER: Final = "py-rattler==0.28.0"
INSTALL: Final = Path(__file__).with_name("conda_install.py")
SUBDIRECTORIES: Final = {"x86_64": "linux-64", "aarch64": "linux-aarch64"}
"""Conda's words for platforms."""
PYTHON: Final = "3.11"
STANDARD: Final = f"lib/python{PYTHON}"
PLACE: Final = "/srv"
"""What conda-meta says instead of the temporary folder in which the channel stood."""

SITE_CUSTOMIZE: Final = f"""\
import site, sys
site.addsitedir(sys.prefix + "/{STANDARD}/site-packages")
"""
"""Debian's Python looks for distributions in dist-packages alone."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Conda:
    """A layer with a conda environment of Python and wheels turned into conda packages."""

    suite: str
    requirements: tuple[str, ...]
    prefix: str = "/opt/conda"

    def write(self, root: Path) -> None:
        """Make the packages and install them; raises LabError."""
        with tempfile.TemporaryDirectory() as name:
            folder = Path(name)
            place = folder / "channel" / SUBDIRECTORIES[MACHINE]
            place.mkdir(parents=True)
            (folder / "channel/noarch").mkdir()
            names = [
                _python(self.suite, folder / "python", place),
                *(_wheel(one, self.prefix, folder / one, place) for one in self.requirements),
            ]
            target = root / self.prefix.lstrip("/")
            target.parent.mkdir(parents=True, exist_ok=True)
            tools = (str(_rattler()), str(folder / "channel"), str(folder / "cache"))
            run([sys.executable, str(INSTALL), *tools, str(target), self.prefix, *names])
            _forget(target, folder)


def _python(suite: str, folder: Path, place: Path) -> str:
    """Pack Debian's interpreter and standard library, as conda lays them out."""
    folder.mkdir()
    Debian(suite, ("python3",)).write(folder)
    tree = folder / "tree"
    (tree / "bin").mkdir(parents=True)
    shutil.copy2(folder / f"usr/bin/python{PYTHON}", tree / "bin")
    for link in ("python", "python3"):
        (tree / "bin" / link).symlink_to(f"python{PYTHON}")
    shutil.copytree(folder / "usr" / STANDARD, tree / STANDARD, symlinks=True)
    (tree / STANDARD / "EXTERNALLY-MANAGED").unlink()  # Debian's word to pip; conda has none.
    custom = tree / STANDARD / "sitecustomize.py"
    custom.unlink()  # A link into /etc.
    custom.write_text(SITE_CUSTOMIZE)
    version = run([str(tree / f"bin/python{PYTHON}"), "-I", "-S", "-V"]).split()[1]
    _pack(place, "python", version, tree)
    return "python"


def _wheel(requirement: str, prefix: str, tree: Path, place: Path) -> str:
    """Pack a wheel as the conda package of its name and version."""
    name, _, version = requirement.partition("==")
    tree.mkdir()
    Wheels(
        requirements=(requirement,),
        python=PYTHON,
        site=f"/{STANDARD}/site-packages",
        scripts="/bin",
        interpreter=f"{prefix}/bin/python",
    ).write(tree)
    for installer in tree.glob(f"{STANDARD}/site-packages/*.dist-info/INSTALLER"):
        installer.write_text("conda")
    _pack(place, name, version, tree, depends=(f"python {PYTHON}.*",))
    return name


def _pack(place: Path, name: str, version: str, tree: Path, depends: tuple[str, ...] = ()) -> None:
    """Write a package of conda's first format: a bzip2 tar of files and what is told of them.

    Source: conda-build documentation, "Conda package specification".
    """
    build = f"py{PYTHON.replace('.', '')}_0"
    paths = sorted(path for path in tree.rglob("*") if path.is_symlink() or path.is_file())
    about = {
        "name": name,
        "version": version,
        "build": build,
        "build_number": 0,
        "depends": list(depends),
        "subdir": place.name,
        "timestamp": EPOCH * 1000,
    }
    listing = {"paths": [_told(path, tree) for path in paths], "paths_version": 1}
    files = "".join(f"{path.relative_to(tree)}\n" for path in paths)
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for member, content in (
            ("info/index.json", json.dumps(about)),
            ("info/paths.json", json.dumps(listing)),
            ("info/files", files),
        ):
            info = tarfile.TarInfo(member)
            info.size = len(content.encode())
            tar.addfile(info, io.BytesIO(content.encode()))
        for path in paths:
            tar.add(path, str(path.relative_to(tree)), filter=_plain)
    package = place / f"{name}-{version}-{build}.tar.bz2"
    package.write_bytes(bz2.compress(plain.getvalue(), compresslevel=1))


def _told(path: Path, tree: Path) -> dict[str, str | int]:
    is_link = path.is_symlink()
    content = b"" if is_link else path.read_bytes()
    return {
        "_path": str(path.relative_to(tree)),
        "path_type": "softlink" if is_link else "hardlink",
        "sha256": hashlib.sha256(content).hexdigest(),
        "size_in_bytes": len(content),
    }


def _plain(info: tarfile.TarInfo) -> tarfile.TarInfo:
    info.uid = info.gid = 0
    info.uname = info.gname = "root"
    info.mtime = EPOCH
    return info


def _rattler() -> Path:
    """The folder that rattler lies in, installed at the first call; raises LabError."""
    folder = cache() / "tools" / RATTLER.replace("==", "-")
    if not folder.exists():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as name:
            new = Path(name) / "new"
            pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps"]
            run([*pip, "--only-binary=:all:", "--target", str(new), RATTLER])
            new.rename(folder)
    return folder


def _forget(target: Path, folder: Path) -> None:
    """Take the temporary folder and the time out of conda-meta: they differ at each making."""
    for path in (target / "conda-meta").glob("*.json"):
        text = path.read_text(encoding="utf-8").replace(str(folder), PLACE)
        text = re.sub(r'("indexed_timestamp": )\d+', rf"\g<1>{EPOCH * 1000}", text)
        path.write_text(text, encoding="utf-8")
