"""Writes a small GGUF file, version 3, with a tokenizer, a chat template and two tensors.

Source: github.com/ggml-org/ggml, docs/gguf.md.
"""

from __future__ import annotations

import json
import math
import struct
from pathlib import Path
from typing import Final

DATA: Final = Path(__file__).parent / "data"
VERSION: Final = 3
ALIGNMENT: Final = 32
WORD, FLOAT, BOOLEAN, STRING, ARRAY = 4, 6, 7, 8, 9
"""Numbers of value types; the first is a uint32."""
INTEGER: Final = 5
F32: Final = 0
"""Number of the tensor type."""
NORMAL, CONTROL = 1, 3
"""Numbers of token types (llama.h, llama_token_type)."""
WIDTH: Final = 8
TOKENS: Final = 320
"""How many of the demo's tokens are taken: special ones, bytes, and the first merged ones."""


def gguf(template: str, added: tuple[str, ...] = ()) -> bytes:
    """Return the file: with one of the demo's chat templates, and with tokens added."""
    metadata = demo(template, added)
    shapes: dict[str, tuple[int, ...]] = {
        "token_embd.weight": (WIDTH, TOKENS + len(added)),
        "output_norm.weight": (WIDTH,),
    }
    return assemble(metadata, shapes, {name: _counted(shape) for name, shape in shapes.items()})


def demo(template: str, added: tuple[str, ...] = ()) -> dict[str, bytes]:
    """Return the metadata: of a Llama too small to run, with the demo's tokenizer."""
    tokens, kinds = _tokens(added)
    return {
        "general.architecture": _string("llama"),
        "general.name": _string("demo"),
        "general.file_type": number(WORD, 0),
        "general.alignment": number(WORD, ALIGNMENT),
        "llama.context_length": number(WORD, 4096),
        "llama.embedding_length": number(WORD, WIDTH),
        "llama.block_count": number(WORD, 1),
        "llama.attention.head_count": number(WORD, 1),
        "llama.attention.layer_norm_rms_epsilon": struct.pack("<If", FLOAT, 1e-5),
        "llama.rope.freq_base": struct.pack("<If", FLOAT, 10000.0),
        "tokenizer.ggml.model": _string("gpt2"),
        "tokenizer.ggml.pre": _string("llama-bpe"),
        "tokenizer.ggml.tokens": _array(STRING, [_text(token) for token in tokens]),
        "tokenizer.ggml.token_type": _array(INTEGER, [struct.pack("<i", kind) for kind in kinds]),
        "tokenizer.ggml.merges": _array(STRING, [_text(merge) for merge in _merges(tokens)]),
        "tokenizer.ggml.bos_token_id": number(WORD, 0),
        "tokenizer.ggml.eos_token_id": number(WORD, 1),
        "tokenizer.ggml.add_bos_token": struct.pack("<I?", BOOLEAN, False),
        "tokenizer.chat_template": _string(_template(template)),
    }


def assemble(
    metadata: dict[str, bytes], shapes: dict[str, tuple[int, ...]], tensors: dict[str, bytes]
) -> bytes:
    """Put a file together; the fastest dimension of a shape comes first, all are 32-bit floats."""
    counts = struct.pack("<4sIQQ", b"GGUF", VERSION, len(shapes), len(metadata))
    pairs = b"".join(_text(key) + value for key, value in metadata.items())
    infos, content = b"", b""
    for name, shape in shapes.items():
        infos += _text(name) + struct.pack(f"<I{len(shape)}Q", len(shape), *shape)
        infos += struct.pack("<IQ", F32, len(content))
        content += _aligned(tensors[name])
    return _aligned(counts + pairs + infos) + content


def _counted(shape: tuple[int, ...]) -> bytes:
    """Fill a tensor with 0, 1, 2…"""
    count = math.prod(shape)
    return struct.pack(f"<{count}f", *range(count))


def _tokens(added: tuple[str, ...]) -> tuple[list[str], list[int]]:
    """The demo's first tokens by number, and then those added."""
    document = json.loads((DATA / "tokenizer.json").read_text(encoding="utf-8"))
    special = {token["content"] for token in document["added_tokens"]}
    vocabulary: dict[str, int] = document["model"]["vocab"]
    tokens = [*sorted(vocabulary, key=vocabulary.__getitem__)[:TOKENS], *added]
    return tokens, [CONTROL if name in {*special, *added} else NORMAL for name in tokens]


def _merges(tokens: list[str]) -> list[str]:
    """The demo's merges whose results are among the tokens, as GGUF joins them."""
    document = json.loads((DATA / "tokenizer.json").read_text(encoding="utf-8"))
    known = set(tokens)
    return [f"{a} {b}" for a, b in document["model"]["merges"] if a + b in known]


def _template(version: str) -> str:
    document = json.loads((DATA / f"tokenizer_config.{version}.json").read_text(encoding="utf-8"))
    template: str = document["chat_template"]
    return template


def _text(text: str) -> bytes:
    data = text.encode()
    return struct.pack("<Q", len(data)) + data


def _string(text: str) -> bytes:
    return struct.pack("<I", STRING) + _text(text)


def number(kind: int, value: int) -> bytes:
    """Write a value of a 32-bit type."""
    return struct.pack("<II", kind, value)


def _array(kind: int, items: list[bytes]) -> bytes:
    return struct.pack("<IIQ", ARRAY, kind, len(items)) + b"".join(items)


def _aligned(data: bytes) -> bytes:
    return data + bytes(-len(data) % ALIGNMENT)
