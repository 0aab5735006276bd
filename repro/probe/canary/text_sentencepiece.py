"""What sentencepiece makes of the corpus, with each of its models."""

import re

from . import corpus, found
from .record import Skip

NEEDS = ("sentencepiece",)
FAMILY = "text"
IMPACTS = ("tokens",)
COVERS = ("python.package:sentencepiece",)
OVER = "tokenizer"
INPUT = corpus.NAME
MODEL = re.compile(r".+\.model(\.v\d\w*)?")


def jobs(fact):
    return found.files(fact, MODEL.fullmatch)


def run(case, job):
    import sentencepiece

    with open(found.checked(job["path"]), "rb") as stream:
        data = stream.read()
    if not data.startswith(b"\n"):  # The first field of a ModelProto: its pieces.
        raise Skip("no SentencePiece model, such as what tiktoken reads under this name")
    processor = sentencepiece.SentencePieceProcessor()
    processor.LoadFromSerializedProto(data)

    def told(text):
        ids = processor.EncodeAsIds(text)
        return [ids, processor.DecodeIds(ids), processor.EncodeAsPieces(text)]

    def framed(text):
        return processor.encode(text, out_type=int, add_bos=True, add_eos=True)

    aspects = ("ids", "decoded", "pieces")
    case.parts(corpus.texts(), corpus.telling(), aspects, found.calm(told), keep=aspects[:2])
    case("framed", lambda: corpus.each(framed), keep=False)
