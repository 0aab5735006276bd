"""What tiktoken makes of the corpus, with each file of ranks."""

import os

from . import corpus, found, ranks
from .record import Skip

NEEDS = ("tiktoken",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:tiktoken",)
OVER = "tokenizer"
INPUT = corpus.NAME


def jobs(fact):
    return found.files(fact, lambda name: name == "tokenizer.model" or name.endswith(".tiktoken"))


def run(case, job):
    import tiktoken

    name = os.path.basename(job["path"])
    with open(found.checked(job["path"]), "rb") as stream:
        data = stream.read()
    if name == "tokenizer.model" and data.startswith(b"\n"):
        raise Skip("a SentencePiece model, which tiktoken does not read")
    known = ranks.read(data)
    encoding = tiktoken.Encoding(
        name="file",
        pat_str=ranks.pattern(name, known),
        mergeable_ranks=known,
        special_tokens={},
    )
    over(case, encoding, "")


def over(case, encoding, prefix):
    """Record ids and decoded text; there are no special tokens, and no truncation."""

    def told(text):
        ids = encoding.encode_ordinary(text)
        return [ids, encoding.decode(ids)]

    aspects = (prefix + "ids", prefix + "decoded")
    case.parts(corpus.texts(), corpus.telling(), aspects, found.calm(told))
