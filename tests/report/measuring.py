"""A verdict of two sides whose canaries came out otherwise, as the rules judge it."""

from __future__ import annotations

import base64
import struct
from typing import TYPE_CHECKING, Any

from tests.manifests import canary, known, manifest, unreadable, verdict
from tests.rules.making import catalog

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.manifest import Component
    from repro.verdict import Verdict

LIGATURES = ("ﬁ", "ſ s", "Straße", "２０２４", "Å", "e\u0301", "한글", "½ cup")
TEXTS = [
    [f"text-{n:03}", LIGATURES[n // 29 % 8] if n % 29 == 7 else f"sentence {n}"] for n in range(394)
]


def measured() -> Verdict:
    """Texts, prompts, arithmetic and generations, each with cases that changed."""
    corpus = known("canary.input", "corpus", source="canary", texts=TEXTS)
    sides = [
        manifest(corpus, *_canaries(new=new), _lib("torch", new), _lib("tokenizers", new))
        for new in (False, True)
    ]
    broken = manifest(*sides[1].facts, unreadable("canary", "random/torch", "killed by signal 11"))
    return verdict(sides[0], broken, catalog())


def _lib(name: str, new: bool) -> Component:
    versions = {"torch": ("2.4.1+cu124", "2.5.1+cu124"), "tokenizers": ("0.19.1", "0.20.3")}
    return known("python.package", name, versions[name][new], environment="/opt/venv")


def _canaries(*, new: bool) -> list[Component]:
    return [_texts(new), _numerics(new), _generations(new), _draws(), _template(new)]


def _texts(new: bool) -> Component:
    def series(changes: Callable[[int], bool]) -> str:
        return "".join(f"{n:05x}" if not (new and changes(n)) else f"{n:04x}N" for n in range(394))

    kept = {
        text[0]: [n, 7, 9] if not new else [n, 8] for n, text in enumerate(TEXTS) if n % 29 == 7
    }
    return canary(
        "text/tokenizers:Qwen2.5-7B-Instruct",
        impacts=["tokens"],
        input="corpus",
        series={
            "ids": series(lambda n: n % 29 == 7),
            "decoded": series(lambda n: n % 58 == 7),
            "offsets": series(lambda _: False),
        },
        kept={"ids": kept},
    )


def _numerics(new: bool) -> Component:
    results: dict[str, Any] = {}
    for n in range(160):
        units = 0 if not new or n % 5 else (1, 1, 2, 1, 3, 2, 6, 1, 2, 14, 40)[n % 11]
        units = 60_000 if new and n in (33, 71, 72) else units
        results[f"matmul float32 {64 + n}x64"] = array(1.0, 1.0 + units * 2.0**-23)
    return canary("numerics/torch", results, impacts=["numerics"])


def _generations(new: bool) -> Component:
    def said(parts: int, gap: float) -> dict[str, Any]:
        tokens = [(n * 7919) % 32_000 for n in range(48)]
        tokens = tokens if not new else [*tokens[:parts], *(t + 1 for t in tokens[parts:])]
        gaps = [(gap if n == parts else 2.5).hex() for n in range(48)]
        return {"tokens": tokens, "logprobs": [(-0.5).hex()] * 48, "gaps": gaps}

    results = {"greedy bfloat16": said(31, 0.012), "greedy float32": said(48, 1.0)}
    results["sampled, seed 7"] = said(12, 0.4)
    return canary("model/transformers", results, impacts=["tokens"])


def _draws() -> Component:
    return canary("random/numpy", {f"normal {n}": n for n in range(30)}, impacts=["sampling"])


def _template(new: bool) -> Component:
    results = {f"conversation {n}": f"<|im_start|>user {n}" for n in range(16)}
    if new:
        results["conversation 3"] = "<|im_start|>system You are helpful.<|im_end|>"
    return canary("template/jinja", results, impacts=["prompt"])


def array(*values: float) -> dict[str, Any]:
    """A result of float32 numbers, as a canary records it."""
    sample = base64.b64encode(struct.pack(f"<{len(values)}f", *values)).decode()
    return {"hash": repr(values), "dtype": "float32", "shape": [len(values)], "sample": sample}
