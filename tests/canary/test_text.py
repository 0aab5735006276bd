"""Releases that tokenize differently are told apart, with the text; those that do not are equal."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe.canary import corpus as corpus_module
from tests.canary.measuring import between, canary, changed, kept, measured

if TYPE_CHECKING:
    from repro.manifest import Manifest

corpus: Any = corpus_module
ORIGINAL = {name for name, _ in corpus.texts()[:356]}
"""The texts over which the numbers below were counted, with each library called directly."""


@functools.cache
def rust(version: str) -> Manifest:
    return measured((f"tokenizers=={version}",), "llama3", "deepseek3")


@functools.cache
def sentencepiece(version: str) -> Manifest:
    return measured((f"sentencepiece=={version}",), "ai21", "mistral1")


@functools.cache
def tiktoken(version: str) -> Manifest:
    return measured((f"tiktoken=={version}", "regex==2023.12.25"), "llama3")


@functools.cache
def transformers(version: str) -> Manifest:
    protobuf = () if version.startswith("5") else ("protobuf==3.20.3",)
    pins = (f"transformers=={version}", "sentencepiece==0.2.1", *protobuf, "jinja2==3.1.6")
    return measured((*pins, "numpy==1.26.4"), "deepseek3", "qwen", "claude", resolve=True)


@functools.cache
def mistral(version: str) -> Manifest:
    pins = (f"mistral-common=={version}", "sentencepiece==0.2.0", "numpy==1.26.4")
    return measured(pins, "mistral1", "mistral3", "tekken", resolve=True)


LLAMA, DEEPSEEK = (f"text/tokenizers:{name}/tokenizer.json" for name in ("llama3", "deepseek3"))


def test_newer_unicode_in_tokenizers_is_caught_with_the_texts() -> None:
    for name, text, count in ((LLAMA, "uni15.0-02", 7), (DEEPSEEK, "uni15.1-00", 10)):
        ids = changed(rust("0.21.1"), rust("0.21.2"), name)["ids"]
        assert text in ids
        assert len(ids & ORIGINAL) == count


def test_merges_that_are_ignored_are_caught_in_one_text() -> None:
    ids = changed(rust("0.19.0"), rust("0.19.1"), LLAMA)["ids"]
    assert ids & ORIGINAL == {"script-09"}
    (case,) = (
        case
        for case in between(rust("0.19.0"), rust("0.19.1"), LLAMA).changed
        if case.name == "ids/script-09"
    )
    assert case.new.text == "Tiếng Việt rất đẹp"
    assert 101798 in case.new.told["value"]
    assert changed(rust("0.19.0"), rust("0.19.1"), DEEPSEEK) == {}


def test_a_lone_surrogate_that_is_refused_later_is_caught() -> None:
    found = changed(rust("0.19.1"), rust("0.21.1"), DEEPSEEK)
    assert found["ids"] == {f"surrogate-0{number}" for number in range(4)}


def test_releases_of_tokenizers_that_are_the_same_are_equal() -> None:
    for name in (LLAMA, DEEPSEEK):
        assert between(rust("0.21.2"), rust("0.22.2"), name).equal
        later = changed(rust("0.19.1"), rust("0.21.1"), name)
        assert later["ids"] & ORIGINAL == later["decoded"] & ORIGINAL == set()


def test_ties_in_unigram_models_are_caught_and_bpe_is_equal() -> None:
    old, new, before = (sentencepiece(version) for version in ("0.2.1", "0.2.2", "0.2.0"))
    unigram, bpe = (
        f"text/sentencepiece:{name}"
        for name in ("ai21/j2-tokenizer.model", "mistral1/tokenizer.model.v1")
    )
    ids = changed(old, new, unigram)["ids"]
    assert "code-23" in ids  # `------======= _____`
    assert len(ids & ORIGINAL) == 8
    assert between(old, new, bpe).equal
    assert between(before, old, bpe).equal
    assert between(before, old, unigram).equal


def test_newer_unicode_in_tiktoken_is_caught_with_the_texts() -> None:
    old, new = tiktoken("0.7.0"), tiktoken("0.8.0")
    ids = changed(old, new, "text/tiktoken:llama3/tokenizer.model")["ids"]
    assert "uni16.0-01" in ids
    assert len(ids & ORIGINAL) == 5
    letters = [canary(side, "text/unicode_tiktoken").properties["results"] for side in (old, new)]
    assert [result["letters"]["value"] for result in letters] == ["15.0", "16.0"]


def test_a_class_that_overrules_the_file_is_caught() -> None:
    ids = changed(transformers("4.57.6"), transformers("5.0.0"), "text/transformers:deepseek3")[
        "ids"
    ]
    assert "ascii-04" in ids  # `Hello, world!` loses its space.
    assert len(ids & ORIGINAL) == 309
    assert (
        between(transformers("4.57.6"), transformers("5.0.0"), "text/transformers:qwen").changed
        == ()
    )


def test_spaces_that_are_no_longer_kept_are_caught_in_mistral_s_chats() -> None:
    old, new = mistral("1.4.4"), mistral("1.5.0")
    for file in (
        "mistral3/mistral_instruct_tokenizer_240323.model.v3",
        "tekken/tekken_240911.json",
    ):
        assert changed(old, new, f"text/mistral:{file}") == {"chat": {"turns", "prefix"}}
    assert between(old, new, "text/mistral:mistral1/tokenizer.model.v1").changed == ()


@pytest.mark.heavy
def test_what_a_default_did_to_decoded_text_is_caught() -> None:
    found = changed(transformers("4.44.2"), transformers("4.45.2"), "text/transformers:claude")
    assert "ascii-17" in found["decoded"]
    assert found.get("ids", set()) & ORIGINAL == set()


@pytest.mark.heavy
def test_a_release_that_healed_is_equal_to_the_one_before_it_broke() -> None:
    old, new = transformers("4.57.6"), transformers("5.22.2")
    for name in ("deepseek3", "qwen"):
        assert between(old, new, f"text/transformers:{name}").changed == ()


@pytest.mark.heavy
def test_older_tables_of_unicode_are_caught() -> None:
    ids = changed(rust("0.13.2"), rust("0.13.3"), DEEPSEEK)["ids"]
    assert "uni14.0-01" in ids
    assert len(ids & ORIGINAL) == 7
    assert changed(rust("0.13.2"), rust("0.13.3"), LLAMA).get("ids", set()) & ORIGINAL == set()


GOLDEN = (
    (rust, "0.19.0", LLAMA, "53a2470f453a62e0", "79dd2b8c96bc8ee4"),
    (rust, "0.19.1", LLAMA, "b532609722afd7ef", "79dd2b8c96bc8ee4"),
    (rust, "0.21.2", LLAMA, "290cc574d336ada0", "79dd2b8c96bc8ee4"),
    (rust, "0.21.1", DEEPSEEK, "c8e10b85f97df899", "79dd2b8c96bc8ee4"),
    (rust, "0.21.2", DEEPSEEK, "255dcc202361f8b7", "79dd2b8c96bc8ee4"),
    (
        sentencepiece,
        "0.2.1",
        "text/sentencepiece:ai21/j2-tokenizer.model",
        "103713394b7d3634",
        "36054223c724ea1b",
    ),
    (
        sentencepiece,
        "0.2.2",
        "text/sentencepiece:ai21/j2-tokenizer.model",
        "f50b73b1e6bc00eb",
        "36054223c724ea1b",
    ),
    (
        sentencepiece,
        "0.2.2",
        "text/sentencepiece:mistral1/tokenizer.model.v1",
        "b0b353cfc1232fea",
        "bb5af01fa8cb1781",
    ),
    (
        tiktoken,
        "0.7.0",
        "text/tiktoken:llama3/tokenizer.model",
        "2092fd2e9f922150",
        "79dd2b8c96bc8ee4",
    ),
    (
        tiktoken,
        "0.8.0",
        "text/tiktoken:llama3/tokenizer.model",
        "0171609987b3a707",
        "79dd2b8c96bc8ee4",
    ),
    (
        transformers,
        "4.57.6",
        "text/transformers:deepseek3",
        "255dcc202361f8b7",
        "79dd2b8c96bc8ee4",
    ),
    (transformers, "4.57.6", "text/transformers:qwen", "77313219ac8fa502", "cb5f16039690a987"),
    (
        transformers,
        "5.0.0",
        "text/transformers:deepseek3",
        "3fb5b98a9f1c01d3",
        "b8a6a498f72f848a",
    ),
)
"""Hashes of ids and of decoded text, from runs of each library without any of this code."""


@pytest.mark.parametrize(
    ("take", "version", "name", "ids", "decoded"),
    GOLDEN,
    ids=[f"{row[2]}-{row[1]}" for row in GOLDEN],
)
def test_ids_are_those_of_the_library_itself(
    take: Any, version: str, name: str, ids: str, decoded: str
) -> None:
    assert kept(take(version), name, "ids") == ids
    assert kept(take(version), name, "decoded") == decoded
