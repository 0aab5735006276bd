"""Pieces, ids and decoded text of a SentencePiece model."""

import glob
import os

import sentencepiece
from corpus import TEXTS
from outputs import emit

(path,) = glob.glob(os.path.join(os.environ["MODEL"], "tokenizer.model*"))
model = sentencepiece.SentencePieceProcessor(model_file=path)
ids = [model.encode(text) for text in TEXTS]
emit(
    {
        "ids": ids,
        "pieces": [model.encode(text, out_type=str) for text in TEXTS],
        "decoded": [model.decode(one) for one in ids],
        "size": model.get_piece_size(),
    }
)
