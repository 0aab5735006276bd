"""Token ids of a CLIP folder through the tokenizer in Python, as diffusion pipelines load it."""

import os

from corpus import TEXTS
from outputs import emit
from transformers import CLIPTokenizer

tokenizer = CLIPTokenizer.from_pretrained(os.environ["MODEL"])
emit({"ids": [tokenizer(text)["input_ids"] for text in TEXTS]})
