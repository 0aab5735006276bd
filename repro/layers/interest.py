"""Which contents are kept as a layer streams by: what collectors read, by the names of files.

What is missing here is read all the same, by passing over the layer again; tests see to it that
no image of theirs needs that.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any, Final

from repro.probe import cuda_names, elf, files, gguf, model, owner, program, rpm, tokenizer, weights

WHOLE: Final = re.compile(
    r".*\.(dist|egg)-info/[^/]*|.*\.egg-(info|link)|.*\.pth|(.*/)?pyvenv\.cfg|"
    r"var/lib/dpkg/(status|status\.d/[^/]*)|(usr/)?lib/apk/db/installed|(usr/)?bin/busybox|"
    r"(var/lib|usr/lib/sysimage)/rpm/[^/]*|(.*/)?conda-meta/[^/]*\.json|"
    r"(etc|usr/lib)/os-release|etc/passwd|etc/ld\.so\.cache|"
    r"(?>([^/]*/)*?lib[^/]*/)(?>.*/)?+(libc[.-][^/]*|ld-musl-[^/]*)|"
    r"usr/local/cuda[^/]*/version\.(json|txt)|opt/tritonserver/TRITON_VERSION|"
    r"(.*/)?\.?nccl\.conf|(.*/)?config\.pbtxt|etc/timezone|"
    r"(?>(.*?/)?\.cache/huggingface/download/).*\.metadata|(.*/)?refs/[^/]*|"
    r"(.*/)?blobs/[0-9a-f]{40,64}|(.*/)?1_Pooling/config\.json|(.*/)?additional_chat_templates/.*"
)
"""Paths below the root whose files are read whole; no path may make the search a long one."""
NAMES: Final = (tokenizer.PARTS, tokenizer.SHIPPED, model.DOCUMENTS)
"""The names of tokenizers' and models' own files, wherever they lie."""
DPKG_INFO: Final = "var/lib/dpkg/info/"
HEADERS: Final = frozenset(one.header for one in cuda_names.LIBRARIES.values() if one.header)
HEAD: Final = 256
"""First bytes of a program: an ELF header's beginning, or `#!` with an interpreter's name."""


Reader = Callable[[Any, str], object]
"""A function of the probe that reads one large file front to back: (files, path)."""
SITE: Final = re.compile(r".*/(site|dist)-packages/.*")
"""Where a library's version is in the metadata of its wheel, so that its text is not searched."""

_is_weight: Final[Callable[[str], bool]] = weights.is_weight
_identify: Final[Callable[[str], tuple[Any, str]]] = cuda_names.identify


def kept(path: str, size: int, *, executable: bool) -> int:
    """Return how many bytes from the start of a file are kept; `path` is below the root."""
    name = path.rpartition("/")[2]
    if size <= (owner.DATABASE if name == rpm.DATABASE else files.LIMIT) and (
        WHOLE.fullmatch(path)
        or name in HEADERS
        or (path.startswith(DPKG_INFO) and owner.PACKAGES.match(name))
        or any(pattern.fullmatch(name) for pattern in NAMES)
        or (size <= weights.SMALL and _is_weight(name))
    ):
        return size
    return HEAD if executable else 0


def readers(path: str, started: frozenset[str], *, executable: bool) -> tuple[Reader, ...]:
    """Return what reads a large file in parts; `started` are names that the image starts."""
    name = path.rpartition("/")[2]
    if ".so" in name and _identify(name)[0]:
        return (elf.read,)
    server = name in program.SERVERS or (executable and name in started)
    if server or program.KERNELS.fullmatch(name):
        return elf.read, weights.content
    if name.endswith(".gguf"):
        return (_gguf,)
    if _is_weight(name) or weights.BLOB.fullmatch(name):
        return (weights.identity,)
    return ()


def text(path: str) -> re.Pattern[bytes] | None:
    """Return the text that tells a library's version, where its bytes have to be searched."""
    name = path.rpartition("/")[2]
    library = _identify(name)[0] if ".so" in name and not SITE.fullmatch(path) else None
    return library.text if library else None


def _gguf(given: Any, path: str) -> None:
    head: Any = gguf.Head
    weight: Any = weights.content
    weight(given, path, head(given, path).start)
