"""What the Rust library `tokenizers` makes of the corpus, with each tokenizer.json."""

from itertools import chain

from . import corpus, found

NEEDS = ("tokenizers",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:tokenizers",)
OVER = "tokenizer"
INPUT = corpus.NAME


def jobs(fact):
    return found.files(fact, lambda name: name.endswith("tokenizer.json"))


def run(case, job):
    from tokenizers import Tokenizer

    tokenizer = Tokenizer.from_file(found.checked(job["path"]))

    def told(text):
        encoding = tokenizer.encode(text)
        decoded = tokenizer.decode(encoding.ids, skip_special_tokens=False)
        return [encoding.ids, decoded, list(chain.from_iterable(encoding.offsets))]

    def bare(text):
        return tokenizer.encode(text, add_special_tokens=False).ids

    def cut(text):
        return tokenizer.encode(text).ids

    aspects = ("ids", "decoded", "offsets")
    case.parts(corpus.texts(), corpus.telling(), aspects, found.calm(told), keep=aspects[:2])
    case("bare", lambda: corpus.each(bare), keep=False)
    tokenizer.enable_truncation(max_length=corpus.CUT)  # Last: it changes the tokenizer.
    case("truncated", lambda: corpus.each(cut), keep=False)
