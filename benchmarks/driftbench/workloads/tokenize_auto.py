"""Token ids, decoded text and batches of a model folder as transformers loads it."""

import os

from corpus import TEXTS
from outputs import attempt, emit
from transformers import AutoTokenizer

tokenizer = AutoTokenizer.from_pretrained(os.environ["MODEL"])
ids = [tokenizer(text)["input_ids"] for text in TEXTS]


def batch():
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.eos_token
    found = tokenizer(list(TEXTS[:6]), padding=True, truncation=True)
    return [found["input_ids"], found["attention_mask"]]


emit(
    {
        "ids": ids,
        "bare": [tokenizer(text, add_special_tokens=False)["input_ids"] for text in TEXTS],
        "decoded": [tokenizer.decode(one) for one in ids],
        "clean": [tokenizer.decode(one, skip_special_tokens=True) for one in ids],
        "batch": attempt(batch),
    }
)
