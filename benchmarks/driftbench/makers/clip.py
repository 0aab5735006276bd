"""Write the files of a CLIP tokenizer whose vocabulary is single bytes."""

import json
import os
import sys


def letters():
    kept = [*range(33, 127), *range(161, 173), *range(174, 256)]
    rest = [b for b in range(256) if b not in kept]
    return [chr(b) for b in kept] + [chr(256 + i) for i in range(len(rest))]


plain = letters()
words = [*plain, *(one + "</w>" for one in plain), "th", "the</w>", "an", "and</w>"]
words += ["<|startoftext|>", "<|endoftext|>"]
merges = ["#version: 0.2", "t h", "th e</w>", "a n", "an d</w>"]
config = {
    "tokenizer_class": "CLIPTokenizer",
    "bos_token": "<|startoftext|>",
    "eos_token": "<|endoftext|>",
    "unk_token": "<|endoftext|>",
    "pad_token": "<|endoftext|>",
    "model_max_length": 77,
}
folder = sys.argv[1]
for name, value in (
    ("vocab.json", {word: number for number, word in enumerate(words)}),
    ("tokenizer_config.json", config),
    ("config.json", {"model_type": "clip"}),
):
    with open(os.path.join(folder, name), "w", encoding="utf-8") as file:
        json.dump(value, file, indent=2)
with open(os.path.join(folder, "merges.txt"), "w", encoding="utf-8") as file:
    file.write("\n".join(merges) + "\n")
