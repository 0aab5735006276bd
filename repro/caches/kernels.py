"""Compiled kernels that Triton, Inductor and FlashInfer keep: how many, of which versions."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.caches import facts

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files, Folder
    from repro.manifest import Fact

KIND: Final = "cache.kernels"
TRITON: Final = re.compile(r"[A-Z2-7]{52}|[0-9a-f]{64}")
"""A kernel's folder: SHA-256 in base 32, or in hex before Triton 3.0 (triton/runtime/cache.py)."""
INDUCTOR: Final = frozenset({"fxgraph", "aotautograd"})
"""Folders of graphs in Inductor's cache (torch/_inductor/codecache.py)."""
FLASHINFER: Final = "cached_ops"
"""flashinfer/jit/env.py: VERSION/ARCHITECTURES/cached_ops, without VERSION before 0.3."""
ARCHITECTURES: Final = re.compile(r"\d{2,3}[a-z]?(_\d{2,3}[a-z]?)*")
READ: Final = 64
"""Kernels of a cache whose description is read: one compiler wrote them all, mostly."""
SMALL: Final = 1 << 20
TUNED: Final = re.compile(r".+\.(autotune\.json|best_config)")
"""Results of timing, which decide which kernel runs."""


class _Target(msgspec.Struct):
    backend: str = ""
    arch: Any = None


class _Described(msgspec.Struct):
    target: _Target | None = None
    triton_version: str | None = None


def collected(folder: Folder, files: Files) -> Iterator[Fact]:
    """Yield a cache of kernels where a folder is one."""
    kernels = [name for name in folder.folders if TRITON.fullmatch(name)]
    if kernels:
        yield _triton(folder, kernels, files)
    if graphs := INDUCTOR & set(folder.folders):
        yield _inductor(folder, sorted(graphs), files)
    if FLASHINFER in folder.folders:
        yield _flashinfer(folder, files)


def _triton(folder: Folder, kernels: list[str], files: Files) -> Fact:
    inner = {name: _names(files, folder.inside(name)) for name in kernels}
    described = [
        folder.inside(f"{name}/{each}")
        for name in kernels[:READ]
        for each in inner[name]
        if each.endswith(".json") and not each.startswith("__grp__") and not TUNED.fullmatch(each)
    ]
    read = [found for path in described if (found := _described(path, files))]
    targets = {f"{each.target.backend}:{each.target.arch}" for each in read if each.target}
    return _cache(
        "triton",
        folder,
        [f"{name}/{each}" for name in kernels for each in inner[name]],
        count=len(kernels),
        versions=sorted({each.triton_version for each in read if each.triton_version}),
        targets=sorted(targets),
    )


def _described(path: str, files: Files) -> _Described | None:
    try:
        return msgspec.json.decode(files.read(path, SMALL), type=_Described)
    except (OSError, msgspec.DecodeError, UnicodeError, RecursionError):
        return None


def _inductor(folder: Folder, graphs: list[str], files: Files) -> Fact:
    found = [
        f"{top.removeprefix(folder.path)}/{name}"
        for graph in graphs
        for top, _, names in files.walk(folder.inside(graph), 3)
        for name in names
    ]
    beside = [
        f"{top.removeprefix(folder.path)}/{name}"
        for top, _, names in files.walk(folder.path, 2)
        for name in names
        if TUNED.fullmatch(name)
    ]
    return _cache("inductor", folder, [*found, *beside], count=len(found))


def _flashinfer(folder: Folder, files: Files) -> Fact:
    operations = _names(files, folder.inside(FLASHINFER))
    above = folder.path.split("/")
    built = folder.name if ARCHITECTURES.fullmatch(folder.name) else None
    version = above[-2] if built and len(above) > 1 and above[-2][:1].isdigit() else None
    return _cache(
        "flashinfer",
        folder,
        operations,
        version=version,
        count=len(operations),
        targets=[f"cuda:{each}" for each in built.split("_")] if built else [],
    )


def _cache(kind: str, folder: Folder, keys: list[str], **properties: Any) -> Fact:
    """Describe a cache by its keys, which hold source, options and compiler; tuning by itself."""
    tuned = [key for key in keys if TUNED.fullmatch(key)]
    version = properties.pop("version", None)
    return facts.known(
        KIND,
        kind,
        folder.path,
        version,
        keys=_digest(keys),
        tuned={"count": len(tuned), "keys": _digest(tuned)} if tuned else None,
        **properties,
    )


def _digest(keys: list[str]) -> str:
    text = "\n".join(sorted(keys)).encode("utf-8", "surrogateescape")
    return "sha256:" + hashlib.sha256(text).hexdigest()


def _names(files: Files, path: str) -> list[str]:
    try:
        return list(files.list(path))
    except OSError:
        return []
