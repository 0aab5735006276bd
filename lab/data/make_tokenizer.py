"""Writes tokenizer.json: a small byte-level BPE trained on the sentences below.

It splits by Unicode letter and number classes, as the tokenizers of Llama 3 and its kin do,
so the tables that a release of the library carries decide its ids. Run once with
tokenizers 0.20.3; the result is committed.
"""

from __future__ import annotations

import json
from pathlib import Path

from tokenizers import (  # type: ignore[import-not-found,unused-ignore]  # Needed here alone.
    Regex,
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    trainers,
)

SENTENCES = (
    "The same model and the same prompt give different answers in two places.",
    "What differs between the two containers, and does the difference matter?",
    "A tokenizer turns text into numbers; another table of letters gives other numbers.",
    "Numbers such as 1, 23, 456 and 7890 are split into groups of at most three digits.",
    "Die Größe der Änderung ist messbar. L'été dernier, nous avons mesuré la dérive.",
    "def forward(self, tokens):\n    return self.head(self.layers(self.embed(tokens)))",
    "Sampling draws the next token; rounding moves the last bit; a near tie flips the choice.",
    "Reviews: great 😀 fine 🙂 odd 🤔 broken 😱 fixed 😀 shipped 🚀 measured 🔬 again 😀",
    "Signs of four bytes, each after a space: 𝄞 𝄢 𝅘𝅥 𐄀 𐄁 𐄂 😀 🙂 𝄞 𝄢 𐄀 𐄁.",
    "Двоичные различия редко видны, но иногда важны. 数字が変わると答えも変わります。",
)
SPLIT = (
    r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}"
    r"| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"
)
SPECIAL = ("<|begin|>", "<|end|>", "<|user|>", "<|assistant|>", "<|system|>")

TEMPLATES = {
    "v1": (
        "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>"
        "{{ message.content }}<|end|>{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>{% endif %}"
    ),
    "v2": (
        "{{ bos_token }}{% for message in messages %}<|{{ message.role }}|>\n"
        "{{ message.content | trim }}<|end|>\n{% endfor %}"
        "{% if add_generation_prompt %}<|assistant|>\n{% endif %}"
    ),
}


def main() -> None:
    """Train and write beside this file."""
    folder = Path(__file__).parent
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPLIT), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=600,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        special_tokens=list(SPECIAL),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    for version, template in TEMPLATES.items():
        config = {
            "bos_token": SPECIAL[0],
            "chat_template": template,
            "eos_token": SPECIAL[1],
            "model_max_length": 4096,
            "tokenizer_class": "PreTrainedTokenizerFast",
        }
        text = json.dumps(config, indent=2, sort_keys=True) + "\n"
        (folder / f"tokenizer_config.{version}.json").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
