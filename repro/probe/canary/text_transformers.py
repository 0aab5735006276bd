"""What AutoTokenizer of transformers makes of the corpus, with each tokenizer's folder."""

from itertools import chain

from . import auto, corpus, found, unicode
from .record import Skip

NEEDS = ("transformers",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:transformers", "python.package:tokenizers")
OVER = "tokenizer"
INPUT = corpus.NAME
SLOW = True
"""Its import takes seconds."""
PLAIN = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.txt", "vocab.json")
"""Files from which classes in Python are made; a tokenizer.json alone is none of them."""
LONGEST = 256
"""Characters that a class in Python gets: some take a time that grows with the square."""


def jobs(fact):
    for label, told in found.folder(fact, "tokenizer_config.json"):
        yield label, told
        if any(name in told["files"] for name in PLAIN):
            yield label + " (slow)", dict(told, slow=True)


def run(case, job):
    slow = job.get("slow", False)
    tokenizer = auto.tokenizer(job, not slow)
    if slow and tokenizer.is_fast:
        raise Skip("this release has no class in Python for it")
    case.tell(**({"unicode": unicode.of_python()} if slow else {}))
    end = LONGEST if slow else None

    def told(text):
        options = {"return_offsets_mapping": True} if tokenizer.is_fast else {}
        encoding = tokenizer(text[:end], **options)
        ids = encoding["input_ids"]
        offsets = [list(chain.from_iterable(encoding["offset_mapping"]))] if options else []
        return [ids, tokenizer.decode(ids), *offsets]

    def bare(text):
        return tokenizer(text[:end], add_special_tokens=False)["input_ids"]

    def cut(text):
        return tokenizer(text[:end], truncation=True, max_length=corpus.CUT)["input_ids"]

    aspects = ("ids", "decoded", "offsets") if tokenizer.is_fast else ("ids", "decoded")
    case.parts(corpus.texts(), corpus.telling(), aspects, found.calm(told), keep=aspects[:2])
    case("bare", lambda: corpus.each(bare), keep=False)
    case("truncated", lambda: corpus.each(cut), keep=False)
