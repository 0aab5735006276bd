"""Token ids and decoded text of a byte-pair vocabulary through tiktoken."""

import base64
import os

import tiktoken
from corpus import TEXTS
from outputs import emit

with open(os.path.join(os.environ["MODEL"], "cl100k_base.tiktoken"), "rb") as file:
    ranks = {
        base64.b64decode(a): int(b) for a, b in (line.split() for line in file if line.strip())
    }
pattern = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
special = {"<|endoftext|>": 100257}
coding = tiktoken.Encoding("bench", pat_str=pattern, mergeable_ranks=ranks, special_tokens=special)
plain = [coding.encode(text, disallowed_special=()) for text in TEXTS]
emit(
    {
        "ids": plain,
        "special": [coding.encode(text, allowed_special="all") for text in TEXTS],
        "decoded": [coding.decode(ids) for ids in plain],
        "counts": [len(ids) for ids in coding.encode_ordinary_batch(list(TEXTS), num_threads=2)],
    }
)
