"""Writes a GGUF file that llama.cpp runs: two layers, weights from a seed, the demo's tokenizer.

Sources: github.com/ggml-org/ggml, docs/gguf.md; llama.cpp, gguf-py/gguf/constants.py (names).
"""

from __future__ import annotations

import hashlib
import math
import struct
from itertools import islice
from typing import TYPE_CHECKING, Final

from lab import gguf

if TYPE_CHECKING:
    from collections.abc import Iterator

WIDTH, HIDDEN, HEADS, LAYERS, CONTEXT = 64, 128, 4, 2, 1024
MASK: Final = (1 << 64) - 1
SCALE: Final = 0.4
"""Half the width of a weight's range: wide enough that the likeliest tokens lie well apart."""


def tiny_llama(seed: int, template: str = "v1") -> bytes:
    """Return the file; another seed is another model, the same seed the same bytes."""
    metadata = {
        "llama.context_length": gguf.number(gguf.WORD, CONTEXT),
        "llama.embedding_length": gguf.number(gguf.WORD, WIDTH),
        "llama.feed_forward_length": gguf.number(gguf.WORD, HIDDEN),
        "llama.block_count": gguf.number(gguf.WORD, LAYERS),
        "llama.attention.head_count": gguf.number(gguf.WORD, HEADS),
    }
    tensors = {name: weights(seed, name, shape) for name, shape in shapes().items()}
    return gguf.assemble({**gguf.demo(template), **metadata}, shapes(), tensors)


def shapes() -> dict[str, tuple[int, ...]]:
    """Name the tensors of a Llama, the fastest dimension of each first."""
    found: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (WIDTH, gguf.TOKENS),
        "output_norm.weight": (WIDTH,),
        "output.weight": (WIDTH, gguf.TOKENS),
    }
    for layer in range(LAYERS):
        block = f"blk.{layer}"
        found |= {f"{block}.{name}_norm.weight": (WIDTH,) for name in ("attn", "ffn")}
        found |= {f"{block}.attn_{name}.weight": (WIDTH, WIDTH) for name in "qkv"}
        found[f"{block}.attn_output.weight"] = (WIDTH, WIDTH)
        found |= {f"{block}.ffn_{name}.weight": (WIDTH, HIDDEN) for name in ("gate", "up")}
        found[f"{block}.ffn_down.weight"] = (HIDDEN, WIDTH)
    return found


def weights(seed: int, name: str, shape: tuple[int, ...]) -> bytes:
    """Fill a tensor: ones for a norm, else numbers drawn from the seed and the tensor's name."""
    count = math.prod(shape)
    if "norm" in name:
        return struct.pack(f"<{count}f", *[1.0] * count)
    start = int.from_bytes(hashlib.sha256(f"{seed} {name}".encode()).digest()[:8], "little")
    return struct.pack(f"<{count}f", *islice(_numbers(start), count))


def _numbers(state: int) -> Iterator[float]:
    """Draw from SplitMix64 (Steele, Lea, Flood, 2014): 24 bits each, exact in 32-bit floats."""
    while True:
        state = (state + 0x9E3779B97F4A7C15) & MASK
        mixed = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        mixed = ((mixed ^ (mixed >> 27)) * 0x94D049BB133111EB) & MASK
        yield (((mixed ^ (mixed >> 31)) >> 40) / (1 << 23) - 1) * SCALE
