"""CUDA libraries where NVIDIA's images for C++ have them: no Python, but Debian packages.

The libraries and headers are those of NVIDIA's wheels. Source of the layout:
gitlab.com/nvidia/container-images/cuda.
"""

from __future__ import annotations

import json
import shutil
import tarfile
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from lab.error import LabError
from lab.layer import blob
from lab.wheels import MACHINE, Wheels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.layer import Layer

TARGET: Final = {"x86_64": "x86_64-linux", "aarch64": "sbsa-linux"}[MACHINE]
SYSTEM: Final = f"usr/lib/{MACHINE}-linux-gnu"
STATUS: Final = "var/lib/dpkg/status"
ARCHITECTURE: Final = {"x86_64": "amd64", "aarch64": "arm64"}[MACHINE]


@dataclass(frozen=True, slots=True)
class Part:
    """A wheel, the Debian package that holds the same, and its line in version.json."""

    requirement: str
    package: str
    name: str

    @property
    def version(self) -> str:
        """The wheel's version, which is the library's."""
        return self.requirement.partition("==")[2]


@dataclass(frozen=True, kw_only=True, slots=True)
class Toolkit:
    """A layer with /usr/local/cuda, on top of a layer whose dpkg database it extends."""

    base: Layer
    version: str
    parts: tuple[Part, ...]

    @property
    def series(self) -> str:
        """The version without its last number."""
        return self.version.rpartition(".")[0]

    def write(self, root: Path) -> None:
        """Lay the parts out and enter them in dpkg's database; raises LabError."""
        home = f"usr/local/cuda-{self.series}"
        place = root / home / "targets" / TARGET
        lists = {part: sorted(_lay(part, place / "lib", place / "include")) for part in self.parts}
        for link, target in (("lib64", "lib"), ("include", "include")):
            (root / home / link).symlink_to(f"targets/{TARGET}/{target}")
        (root / "usr/local/cuda").symlink_to("/etc/alternatives/cuda")
        (root / "etc/alternatives").mkdir(parents=True)
        (root / "etc/alternatives/cuda").symlink_to(f"/{home}")
        (root / "etc/ld.so.conf.d").mkdir()
        (root / "etc/ld.so.conf.d/988_cuda-12.conf").write_text("/usr/local/cuda/lib64\n")
        (root / home / "version.json").write_text(f"{json.dumps(self._versions(), indent=3)}\n")
        self._register(root, lists)

    def _versions(self) -> dict[str, dict[str, str]]:
        versions = {"cuda": {"name": "CUDA SDK", "version": self.version}}
        for part in self.parts:
            key = part.package.replace("-", "_")
            versions[key] = {"name": part.name, "version": part.version}
        return versions

    def _register(self, root: Path, lists: dict[Part, list[Path]]) -> None:
        status = _member(self.base, STATUS)
        info = root / "var/lib/dpkg/info"
        info.mkdir(parents=True)
        for part, paths in lists.items():
            package = f"{part.package}-{self.series.replace('.', '-')}"
            status += (
                f"Package: {package}\nStatus: install ok installed\nPriority: optional\n"
                f"Section: multiverse/devel\nArchitecture: {ARCHITECTURE}\n"
                f"Version: {part.version}-1\nDescription: {part.name}\n\n"
            )
            listed = "".join(f"/{path.relative_to(root)}\n" for path in paths)
            (info / f"{package}.list").write_text(listed)
        (root / STATUS).write_text(status)


@dataclass(frozen=True, slots=True)
class Unpackaged:
    """A layer with a library among the system's that no package manager knows of."""

    part: Part

    def write(self, root: Path) -> None:
        """Lay it out; raises LabError."""
        list(_lay(self.part, root / SYSTEM, root / "usr/include"))


def _lay(part: Part, libraries: Path, headers: Path) -> Iterator[Path]:
    """Move a wheel's libraries, by their full versions, and headers to their places."""
    libraries.mkdir(parents=True, exist_ok=True)
    headers.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        Wheels(requirements=(part.requirement,), site="/site").write(Path(folder))
        for path in Path(folder).glob("site/nvidia/*/lib/*.so*"):
            name = f"{path.name.partition('.so')[0]}.so.{part.version}"
            shutil.move(path, libraries / name)
            (libraries / path.name).symlink_to(name)
            yield from (libraries / name, libraries / path.name)
        for path in Path(folder).glob("site/nvidia/*/include/**/*.h*"):
            tail = path.relative_to(folder).parts[4:]
            target = headers.joinpath(*tail)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.move(path, target)
            yield target


def _member(layer: Layer, name: str) -> str:
    with tarfile.open(blob(layer).path) as tar:
        content = tar.extractfile(name)
        if content is None:
            raise LabError(f"{name} is no file in {layer}")
        return content.read().decode()
