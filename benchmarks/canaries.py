"""What canaries take: seconds, and bytes of the manifest; `python -m benchmarks.canaries PART…`."""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from lab.venvs import interpreter
from repro.manifest import Component
from tests.canary.measuring import shipped, taken, tokenizer

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.manifest import Fact, Manifest

ROUNDS: Final = 3
TOKENIZERS: Final = (
    *("llama3", "deepseek3", "qwen", "claude"),
    *("ai21", "mistral1", "mistral2", "mistral3", "mistral7", "tekken"),
)
LIBRARIES: Final = (
    "tokenizers==0.22.2",
    "transformers==4.57.6",
    "sentencepiece==0.2.1",
    "tiktoken==0.12.0",
    "jinja2==3.1.6",
    "numpy==1.26.4",
)


def text() -> None:
    """Measure all text and template canaries over ten tokenizers, for more and more libraries.

    What is installed is compiled first, as pip leaves it in images; canaries write no files.
    """
    python = interpreter(*LIBRARIES, "mistral-common==1.8.8", "protobuf==3.20.3")
    subprocess.run([python, "-m", "compileall", "-q", str(Path(python).parent.parent)], check=False)
    facts = [tokenizer(shipped(name)) for name in TOKENIZERS]
    every = ("tokenizers", "sentencepiece", "tiktoken", "mistral-common", "jinja2", "transformers")
    nothing = _costs(lambda: taken(python, *facts, packages=()))
    print(f"\n### Text: ten tokenizers, {os.cpu_count()} processors\n")
    print(
        "| libraries | canaries | cases | seconds | CPU seconds | KB |\n|---|---|---|---|---|---|"
    )
    for names in (*((name,) for name in every), every):
        _row(" ".join(names), nothing, partial(taken, python, *facts, packages=names))


def _row(name: str, nothing: tuple[float, float], take: Callable[[], Manifest]) -> None:
    """Print what canaries take beyond those that run anyway."""
    found = [
        fact for fact in take().facts if fact.name.startswith(("text/", "template/", "corpus"))
    ]
    known = [fact for fact in found if isinstance(fact, Component)]
    cases = sum(fact.properties.get("cases", 0) for fact in known)
    wall, cpu = (mine - base for mine, base in zip(_costs(take), nothing, strict=True))
    print(
        f"| {name} | {len(known)} | {cases} | {wall:.1f} | {cpu:.1f} | {_size(found) / 1e3:.0f} |"
    )


def _costs(take: Callable[[], Manifest]) -> tuple[float, float]:
    """Return the medians of seconds and of seconds of processors."""
    rows = [_cost(take) for _ in range(ROUNDS)]
    wall, cpu = (statistics.median(column) for column in zip(*rows, strict=True))
    return wall, cpu


def _cost(take: Callable[[], Manifest]) -> tuple[float, float]:
    before, start = resource.getrusage(resource.RUSAGE_CHILDREN), time.perf_counter()
    take()
    seconds, after = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_CHILDREN)
    return seconds, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def _size(facts: list[Fact]) -> int:
    return sum(len(msgspec.json.encode(fact)) for fact in facts)


PARTS: Final = {"text": text}

if __name__ == "__main__":
    for part in sys.argv[1:] or PARTS:
        PARTS[part]()
