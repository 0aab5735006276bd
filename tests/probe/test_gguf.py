"""GGUF files: what they say of model and tokenizer, and that a lie costs nothing."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
import struct
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from repro.diff import compare
from repro.manifest import Manifest, Target, assemble
from repro.manifest.model import Fact
from repro.probe import gguf, model, tokenizer
from repro.rules.catalog import load
from repro.rules.judge import judge
from tests.probe.asking import ask, known, states, unread
from tests.probe.gguf_file import U32, Form

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

PATH = "/models/m.gguf"
TOKENS = ["<s>", "</s>", "a", "é"] * 30
METADATA: dict[str, Any] = {
    "general.architecture": "llama",
    "general.name": "demo",
    "general.author": "somebody",
    "general.file_type": U32(7),
    "general.quantization_version": U32(2),
    "general.sampling.temp": 0.7,
    "llama.context_length": U32(4096),
    "llama.rope.freq_base": 10000.0,
    "llama.feed_forward_length": [1, 2, 3],
    "tokenizer.ggml.model": "gpt2",
    "tokenizer.ggml.pre": "llama-bpe",
    "tokenizer.ggml.tokens": TOKENS,
    "tokenizer.ggml.scores": [0.5] * len(TOKENS),
    "tokenizer.ggml.token_type": [1] * len(TOKENS),
    "tokenizer.ggml.merges": ["a é"],
    "tokenizer.ggml.bos_token_id": U32(0),
    "tokenizer.ggml.add_bos_token": False,
    "tokenizer.chat_template": "{{ messages | tojson }}",
    "tokenizer.chat_template.tool_use": "{{ tools }}",
    "tokenizer.chat_templates": ["tool_use"],
}


def read(rooted: Rooted, content: bytes, path: str = PATH) -> tuple[dict[str, Any], dict[str, Any]]:
    """Properties of the model and of the tokenizer in a file."""
    rooted.put(path, content)
    one, two = (
        known(ask(c, rooted), k, path) for c, k in ((model, "model"), (tokenizer, "tokenizer"))
    )
    assert one["location"] == two["location"] == path
    return one["properties"], two["properties"]


def why(rooted: Rooted, content: bytes) -> str:
    """Why a file could not be read; both collectors say the same, and nothing else."""
    rooted.put(PATH, content)
    said = [unread(ask(collector, rooted)) for collector in (model, tokenizer)]
    assert said[0] == said[1]
    assert list(said[0]) == [PATH]
    return said[0][PATH]


def test_a_model_says_what_moves_outputs(rooted: Rooted) -> None:
    found, _ = read(rooted, Form().file(METADATA))
    assert found["format"] == "GGUF 3"
    assert found["config"] == {
        "model_type": "llama",
        "name": "demo",
        "context_length": 4096,
        "rope.freq_base": "0x1.3880000000000p+13",
        "feed_forward_length": [1, 2, 3],
        "quantization_config": {"file_type": 7, "quantization_version": 2},
    }
    assert found["generation"] == {"temp": "0x1.6666660000000p-1"}
    assert (found["tensors"]["count"], found["tensors"]["types"]) == (2, {"1": 2})
    assert set(found["weights"]["m.gguf"]) == {"size", "sha256"}
    assert found["weights"]["m.gguf"]["size"] == 4


def test_a_tokenizer_is_told_in_the_shape_of_other_tokenizers(rooted: Rooted) -> None:
    _, found = read(rooted, Form().file(METADATA))
    assert set(found["sections"]) == {
        "model.vocab",
        "model.merges",
        "model.scores",
        "model.token_type",
    }
    assert found["config"] == {"bos_token_id": 0, "add_bos_token": False}
    assert found["model"] == {"model": "gpt2", "pre": "llama-bpe"}
    assert found["vocabulary"] == len(TOKENS)
    assert set(found["chat_templates"]["tokenizer.chat_template"]) == {"default", "tool_use"}
    assert found["template_words"] == {"tokenizer.chat_template": ["tojson", "tools"]}


def test_a_template_is_the_same_as_in_a_tokenizer_config(rooted: Rooted) -> None:
    rooted.put("/models/hf/chat_template.jinja", METADATA["tokenizer.chat_template"])
    rooted.put("/models/hf/vocab.txt", "x")
    _, found = read(rooted, Form().file(METADATA))
    other = known(ask(tokenizer, rooted), "tokenizer", "/models/hf")["properties"]
    assert (
        found["chat_templates"]["tokenizer.chat_template"]["default"]
        == other["chat_templates"]["chat_template.jinja"]["default"]
    )


@pytest.mark.parametrize("form", [Form(v, o) for v in (1, 2, 3) for o in "<>"])
def test_every_version_and_byte_order_says_the_same(rooted: Rooted, form: Form) -> None:
    expected = read(rooted, Form().file(METADATA))
    found = read(rooted, form.file(METADATA))
    end = ", big endian" if form.order == ">" else ""
    assert found[0].pop("format") == f"GGUF {form.version}{end}"
    assert expected[0].pop("format") == "GGUF 3"
    assert found == expected


@pytest.mark.parametrize(
    ("key", "value", "moved"),
    [
        ("tokenizer.chat_template", "{{ x }}", {"chat_templates", "template_words"}),
        ("tokenizer.ggml.tokens", [*TOKENS[:-1], "b"], {"sections"}),
        ("tokenizer.ggml.tokens", [*TOKENS[:-2], "aé", ""], {"sections"}),
        ("tokenizer.ggml.scores", [0.25] * len(TOKENS), {"sections"}),
        ("tokenizer.ggml.merges", ["é a"], {"sections"}),
        ("tokenizer.ggml.bos_token_id", U32(1), {"config"}),
        ("tokenizer.ggml.pre", "qwen2", {"model"}),
    ],
)
def test_a_change_of_the_tokenizer_moves_its_part_and_no_weights(
    rooted: Rooted, key: str, value: object, moved: set[str]
) -> None:
    before, was = read(rooted, Form().file(METADATA))
    after, now = read(rooted, Form().file(METADATA | {key: value}))
    assert after == before
    assert {part for part in now if now[part] != was[part]} == moved


def test_other_weights_and_other_shapes_are_told_apart(rooted: Rooted) -> None:
    before, _ = read(rooted, Form().file(METADATA))
    after, _ = read(rooted, Form().file(METADATA, data=b"other"))
    assert {part for part in after if after[part] != before[part]} == {"weights"}
    after, _ = read(rooted, Form().file(METADATA, {"w": (4, 8), "b": (8,)}))
    assert {part for part in after if after[part] != before[part]} == {"tensors"}


def manifest(rooted: Rooted, **metadata: Any) -> Manifest:
    rooted.put(PATH, Form().file(METADATA | metadata))
    found = ask(model, rooted) + ask(tokenizer, rooted)
    facts = msgspec.json.decode(json.dumps(found), type=list[Fact])
    return assemble(Target(kind="image", name="x"), facts)


@pytest.mark.parametrize(
    ("key", "value", "code"),
    [
        ("tokenizer.chat_template", "{{ x }}", "TPL001"),
        ("llama.rope.freq_base", 1e6, "MOD009"),
        ("general.file_type", U32(2), "MOD008"),
    ],
)
def test_rules_for_other_formats_speak_of_this_one(
    rooted: Rooted, key: str, value: object, code: str
) -> None:
    change = compare(manifest(rooted), manifest(rooted, **{key: value}))
    codes = {finding.code for finding in judge(change, load())}
    assert code in codes


@pytest.mark.parametrize("path", ["/m.gguf", "/root/m.gguf", "/home/u/m.gguf"])
def test_a_lone_file_at_the_top_is_found(rooted: Rooted, path: str) -> None:
    read(rooted, Form().file(METADATA), path)
    rooted.put(path.replace("m.gguf", "below/n.gguf"), "x")
    assert {fact["name"] for fact in ask(model, rooted)} == {path}


def test_a_closed_home_is_no_fault(rooted: Rooted, monkeypatch: pytest.MonkeyPatch) -> None:
    rooted.put("/root/m.gguf", Form().file(METADATA))
    rooted.put("/home/u/x", "x")
    rooted.denied = {"/root", "/home/u"}
    real = rooted.exists
    monkeypatch.setattr(rooted, "exists", lambda path: path in rooted.denied or real(path))
    assert states(ask(model, rooted)) == {"absent"}


def test_a_vision_projector_is_a_model_without_a_tokenizer(rooted: Rooted) -> None:
    rooted.put(PATH, Form().file({"general.architecture": "clip"}))
    assert known(ask(model, rooted), "model", PATH)
    assert states(ask(tokenizer, rooted)) == {"absent"}


def test_parts_of_a_split_file_are_one_model(rooted: Rooted) -> None:
    first, second = "/models/x-00001-of-00002.gguf", "/models/x-00002-of-00002.gguf"
    rooted.put(first, Form().file(METADATA, {"b": (8,)}))
    assert unread(ask(model, rooted)) == {"/models/x-of-00002.gguf": "1 of 2 parts are there"}
    rooted.put(second, Form().file({"split.no": 1}, {"w": (8, 4)}))
    found = known(ask(model, rooted), "model", "/models/x-of-00002.gguf")["properties"]
    assert set(found["weights"]) == {"x-00001-of-00002.gguf", "x-00002-of-00002.gguf"}
    whole, _ = read(rooted, Form().file(METADATA))
    assert found["tensors"] == whole["tensors"]
    assert known(ask(tokenizer, rooted), "tokenizer", "/models/x-of-00002.gguf")


def test_in_the_hub_s_cache_both_say_of_which_revision_they_are(rooted: Rooted) -> None:
    hub = "/root/.cache/huggingface/hub/models--o--m"
    rooted.put(f"{hub}/snapshots/abc/q4/x.gguf", Form().file(METADATA))
    for collector, kind in ((model, "model"), (tokenizer, "tokenizer")):
        found = known(ask(collector, rooted), kind, "o/m/q4/x.gguf")
        assert found["properties"]["revision"] == "abc"
        assert found["location"] == f"{hub}/x.gguf"


def test_large_data_is_known_by_its_ends(rooted: Rooted) -> None:
    found, _ = read(rooted, Form().file(METADATA, data=b"x" * (9 << 20)))
    assert set(found["weights"]["m.gguf"]) == {"size", "sample"}
    other, _ = read(rooted, Form().file(METADATA, data=b"x" * (9 << 20) + b"y"))
    assert found["weights"] != other["weights"]


def test_it_is_read_from_front_to_back(rooted: Rooted, monkeypatch: pytest.MonkeyPatch) -> None:
    rooted.put(PATH, Form().file(METADATA, data=b"x" * (9 << 20)))
    offsets: list[int] = []
    real = rooted.part

    def part(path: str, offset: int, size: int) -> bytes:
        offsets.append(offset)
        data: bytes = real(path, offset, size)
        return data

    monkeypatch.setattr(rooted, "part", part)
    monkeypatch.setattr(gguf, "STEP", 1024)
    ask(model, rooted)
    assert len(offsets) > 5
    assert offsets == sorted(offsets)


LIES = {
    "not one": (b"GGML" + bytes(40), "no GGUF file"),
    "empty": (b"", "it ends within its head"),
    "version": (b"GGUF" + struct.pack("<IQQ", 99, 0, 0), "GGUF version 99, which is not known"),
    "cut": (Form().file(METADATA)[:500], "it ends within its head"),
    "tensors": (Form().head(1 << 60, 0), f"{1 << 60} tensors and 0 metadata entries"),
    "pairs": (Form().head(0, 1 << 30), f"0 tensors and {1 << 30} metadata entries"),
    "text": (
        Form().head(0, 1) + struct.pack("<Q", 1 << 62),
        f"{1 << 62} items of 1 bytes where no room is",
    ),
    "texts": (
        Form().head(0, 1) + Form().text("a") + struct.pack("<IIQ", 9, 8, 1 << 50),
        f"{1 << 50} items of 8 bytes where no room is",
    ),
    "numbers": (
        Form().head(0, 1) + Form().text("a") + struct.pack("<IIQ", 9, 12, (64 << 20) // 8),
        f"{(64 << 20) // 8} items of 8 bytes where no room is",
    ),
    "text inside": (
        Form().head(0, 1) + Form().text("a") + struct.pack("<IIQQ", 9, 8, 1, 1 << 63),
        "a head of more than 67108864 bytes",
    ),
    "nested": (
        Form().head(0, 1) + Form().text("a") + struct.pack("<IIQ", 9, 9, 1),
        "an array of arrays, which no reader of models takes",
    ),
    "type": (
        Form().head(0, 1) + Form().text("a") + struct.pack("<I", 13),
        "a value of type 13, which is not known",
    ),
    "dimensions": (
        Form().head(1, 0) + Form().text("a") + struct.pack("<I", 1 << 31),
        f"a tensor of {1 << 31} dimensions",
    ),
    "alignment": (Form().file({"general.alignment": U32(0)}), "an alignment of 0"),
}


@pytest.mark.parametrize("lie", LIES)
def test_a_lie_is_told_and_costs_nothing(rooted: Rooted, lie: str) -> None:
    content, reason = LIES[lie]
    start = time.monotonic()
    tracemalloc.start()
    try:
        assert why(rooted, content) == reason
        assert tracemalloc.get_traced_memory()[1] < 8 << 20
    finally:
        tracemalloc.stop()
    assert time.monotonic() - start < 1


def test_a_head_without_end_is_given_up_within_bounds(
    rooted: Rooted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(gguf, "LIMIT", 1 << 20)
    texts = Form().text("a") + struct.pack("<IIQ", 9, 8, 1000) + Form().text("x" * 2000) * 1000
    assert why(rooted, Form().head(0, 1) + texts) == "a head of more than 1048576 bytes"


def test_the_most_costly_head_is_read_in_seconds(rooted: Rooted) -> None:
    count = gguf.ITEMS
    array = Form().text("a") + struct.pack("<IIQ", 9, 8, count) + bytes(8 * count)
    rooted.put(PATH, Form().head(0, 1) + array)
    start = time.monotonic()
    assert known(ask(model, rooted), "model", PATH)
    assert time.monotonic() - start < 20


def test_hostile_text_stays_encodable_and_short(rooted: Rooted) -> None:
    found, _ = read(
        rooted,
        Form().file(
            METADATA
            | {"llama.x": b"\xff\x1b[31m", "llama.y": "z" * 9000, "llama.n": float("nan")}
            | {"llama.texts": ["z" * 2000] * 3}
        ),
    )
    config = found["config"]
    assert config["x"] == "\\xff\x1b[31m"
    assert len(config["y"]) < 500
    assert config["n"] == "nan"
    assert config["texts"].startswith("3 items, sha256:")


def test_a_fifo_and_a_file_without_rights_are_told(rooted: Rooted) -> None:
    rooted.put_fifo(PATH)
    rooted.put("/models/n.gguf", Form().file(METADATA))
    rooted.denied = {"/models/n.gguf"}
    assert unread(ask(model, rooted)) == {
        PATH: "not a regular file",
        "/models/n.gguf": "Permission denied",
    }


def test_it_lies_beside_a_configuration_as_a_model_of_its_own(rooted: Rooted) -> None:
    rooted.put("/models/d/config.json", '{"model_type": "llama"}')
    rooted.put("/models/d/q4.gguf", Form().file(METADATA))
    found = ask(model, rooted)
    assert {fact["name"] for fact in found} == {"/models/d", "/models/d/q4.gguf"}
    assert "weights" not in known(found, "model", "/models/d")["properties"]
