"""Token ids and decoded text of a tokenizer.json through the Rust library alone."""

import os

import tokenizers
from corpus import TEXTS
from outputs import emit

tokenizer = tokenizers.Tokenizer.from_file(os.path.join(os.environ["MODEL"], "tokenizer.json"))
coded = [tokenizer.encode(text) for text in TEXTS]
paired = tokenizer.encode("a question", "an answer")
emit(
    {
        "ids": [one.ids for one in coded],
        "offsets": [[list(span) for span in one.offsets] for one in coded],
        "bare": [tokenizer.encode(text, add_special_tokens=False).ids for text in TEXTS],
        "pair": [paired.ids, paired.type_ids],
        "decoded": [tokenizer.decode(one.ids) for one in coded],
        "whole": [tokenizer.decode(one.ids, skip_special_tokens=False) for one in coded],
    }
)
