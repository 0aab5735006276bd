"""Which contents are kept as a layer streams by: what collectors read, by the names of files.

What is missing here is read all the same, by passing over the layer again; tests see to it that
no image of theirs needs that.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from repro.probe import cuda_names, elf, files, model, owner, tokenizer, weights

if TYPE_CHECKING:
    from collections.abc import Callable

WHOLE: Final = re.compile(
    r".*\.(dist|egg)-info/[^/]*|.*\.egg-(info|link)|.*\.pth|(.*/)?pyvenv\.cfg|"
    r"var/lib/dpkg/(status|status\.d/[^/]*)|(usr/)?lib/apk/db/installed|"
    r"(var/lib|usr/lib/sysimage)/rpm/[^/]*|(.*/)?conda-meta/[^/]*\.json|"
    r"(etc|usr/lib)/os-release|etc/passwd|etc/ld\.so\.cache|"
    r"(.*/)?lib[^/]*/(.*/)?(libc[.-][^/]*|ld-musl-[^/]*)|"
    r"usr/local/cuda[^/]*/version\.(json|txt)|"
    r"(.*/)?\.cache/huggingface/download/.*\.metadata|(.*/)?refs/[^/]*|"
    r"(.*/)?blobs/[0-9a-f]{40,64}|(.*/)?1_Pooling/config\.json|(.*/)?additional_chat_templates/.*"
)
"""Paths below the root whose files are read whole."""
NAMES: Final = (tokenizer.PARTS, tokenizer.SHIPPED, model.DOCUMENTS)
"""The names of tokenizers' and models' own files, wherever they lie."""
DPKG_INFO: Final = "var/lib/dpkg/info/"
HEADERS: Final = frozenset(one.header for one in cuda_names.LIBRARIES.values() if one.header)
HEAD: Final = 256
"""First bytes of a program: an ELF header's beginning, or `#!` with an interpreter's name."""

Reader = Any
"""A function of the probe that reads one large file in parts: (files, path)."""

is_weight: Final[Callable[[str], bool]] = weights.is_weight
identify: Final[Callable[[str], tuple[object, str]]] = cuda_names.identify


def kept(path: str, size: int, *, program: bool) -> int:
    """Return how many bytes from the start of a file are kept; `path` is below the root."""
    name = path.rpartition("/")[2]
    if size <= files.LIMIT and (
        WHOLE.fullmatch(path)
        or name in HEADERS
        or (path.startswith(DPKG_INFO) and owner.PACKAGES.match(name))
        or any(pattern.fullmatch(name) for pattern in NAMES)
        or (size <= weights.SMALL and is_weight(name))
    ):
        return size
    return HEAD if program else 0


def reader(path: str) -> Reader | None:
    """Return what reads a large file in parts, if anything does."""
    name = path.rpartition("/")[2]
    if ".so" in name and identify(name)[0]:
        return elf.read
    if is_weight(name) or weights.BLOB.fullmatch(name):
        return weights.identity
    return None
