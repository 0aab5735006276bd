"""What the Rust library `tokenizers` makes of the corpus, with each tokenizer.json."""

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

    def ids(text):
        return tokenizer.encode(text).ids

    def decoded(text):
        return tokenizer.decode(ids(text), skip_special_tokens=False)

    def spans(text):
        bare = tokenizer.encode(text, add_special_tokens=False)
        return [bare.ids, bare.offsets]

    texts = corpus.texts()
    case.over(texts, corpus.telling(), ids=found.calm(ids), decoded=found.calm(decoded))
    case.over(texts, spans=found.calm(spans))
    tokenizer.enable_truncation(max_length=corpus.CUT)  # Last: it changes the tokenizer.
    case("truncated", lambda: corpus.each(ids), keep=False)
