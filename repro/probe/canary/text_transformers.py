"""What AutoTokenizer of transformers makes of the corpus, with each tokenizer's folder."""

from . import auto, corpus, found, unicode
from .record import Skip

NEEDS = ("transformers",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:transformers", "python.package:tokenizers")
OVER = "tokenizer"
INPUT = corpus.NAME
SLOW = ("tokenizer.model", "spiece.model", "sentencepiece.bpe.model", "vocab.txt", "vocab.json")
"""Files from which classes in Python are made; a tokenizer.json alone is none of them."""
LONGEST = 256
"""Characters that a class in Python gets: some take a time that grows with the square."""


def jobs(fact):
    for label, told in found.folder(fact, "tokenizer_config.json"):
        yield label, told
        if any(name in told["files"] for name in SLOW):
            yield label + " (slow)", dict(told, slow=True)


def run(case, job):
    slow = job.get("slow", False)
    tokenizer = auto.tokenizer(job, not slow)
    if slow and tokenizer.is_fast:
        raise Skip("this release has no class in Python for it")
    case.tell(**({"unicode": unicode.of_python()} if slow else {}))
    end = LONGEST if slow else None

    def ids(text):
        return tokenizer(text[:end])["input_ids"]

    def spans(text):
        options = {"return_offsets_mapping": True} if tokenizer.is_fast else {}
        told = tokenizer(text[:end], add_special_tokens=False, **options)
        return [told["input_ids"], told.get("offset_mapping")]

    def cut(text):
        return tokenizer(text[:end], truncation=True, max_length=corpus.CUT)["input_ids"]

    texts = corpus.texts()
    decoded = found.calm(lambda text: tokenizer.decode(ids(text)))
    case.over(texts, corpus.telling(), ids=found.calm(ids), decoded=decoded)
    case.over(texts, spans=found.calm(spans))
    case("truncated", lambda: corpus.each(cut), keep=False)
