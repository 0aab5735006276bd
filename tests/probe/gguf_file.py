"""Writes GGUF files of every version and byte order, and broken ones."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from typing import Any

ALIGNMENT = 32


@dataclass(frozen=True)
class U32:
    """A number of the type that most numbers in the metadata have."""

    value: int


@dataclass(frozen=True)
class Form:
    """How the same content is written down (ggml, docs/gguf.md)."""

    version: int = 3
    order: str = "<"

    def number(self, letter: str, *values: Any) -> bytes:
        return struct.pack(self.order + letter * len(values), *values)

    def length(self, count: int) -> bytes:
        return self.number("I" if self.version == 1 else "Q", count)

    def text(self, text: str | bytes) -> bytes:
        data = text.encode() if isinstance(text, str) else text
        return self.length(len(data)) + data

    def value(self, value: Any) -> bytes:
        kind, data = self._typed(value)
        return self.number("I", kind) + data

    def _typed(self, value: Any) -> tuple[int, bytes]:
        if isinstance(value, bool):
            return 7, self.number("B", value)
        if isinstance(value, U32):
            return 4, self.number("I", value.value)
        if isinstance(value, int):
            return 5, self.number("i", value)
        if isinstance(value, float):
            return 6, self.number("f", value)
        if isinstance(value, list):
            kinds, items = zip(*map(self._typed, value), strict=True)
            return 9, self.number("I", kinds[0]) + self.length(len(items)) + b"".join(items)
        return 8, self.text(value)

    def head(self, tensors: int, pairs: int) -> bytes:
        return b"GGUF" + self.number("I", self.version) + self.length(tensors) + self.length(pairs)

    def tensor(self, name: str, shape: tuple[int, ...], kind: int, offset: int) -> bytes:
        sizes = b"".join(map(self.length, shape))
        start = self.text(name) + self.number("I", len(shape)) + sizes
        return start + self.number("I", kind) + self.number("Q", offset)

    def file(
        self,
        metadata: dict[str, Any],
        tensors: dict[str, tuple[int, ...]] | None = None,
        data: bytes = b"\1\2\3\4",
    ) -> bytes:
        tensors = {"w": (8, 4), "b": (8,)} if tensors is None else tensors
        pairs = b"".join(self.text(key) + self.value(value) for key, value in metadata.items())
        infos = b"".join(self.tensor(name, shape, 1, 0) for name, shape in tensors.items())
        content = self.head(len(tensors), len(metadata)) + pairs + infos
        return content + bytes(-len(content) % ALIGNMENT) + data
