"""A document that is read piece by piece is the same as one that is read at once."""

from __future__ import annotations

import hashlib
import json
import random
import tracemalloc
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import pieces, tokenizer_json, values

if TYPE_CHECKING:
    from collections.abc import Callable

reader: Any = pieces.Reader
read: Any = tokenizer_json.read
LETTERS = 'a1],["{}:\\ é😀\u2028\n'


def digest(value: Any) -> str:
    text = json.dumps(value, sort_keys=True, separators=(",", ":"))
    return f"sha256:{hashlib.sha256(text.encode()).hexdigest()}"


def expected(document: Any) -> dict[str, str]:
    """Digest the parts of a whole document, as docs/manifest.md has them."""
    model = document["model"]
    parts = {key: value for key, value in document.items() if key != "model" and value is not None}
    parts |= {f"model.{key}": model[key] for key in ("vocab", "merges") if key in model}
    if isinstance(parts.get("model.merges"), list):
        parts["model.merges"] = [
            merge.split(" ", 1) if isinstance(merge, str) else merge
            for merge in parts["model.merges"]
        ]
    parts["model.options"] = {
        key: value
        for key, value in model.items()
        if key not in ("vocab", "merges") and value is not None and value is not False
    }
    return {key: digest(value) for key, value in parts.items()}


def word(chance: random.Random, most: int = 6) -> str:
    return "".join(chance.choices(LETTERS, k=chance.randrange(most)))


def anything(chance: random.Random, depth: int = 0) -> Any:
    kind = chance.randrange(9 if depth < 4 else 4)
    if kind < 3:
        return word(chance)
    if kind == 3:
        return chance.choice([0, -1, 12345, 1.5, -2.5e30, True, False, None])
    entries = range(chance.randrange(6))
    if kind < 7:
        return [anything(chance, depth + 1) for _ in entries]
    return {word(chance): anything(chance, depth + 1) for _ in entries}


VOCABULARIES: list[Callable[[random.Random], Any]] = [
    lambda chance: {word(chance): chance.randrange(1000) for _ in range(chance.randrange(40))},
    lambda chance: [[word(chance), -chance.random()] for _ in range(chance.randrange(40))],
    anything,
]
MERGES: list[Callable[[random.Random], Any]] = [
    lambda chance: [[word(chance), word(chance)] for _ in range(chance.randrange(40))],
    lambda chance: [f"{word(chance)} {word(chance)}" for _ in range(chance.randrange(40))],
    anything,
]


def tokenizer(chance: random.Random) -> tuple[Any, str]:
    """Return a document, and a text of it in one of many forms."""
    vocabulary, merges = chance.choice(VOCABULARIES)(chance), chance.choice(MERGES)(chance)
    model = {"type": "BPE", "x": anything(chance), "vocab": vocabulary, "merges": merges}
    document = {"a": anything(chance), "model": model, "b": anything(chance)}
    form: Any = {
        "indent": chance.choice([None, 0, 2]),
        "separators": chance.choice([None, (",", ":")]),
        "ensure_ascii": chance.random() < 0.3,
    }
    return document, json.dumps(document, **form)


@pytest.mark.parametrize("size", [1, 2, 3, 7, 50, 200, 1 << 20])
@pytest.mark.parametrize("tail", [5, 4096])
def test_any_piece_gives_the_same_digests(
    size: int, tail: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", size)
    monkeypatch.setattr(pieces, "TAIL", tail)
    monkeypatch.setattr(tokenizer_json, "NAMES", 3)
    chance = random.Random(size)  # noqa: S311  # The same ones every time.
    for _ in range(150):
        document, text = tokenizer(chance)
        assert read(text.encode())["sections"] == expected(document), text


@pytest.mark.parametrize("size", [1, 7, 1 << 20])
def test_what_is_no_json_is_none_in_pieces_either(
    size: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pieces, "PIECE", size)
    chance = random.Random(size)  # noqa: S311  # The same ones every time.
    refused = 0
    for _ in range(1000):
        data = bytearray(tokenizer(chance)[1].encode())
        data[chance.randrange(len(data))] = chance.choice(b'[]{},:"\\ 1a\xff')
        try:
            document = json.loads(data.decode())
        except ValueError:
            refused += 1
            with pytest.raises(ValueError, match=r"."):
                read(bytes(data))
        else:
            if isinstance(document.get("model"), dict):
                assert read(bytes(data))["sections"] == expected(document)
    assert refused > 300


@pytest.mark.parametrize(
    "text",
    [
        *("", " ", "[]", "{", "{}", '{"a"', '{"a":1}', '{"model":[]}', '{"model":{}} x', "\ufeff"),
        *('{"model":{},}', '{"model":{"a":1,}}', '{"model":{"merges":[[],]}}', '{1:{"model":{}}}'),
        '{"model":{"vocab":{"a":1,"b":2,}}}',
        '{"model":{"a":' + "9" * 5000 + ",",
        '{"model":{"a":' + "[" * 100_000,
    ],
)
def test_a_cut_or_malformed_document_is_told(text: str) -> None:
    with pytest.raises(ValueError, match=r"not JSON|no model|nested"):
        read(text.encode())


def test_a_name_that_comes_twice_has_its_last_value() -> None:
    text = b'{"a": 1, "model": {"vocab": {"x": 1}}, "a": null, "model": {"merges": []}}'
    assert read(text)["sections"] == expected({"model": {"merges": []}})


def test_a_large_tokenizer_takes_little_more_memory_than_its_file() -> None:
    """The vocabulary alone is held; merges are most of such a file, some 15 times their text."""
    merges = [[f"😀{number}", f"b{number}"] for number in range(300_000)]
    data = json.dumps({"model": {"merges": merges}}, ensure_ascii=False).encode()
    merges.clear()
    tracemalloc.start()
    try:
        assert read(data)
        assert tracemalloc.get_traced_memory()[1] < len(data) + (24 << 20)
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("value", ["{}", '"a"', "0"])
def test_more_values_than_any_tokenizer_has_are_refused(
    value: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(values, "CONTAINERS", 500)
    listed = ",".join([value] * 600)
    named = ",".join(f'"{number}":{value}' for number in range(600))
    for text in (f'{{"model":{{}},"a":[{listed}]}}', f'{{"model":{{"vocab":{{{named}}}}}}}'):
        with pytest.raises(ValueError, match="more than"):
            read(text.encode())
