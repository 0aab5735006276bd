"""The model collector: configuration, sampling defaults and which weights."""

from __future__ import annotations

import json
import struct
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import model
from tests.probe.asking import ask, known, states, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

CONFIG = {"model_type": "llama", "rope_theta": 500000.0, "torch_dtype": "bfloat16", "x": 1}


def properties(rooted: Rooted, name: str = "/models/m") -> dict[str, Any]:
    found: dict[str, Any] = known(ask(model, rooted), "model", name)["properties"]
    return found


def test_it_reads_what_moves_outputs(rooted: Rooted) -> None:
    rooted.put("/models/m/config.json", json.dumps(CONFIG))
    generation = {"temperature": 0.6, "eos_token_id": [1, 2], "transformers_version": "4.40"}
    rooted.put("/models/m/generation_config.json", json.dumps(generation))
    found = properties(rooted)
    assert found["config"] == {
        "model_type": "llama",
        "rope_theta": "500000.0",
        "torch_dtype": "bfloat16",
    }
    assert found["generation"] == {"temperature": "0.6", "eos_token_id": [1, 2]}


def test_a_reformatted_document_has_the_same_digest(rooted: Rooted) -> None:
    rooted.put("/models/m/config.json", json.dumps(CONFIG))
    before = properties(rooted)["documents"]
    reordered = dict(reversed(CONFIG.items())) | {"transformers_version": "5.0"}
    rooted.put("/models/m/config.json", json.dumps(reordered, indent=4))
    assert properties(rooted)["documents"] == before
    rooted.put("/models/m/config.json", json.dumps(CONFIG | {"x": 2}))
    assert properties(rooted)["documents"] != before


def test_the_text_part_of_a_multimodal_model_is_read(rooted: Rooted) -> None:
    nested = {"architectures": ["X"], "text_config": {"vocab_size": 5, "y": 1}}
    rooted.put("/models/m/config.json", json.dumps(nested))
    assert properties(rooted)["config"]["text_config"] == {"vocab_size": 5}


def test_sentence_transformers_are_read_with_their_pooling(rooted: Rooted) -> None:
    rooted.put("/models/m/modules.json", "[]")
    rooted.put("/models/m/1_Pooling/config.json", '{"include_prompt": true}')
    assert properties(rooted)["pooling"] == {"include_prompt": True}


def test_weights_in_a_hub_cache_are_known_by_their_blob_and_not_read(rooted: Rooted) -> None:
    repository = "/root/.cache/huggingface/hub/models--a--b"
    snapshot = repository + "/snapshots/" + "c" * 40
    rooted.put(repository + "/blobs/" + "b" * 64, b"0" * 100)
    rooted.put_link(snapshot + "/model.safetensors", "../../blobs/" + "b" * 64)
    rooted.denied = {repository + "/blobs"}
    assert set(unread(ask(model, rooted))) == {"a/b/model.safetensors"}  # Its size needs a stat.
    rooted.denied = set()
    found = properties(rooted, "a/b")
    assert found["weights"] == {"model.safetensors": {"size": 100, "blob": "b" * 64}}
    assert found["revision"] == "c" * 40


def large(rooted: Rooted, header: bytes, fill: bytes, length: int | None = None) -> dict[str, Any]:
    said = struct.pack("<Q", len(header) if length is None else length)
    content = said + header
    rooted.put("/models/m/model.safetensors", content + fill * (9 << 20))
    found: dict[str, Any] = properties(rooted)["weights"]["model.safetensors"]
    return found


def test_large_weights_are_known_by_size_header_and_ends(rooted: Rooted) -> None:
    one, two = large(rooted, b'{"a": 1}', b"x"), large(rooted, b'{"a": 2}', b"x")
    assert {"size", "header", "sample"} <= set(one)
    assert one["header"] != two["header"]
    other = large(rooted, b'{"a": 1}', b"y")
    assert (one["header"], one["size"]) == (other["header"], other["size"])
    assert one["sample"] != other["sample"]


def test_a_safetensors_header_says_what_is_in_it(rooted: Rooted) -> None:
    header = {
        "__metadata__": {"format": "pt"},
        "a": {"dtype": "BF16", "shape": [1], "data_offsets": [0, 2]},
        "b": {"dtype": "BF16", "shape": [1], "data_offsets": [2, 4]},
        "c": {"dtype": "F8_E4M3", "shape": [1], "data_offsets": [4, 5]},
    }
    found = large(rooted, json.dumps(header).encode(), b"x")
    assert (found["tensors"], found["format"]) == (3, "pt")
    assert found["dtypes"] == {"BF16": 2, "F8_E4M3": 1}


@pytest.mark.parametrize("header", [b"\xff{", b"[]", b"{" * 100_000, b'{"__metadata__": 5}'])
def test_a_malformed_header_has_its_digest_alone(rooted: Rooted, header: bytes) -> None:
    assert set(large(rooted, header, b"x")) - {"tensors", "dtypes"} == {"size", "sample", "header"}


def test_a_header_that_claims_to_be_huge_is_not_read(rooted: Rooted) -> None:
    found = large(rooted, b"{}", b"x", length=1 << 62)
    assert found["header"] == f"none: it would have {1 << 62} bytes"


def test_small_weights_are_hashed_whole(rooted: Rooted) -> None:
    rooted.put("/models/m/model.onnx", b"x")
    assert set(properties(rooted)["weights"]["model.onnx"]) == {"size", "sha256"}


def test_a_downloaded_folder_tells_its_revision(rooted: Rooted) -> None:
    rooted.put("/models/m/config.json", json.dumps(CONFIG))
    note = "/models/m/.cache/huggingface/download/config.json.metadata"
    rooted.put(note, "d" * 40 + "\nabc\n1.5\n")
    assert properties(rooted)["revision"] == "d" * 40


@pytest.mark.parametrize("text", ['{"a": 1}', "[]", "5"])
def test_a_config_of_something_else_is_no_model(rooted: Rooted, text: str) -> None:
    rooted.put("/app/config.json", text)
    rooted.put("/app/firmware.bin", b"x")
    assert states(ask(model, rooted)) == {"absent"}


def test_a_malformed_config_beside_weights_is_told(rooted: Rooted) -> None:
    rooted.put("/models/m/config.json", "{")
    rooted.put("/models/m/model.safetensors", b"x")
    found = ask(model, rooted)
    assert list(unread(found)) == ["/models/m/config.json"]
    assert known(found, "model", "/models/m")


def test_a_fifo_and_a_weight_without_rights_are_told(rooted: Rooted) -> None:
    rooted.put("/models/m/model.safetensors", b"x")
    rooted.put_fifo("/models/m/other.safetensors")
    rooted.denied = {"/models/m/model.safetensors"}
    assert unread(ask(model, rooted)) == {
        "/models/m/model.safetensors": "Permission denied",
        "/models/m/other.safetensors": "not a regular file",
    }


def test_a_config_with_a_huge_list_stays_small(rooted: Rooted) -> None:
    labels = {str(n): "x" for n in range(100000)}
    rooted.put("/models/m/config.json", json.dumps(CONFIG | {"id2label": labels}))
    assert properties(rooted)["config"]["id2label"].startswith("sha256:")
