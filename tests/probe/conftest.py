"""What the probe's tests share: a file system under a folder, and compiled stand-ins."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe.context import Context, Environment
from repro.probe.files import Files

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

STANDIN = Path(__file__).parents[1] / "standin" / "build.py"


class Tree(Files):
    """A live file system under a folder, as a target's root; it notes what was read."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.reads: list[tuple[str, int]] = []

    def put(self, path: str, content: bytes | str = b"") -> Path:
        """Write a file and its folders."""
        place = self.at(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(content.encode() if isinstance(content, str) else content)
        return place

    def put_link(self, path: str, target: str) -> None:
        """Make a symbolic link with a relative target."""
        place = self.at(path)
        place.parent.mkdir(parents=True, exist_ok=True)
        place.symlink_to(target)

    def at(self, path: str) -> Path:
        return self.root / path.lstrip("/")

    def _open(self, path: str) -> Any:
        base: Any = super()
        return base._open(str(self.at(path)))

    def part(self, path: str, offset: int, size: int) -> bytes:
        self.reads.append((path, size))
        base: Any = super()
        data: bytes = base.part(path, offset, size)
        return data

    def list(self, path: str) -> Any:
        base: Any = super()
        return base.list(str(self.at(path)))

    def size(self, path: str) -> int:
        return self.at(path).stat().st_size

    def exists(self, path: str) -> bool:
        return self.at(path).exists()

    def is_file(self, path: str) -> bool:
        return self.at(path).is_file()

    def is_dir(self, path: str) -> bool:
        return self.at(path).is_dir()

    def is_link(self, path: str) -> bool:
        return self.at(path).is_symlink()

    def link(self, path: str) -> str:
        return str(self.at(path).readlink())

    def real(self, path: str) -> str:
        return "/" + str(self.at(path).resolve().relative_to(self.root.resolve()))


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    root = tmp_path / "root"
    root.mkdir()
    return Tree(root)


@pytest.fixture(scope="session")
def standin() -> ModuleType:
    """The module that compiles stand-ins: `build(folder, variant)` and `library(path, code)`."""
    spec = importlib.util.spec_from_file_location("standin_build", STANDIN)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def make_context() -> Callable[..., Any]:
    """Make a context with these site directories, and options as the caller gives them."""

    def make(
        *sites: str, environ: dict[str, str] | None = None, conda: str = "", **options: Any
    ) -> Any:
        context = Context(options, environ=environ or {})
        if sites:
            context.environments = [Environment("/usr", "3.11", [], list(sites))]
        if conda:
            context.environments.append(Environment(conda, "3.11", [], [], kind="conda"))
        return context

    return make
