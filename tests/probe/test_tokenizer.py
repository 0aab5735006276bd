"""The tokenizer collector: which directories, which parts, and what hostile ones do."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import context as probe_context
from repro.probe import search, tokenizer
from tests.probe.asking import ask, check, known, states, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

MODEL = {"type": "BPE", "vocab": {"a": 0, "b": 1, "ab": 2}, "merges": ["a b"]}
FILE = {
    "version": "1.0",
    "truncation": None,
    "added_tokens": [{"id": 3, "content": "<s>", "special": True}],
    "normalizer": {"type": "NFC"},
    "pre_tokenizer": {"type": "ByteLevel"},
    "model": MODEL,
}


def sections(rooted: Rooted, document: Any, indent: int | None = None) -> dict[str, str]:
    rooted.put("/models/m/tokenizer.json", json.dumps(document, indent=indent))
    found: dict[str, str] = known(ask(tokenizer, rooted), "tokenizer", "/models/m")["properties"][
        "sections"
    ]
    return found


def test_it_finds_the_parts_of_a_tokenizer_json(rooted: Rooted) -> None:
    found = sections(rooted, FILE)
    assert set(found) == {
        "added_tokens",
        "normalizer",
        "pre_tokenizer",
        "model.options",
        "model.vocab",
        "model.merges",
    }


def test_a_file_that_differs_in_form_alone_has_the_same_sections(rooted: Rooted) -> None:
    rewritten = FILE | {
        "padding": None,
        "model": MODEL | {"merges": [["a", "b"]], "ignore_merges": False, "dropout": None},
    }
    assert sections(rooted, FILE) == sections(rooted, rewritten, indent=2)


@pytest.mark.parametrize(
    ("merges", "form"), [(["a b"], "text"), ([["a", "b"]], "pairs"), ([], None), (None, None)]
)
def test_it_says_how_merges_are_written(rooted: Rooted, merges: object, form: str | None) -> None:
    rooted.put("/models/m/tokenizer.json", json.dumps({"model": MODEL | {"merges": merges}}))
    properties = known(ask(tokenizer, rooted), "tokenizer", "/models/m")["properties"]
    assert properties.get("merges") == form


def test_ignore_merges_moves_the_options_and_nothing_else(rooted: Rooted) -> None:
    before = sections(rooted, FILE)
    after = sections(rooted, FILE | {"model": MODEL | {"ignore_merges": True}})
    assert {key for key in after if after[key] != before[key]} == {"model.options"}


def test_a_changed_normalizer_moves_that_section_alone(rooted: Rooted) -> None:
    before = sections(rooted, FILE)
    after = sections(rooted, FILE | {"normalizer": {"type": "NFKC"}})
    assert {key for key in after if after[key] != before[key]} == {"normalizer"}


def test_it_reads_the_config_without_floats(rooted: Rooted) -> None:
    config = '{"tokenizer_class": "T", "legacy": false, "model_max_length": 1e30, "other": 1}'
    rooted.put("/app/a/b/tokenizer_config.json", config)
    properties = known(ask(tokenizer, rooted), "tokenizer", "/app/a/b")["properties"]
    assert properties["class"] == "T"
    assert properties["config"] == {"legacy": False, "model_max_length": "1e+30"}


def test_every_chat_template_is_kept_by_the_place_it_comes_from(rooted: Rooted) -> None:
    rooted.put("/models/m/tokenizer_config.json", json.dumps({"chat_template": "{{ one }}"}))
    rooted.put("/models/m/chat_template.jinja", "{{ one }}")
    rooted.put("/models/m/chat_template.json", json.dumps({"chat_template": "{{ two }}"}))
    rooted.put("/models/m/additional_chat_templates/rag.jinja", "{{ strftime_now('%d') }}")
    templates = known(ask(tokenizer, rooted), "tokenizer", "/models/m")["properties"][
        "chat_templates"
    ]
    assert templates["tokenizer_config.json"] == templates["chat_template.jinja"]
    assert templates["chat_template.json"] != templates["chat_template.jinja"]
    assert set(templates["additional_chat_templates"]) == {"rag"}


def test_named_templates_and_their_constructs_are_told(rooted: Rooted) -> None:
    named = [{"name": "tool_use", "template": "{{ tools | tojson }}"}, {"name": 1}, 5]
    rooted.put("/models/m/tokenizer_config.json", json.dumps({"chat_template": named}))
    properties = known(ask(tokenizer, rooted), "tokenizer", "/models/m")["properties"]
    assert set(properties["chat_templates"]["tokenizer_config.json"]) == {"tool_use"}
    assert properties["template_words"] == {"tokenizer_config.json": ["tojson", "tools"]}


def test_a_snapshot_is_named_by_its_repository(rooted: Rooted) -> None:
    repository = "/root/.cache/huggingface/hub/models--meta-llama--Llama-3-8B"
    rooted.put(repository + "/blobs/" + "a" * 40, json.dumps(FILE))
    link = repository + "/snapshots/" + "c" * 40 + "/tokenizer.json"
    rooted.put_link(link, "../../blobs/" + "a" * 40)
    fact = known(ask(tokenizer, rooted), "tokenizer", "meta-llama/Llama-3-8B")
    assert fact["location"] == repository
    assert fact["properties"]["revision"] == "c" * 40
    assert "model.vocab" in fact["properties"]["sections"]


def test_a_named_path_outside_the_usual_roots_is_searched(rooted: Rooted) -> None:
    rooted.put("/odd/place/vocab.txt", "[PAD]\n")
    assert states(ask(tokenizer, rooted)) == {"absent"}
    assert known(ask(tokenizer, rooted, paths=["/odd"]), "tokenizer", "/odd/place")
    assert known(ask(tokenizer, rooted, paths=["/odd/place/vocab.txt"]), "tokenizer", "/odd/place")


def test_a_named_path_that_is_not_there_is_told(rooted: Rooted) -> None:
    assert unread(ask(tokenizer, rooted, paths=["/none"])) == {"/none": "not there"}


def test_tokenizers_inside_distributions_are_named_by_their_package(rooted: Rooted) -> None:
    site = "/usr/lib/python3.11/site-packages"
    rooted.put(site + "/mistral_common/data/tekken_240911.json", "{}")
    rooted.put(site + "/mistral_common/data/mistral_instruct_tokenizer_240216.model.v2", "x")
    rooted.put(site + "/anthropic/tokenizer.json", json.dumps(FILE))
    rooted.put(site + "/other/vocab.txt", "x")
    make: Any = probe_context
    context = make.Context({}, environ={})
    context.environments = [make.Environment("/usr", "3.11", [], [site])]
    found = list(tokenizer.collect(rooted, context))  # type: ignore[no-untyped-call]
    check(found)
    assert {f["name"] for f in found} == {"mistral_common/data", "anthropic"}
    mistral = known(found, "tokenizer", "mistral_common/data")["properties"]["files"]
    assert len(mistral) == 2


def test_no_tokenizer_is_absent(rooted: Rooted) -> None:
    rooted.put("/app/vocab.json", "{}")
    assert [f["state"] for f in ask(tokenizer, rooted)] == ["absent"]


def test_a_malformed_file_is_told_and_the_others_go_on(rooted: Rooted) -> None:
    rooted.put("/models/m/tokenizer.json", b"\xff\x00{")
    rooted.put("/models/m/tokenizer_config.json", "[]")
    rooted.put("/models/m/tokenizer.model", b"\x0a\x00")
    found = ask(tokenizer, rooted)
    assert set(known(found, "tokenizer", "/models/m")["properties"]["files"]) == {
        "tokenizer.json",
        "tokenizer_config.json",
        "tokenizer.model",
    }
    assert set(unread(found)) == {
        "/models/m/tokenizer.json",
        "/models/m/tokenizer_config.json",
    }


def test_json_nested_without_end_is_malformed(rooted: Rooted) -> None:
    rooted.put("/models/m/tokenizer.json", b"[" * 200000)
    why = unread(ask(tokenizer, rooted))["/models/m/tokenizer.json"]
    assert "nested too deeply" in why or "not JSON" in why


def test_lone_surrogates_in_special_tokens_stay_encodable(rooted: Rooted) -> None:
    rooted.put("/models/m/tokenizer_config.json", '{"eos_token": "\\ud800", "legacy": 1}')
    config = known(ask(tokenizer, rooted), "tokenizer", "/models/m")["properties"]["config"]
    assert config == {"eos_token": "\\ud800", "legacy": 1}


def test_a_fifo_does_not_hang_the_search(rooted: Rooted) -> None:
    rooted.put_fifo("/models/m/tokenizer.json")
    start = time.monotonic()
    assert unread(ask(tokenizer, rooted)) == {"/models/m/tokenizer.json": "not a regular file"}
    assert time.monotonic() - start < 5


def test_links_in_a_loop_end_and_linked_folders_are_read_once(rooted: Rooted) -> None:
    rooted.put("/store/m/vocab.txt", "x")
    rooted.put_link("/store/m/again", "/store")
    rooted.put_link("/models/one", "/store/m")
    rooted.put_link("/models/two", "/store/m")
    rooted.put_link("/models/round", "round")
    rooted.put_link("/models/m/tokenizer.json", "tokenizer.json")
    found = ask(tokenizer, rooted)
    assert [f["name"] for f in found if f["state"] == "known"] == ["/models/one"]
    assert list(unread(found)) == ["/models/m/tokenizer.json"]


def test_a_folder_without_rights_is_told(rooted: Rooted) -> None:
    rooted.put("/models/secret/vocab.txt", "x")
    rooted.denied = {"/models/secret"}
    assert unread(ask(tokenizer, rooted)) == {"/models/secret": "Permission denied"}


def test_a_bound_that_is_hit_is_told_with_the_way_out(rooted: Rooted) -> None:
    rooted.put("/models/" + "d/" * 40 + "vocab.txt", "x")
    found = ask(tokenizer, rooted)
    assert list(unread(found)) == ["/models/" + "/".join("d" * search.DEPTH)]
    assert all("--path" in why for why in unread(found).values())


def test_a_root_with_too_many_entries_is_told_after_its_nearest_folders(
    rooted: Rooted, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(search, "ENTRIES", 30)
    rooted.put("/opt/z/vocab.txt", "x")
    for number in range(20):
        rooted.put(f"/opt/a/{number}/{number}.h")
    found = ask(tokenizer, rooted)
    assert known(found, "tokenizer", "/opt/z")
    assert list(unread(found)) == ["/opt"]


def test_what_lies_deep_in_a_large_tree_is_found(rooted: Rooted) -> None:
    for number in range(300):
        rooted.put(f"/opt/nvidia/{number}/a/b/c/d/e/f/g/h/x.h")
    rooted.put("/opt/nvidia/7/a/b/c/d/e/f/g/h/i/vocab.txt", "x")
    found = ask(tokenizer, rooted)
    assert [f["name"] for f in found] == ["/opt/nvidia/7/a/b/c/d/e/f/g/h/i"]


@pytest.mark.parametrize(
    "image",
    [
        {"WorkingDir": "/odd"},
        {"Cmd": ["/usr/bin/serve", "--model", "/odd/place"]},
        {"Entrypoint": ["serve", "--model=/odd/place"]},
        {"Env": ["MODEL_ID=/odd/place"]},
        {"Env": ["LLAMA_ARG_MODEL=/odd/place/m.onnx"]},
        {"Cmd": ["-m", "/odd/place/m.onnx"]},
    ],
)
def test_places_that_the_image_names_are_searched(rooted: Rooted, image: dict[str, Any]) -> None:
    rooted.put("/odd/place/vocab.txt", "x")
    rooted.put("/odd/place/m.onnx", "x")
    assert known(ask(tokenizer, rooted, image=image), "tokenizer", "/odd/place")


@pytest.mark.parametrize(
    "image",
    [
        {"WorkingDir": "/"},
        {"WorkingDir": "/usr/bin/../lib"},
        {"WorkingDir": 5, "Cmd": [5], "Entrypoint": None, "Env": ["MODEL_ID=/none"]},
        {"Cmd": ["/usr/lib/serve", "/etc"]},
    ],
)
def test_the_systems_own_folders_are_not_searched(rooted: Rooted, image: dict[str, Any]) -> None:
    rooted.put("/usr/lib/vocab.txt", "x")
    rooted.put("/usr/lib/serve", "x")
    rooted.put("/etc/vocab.txt", "x")
    assert states(ask(tokenizer, rooted, image=image)) == {"absent"}


@pytest.mark.parametrize("pattern", search.ROOTS)
def test_every_root_is_searched(rooted: Rooted, pattern: str) -> None:
    place = pattern.replace("*", "u") + "/a"
    rooted.put(place + "/vocab.txt", "x")
    assert known(ask(tokenizer, rooted), "tokenizer", place)


def test_the_files_of_environments_and_packages_are_not_searched(rooted: Rooted) -> None:
    rooted.put("/opt/conda/conda-meta/x.json", "{}")
    rooted.put("/opt/conda/share/vocab.txt", "x")
    rooted.put("/opt/lib/site-packages/p/vocab.txt", "x")
    assert states(ask(tokenizer, rooted)) == {"absent"}
