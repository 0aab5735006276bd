"""Vocabularies of tiktoken: reads a file of ranks, and knows the patterns that belong to it."""

import base64
import binascii

GPT2 = r"""'(?:[sdmt]|ll|ve|re)| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"""
"""https://github.com/openai/tiktoken/blob/0.9.0/tiktoken_ext/openai_public.py, r50k_base."""
START = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|"
END = r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
CL100K = START + r"\p{N}{1,3}" + END
"""The same file at 0.4.0, cl100k_base; Llama 3 has it too."""
QWEN = START + r"\p{N}" + END
"""https://huggingface.co/Qwen/Qwen-7B/blob/main/tokenization_qwen.py, PAT_STR."""
UPPER, LOWER = r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]", r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]"
SHORT = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)?|"
WORD = r"[^\r\n\p{L}\p{N}]?" + UPPER
O200K = (
    (WORD + "*" + LOWER + "+" + SHORT)
    + (WORD + "+" + LOWER + "*" + SHORT)
    + r"\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
"""The first file, o200k_base; Llama 4 has it too."""
NAMES = (
    (("gpt2", "multilingual", "r50k", "p50k"), GPT2),
    (("qwen",), QWEN),
    (("o200k",), O200K),
    (("cl100k",), CL100K),
)
"""By what a file is called: a file of ranks does not say its pattern."""
LARGE = 190000
"""Ranks from which on a file of another name is taken for one with the pattern of o200k."""


def read(data):
    """{token: rank} of a file's bytes; ValueError where it is none."""
    found = {}
    for line in data.splitlines():
        if line:
            token, _, rank = line.partition(b" ")
            try:
                found[base64.b64decode(token, validate=True)] = int(rank)
            except (binascii.Error, ValueError):
                raise ValueError("not a file of tokens and ranks") from None
    return found


def pattern(name, ranks):
    """The pattern for a file of that name."""
    for words, found in NAMES:
        if any(word in name.lower() for word in words):
            return found
    return O200K if len(ranks) > LARGE else CL100K
