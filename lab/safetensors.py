"""Writes a small safetensors file.

Source: github.com/huggingface/safetensors, README.md, "Format".
"""

from __future__ import annotations

import json
import math
import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping


def safetensors(shapes: Mapping[str, tuple[int, ...]]) -> bytes:
    """Return a file with tensors of these shapes in float32, filled with 0, 1, 2…"""
    header: dict[str, object] = {"__metadata__": {"format": "pt"}}
    content = b""
    for name, shape in shapes.items():
        count = math.prod(shape)
        data = struct.pack(f"<{count}f", *range(count))
        offsets = [len(content), len(content) + len(data)]
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": offsets}
        content += data
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + content
