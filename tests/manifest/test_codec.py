"""The codec: canonical out, strict in, and one clear message for whatever is no manifest."""

from __future__ import annotations

import json
import os
import re
import time
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

from repro.errors import ManifestError
from repro.manifest import Layer, Manifest, Origin, Target, assemble, decode, encode, load, schema
from repro.manifest.codec import LIMIT, NewerSchemaWarning
from repro.manifest.model import canonical, digests
from tests.manifests import absent, known, manifest, setting, unreadable

FIXTURES = Path(__file__).parents[2] / "fixtures"
REPAIR = "Name a file that `repro snapshot` wrote, or a target such as an image."


def sample() -> Manifest:
    return manifest(
        known("python.package", "torch", "2.4.1+cu121", location="/usr/lib", tags=["cp311"]),
        known("tokenizer", "/m", files={"tokenizer.json": "sha256:00"}, special={"bos": 1}),
        setting("CUDA_VISIBLE_DEVICES", "0"),
        absent("gpu.device", reason="no /dev/nvidia0"),
        unreadable("cuda.library.call", reason="not run"),
    )


LAYERS = [
    Layer(digest=f"sha256:{'a' * 64}", step="ADD file:1f2e in /"),
    Layer(digest=f"sha256:{'b' * 64}"),
]
ORIGINS = [
    Origin(layer=1, kind="tokenizer", name="/m"),
    Origin(layer=0, kind="python.package", name="torch", location="/usr/lib"),
]


def layered() -> Manifest:
    target = Target(kind="image", name="app:1", properties={"mode": "static"})
    return assemble(target, sample().facts, layers=LAYERS, origins=ORIGINS)


def document(**changes: Any) -> dict[str, Any]:
    return {**json.loads(encode(sample())), **changes}


def written(**changes: Any) -> bytes:
    return json.dumps(document(**changes)).encode()


def resealed(facts: list[dict[str, Any]], **changes: Any) -> bytes:
    """Write facts as they are, under right digests, as another program might."""
    typed = [known("x", "x", scope=fact["scope"]) for fact in facts]
    typed = [
        msgspec.structs.replace(t, kind=fact["kind"], name=fact["name"])
        for t, fact in zip(typed, facts, strict=True)
    ]
    sums = digests(zip(map(canonical, facts), typed, strict=True))
    return written(facts=facts, digests=msgspec.to_builtins(sums), **changes)


def refusal(data: bytes, name: str = "a.json") -> str:
    with pytest.raises(ManifestError) as caught:
        decode(data, name=name)
    assert caught.value.exit_code == 2
    assert caught.value.advice
    return caught.value.message


def test_what_was_encoded_is_decoded_the_same() -> None:
    assert decode(encode(sample())) == sample()


def test_encoding_ends_a_line_and_sorts_keys() -> None:
    data = encode(sample())
    assert data.endswith(b"}\n")
    assert list(json.loads(data)) == sorted(json.loads(data))


def test_the_order_of_facts_and_keys_changes_neither_bytes_nor_digests() -> None:
    facts = document()["facts"]
    turned = [dict(reversed(fact.items())) for fact in reversed(facts)]
    assert encode(decode(written(facts=turned))) == encode(sample())
    assert manifest(*reversed(sample().facts)).digests == sample().digests


def test_a_fact_stated_twice_counts_once() -> None:
    twice = manifest(*sample().facts, *sample().facts)
    assert twice.facts == sample().facts
    assert twice.digests == sample().digests


def test_volatile_data_and_the_target_are_outside_the_digests() -> None:
    other = msgspec.structs.replace(sample(), volatile={"host": "b"})
    assert decode(encode(other)).digests == sample().digests
    assert manifest(name="a").digests == manifest(name="b").digests


def test_each_scope_has_a_digest_of_its_own() -> None:
    before, after = manifest(*sample().facts), manifest(*sample().facts, setting("B", "1"))
    assert before.digests.image == after.digests.image
    assert before.digests.host == after.digests.host
    assert before.digests.process != after.digests.process
    assert before.digests.whole != after.digests.whole


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (b"", "Input data was truncated"),
        (b"hello", "JSON is malformed: invalid character (byte 0)"),
        (b"[]", "Expected `object`, got `array`"),
        (b"{}", "Object missing required field `schema`"),
        (encode(sample())[:-40], "Input data was truncated"),
        (b"\xef\xbb\xbf" + encode(sample()), "JSON is malformed: invalid character (byte 0)"),
        (encode(sample()) + b"{}", "JSON is malformed: trailing characters (byte 1668)"),
        (b"\x80\x04\x95", "JSON is malformed: invalid character (byte 0)"),
        (written(schema="repro/manifest/v1"), "unknown schema 'repro/manifest/v1'"),
        (written(schema="cyclonedx/1.6"), "unknown schema 'cyclonedx/1.6'"),
        (written(schema="x" * 999), f"unknown schema '{'x' * 80}'"),
        (written(schema=1), "Expected `str`, got `int` - at `$.schema`"),
        (written(facts={}), "Expected `array`, got `object` - at `$.facts`"),
        (written(digests={}), "Object missing required field `image` - at `$.digests`"),
        (written(facts=[{"state": "guessed"}]), "Invalid value 'guessed' - at `$.facts[0].state`"),
        (written(volatile={"t": float("nan")}), "JSON is malformed: invalid character (byte"),
        (
            written(volatile={"seconds": 0.1}),
            "a float, which two machines may print differently - at `$.volatile.seconds`",
        ),
    ],
)
def test_what_is_no_manifest_is_refused_with_one_message(data: bytes, reason: str) -> None:
    message = refusal(data)
    assert message.startswith("a.json: not a manifest: ")
    expected = re.sub(r"\(byte.*", "", reason)
    assert message.removeprefix("a.json: not a manifest: ").startswith(expected)


def test_a_missing_field_is_named_with_its_place() -> None:
    facts = document()["facts"]
    del facts[1]["kind"]
    assert refusal(written(facts=facts)) == (
        "a.json: not a manifest: Object missing required field `kind` - at `$.facts[1]`"
    )


def test_an_edited_fact_does_not_pass_under_the_old_digests() -> None:
    with pytest.raises(ManifestError) as caught:
        decode(encode(sample()).replace(b"2.4.1+cu121", b"2.4.1+cu124"), name="a.json")
    assert caught.value.message == "a.json: the digests are not those of its facts"
    assert caught.value.advice == "The file was edited or damaged; take the snapshot again."


@pytest.mark.parametrize("scope", ["image", "process", "host", "whole"])
def test_an_edited_digest_does_not_pass(scope: str) -> None:
    sums = {**document()["digests"], scope: "sha256:" + "0" * 64}
    assert refusal(written(digests=sums)) == "a.json: the digests are not those of its facts"


def test_a_newer_minor_loads_with_a_warning_and_without_what_is_unknown() -> None:
    facts = [{**fact, "severity": 3} for fact in document()["facts"]]
    data = resealed(facts, schema="repro/manifest/1.7", extra=[1])
    expected = "a.json: schema repro/manifest/1.7 is newer than repro/manifest/1.1; unknown fields"
    with pytest.warns(NewerSchemaWarning, match=re.escape(expected)):
        found = decode(data, name="a.json")
    assert found.facts == sample().facts


@pytest.mark.filterwarnings("ignore::repro.manifest.codec.NewerSchemaWarning")
def test_what_a_newer_minor_adds_is_still_under_its_digests() -> None:
    facts = [{**fact, "severity": 3} for fact in document()["facts"]]
    data = resealed(facts, schema="repro/manifest/1.7")
    damaged = data.replace(b'"severity": 3', b'"severity": 4', 1)
    assert refusal(damaged) == "a.json: the digests are not those of its facts"


def test_a_newer_major_is_refused_with_the_way_out() -> None:
    with pytest.raises(ManifestError) as caught:
        decode(written(schema="repro/manifest/2.0"), name="a.json")
    assert caught.value.message == (
        "a.json: schema repro/manifest/2.0 is newer than this version reads (repro/manifest/1.1)"
    )
    assert caught.value.advice == "Upgrade: pip install --upgrade repro-audit"


def test_a_huge_file_is_refused_by_its_size_at_once(tmp_path: Path) -> None:
    path = tmp_path / "huge.json"
    with path.open("wb") as file:
        file.truncate(200 << 20)
    start = time.perf_counter()
    with pytest.raises(ManifestError) as caught:
        load(path)
    assert time.perf_counter() - start < 0.1
    assert caught.value.message == f"{path}: larger than 64 MiB, so it is not read as a manifest"


def test_a_huge_text_from_elsewhere_is_refused_by_its_size() -> None:
    assert refusal(b" " * (LIMIT + 1)) == (
        "a.json: larger than 64 MiB, so it is not read as a manifest"
    )


def test_a_file_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(ManifestError) as caught:
        load(tmp_path)
    assert caught.value.message == f"{tmp_path}: Is a directory"
    with pytest.raises(ManifestError) as caught:
        load(tmp_path / "none.json")
    assert caught.value.message == f"{tmp_path}/none.json: No such file or directory"


@pytest.mark.parametrize("levels", [33, 500, 100_000])
@pytest.mark.parametrize("opening", ["[", '{"a":'])
@pytest.mark.parametrize("place", ["properties", "volatile", "unknown"])
def test_deep_nesting_is_refused_and_never_crashes(levels: int, opening: str, place: str) -> None:
    deep = opening * levels + "1" + {"[": "]"}.get(opening, "}") * levels
    if place == "properties":
        fact = '{"state":"known","scope":"image","kind":"k","name":"n","source":"s","properties":'
        data = written(facts=["HERE"]).replace(b'"HERE"', f'{fact}{{"p":{deep}}}}}'.encode())
    else:
        data = written(**{place: {"p": "HERE"}}).replace(b'"HERE"', deep.encode())
    if place == "unknown" and levels < 1000:
        assert decode(data) == sample(), "it is skipped unread"
    else:
        assert re.search("nested deeper than 32 levels|recursion", refusal(data))


def test_numbers_of_any_size_stay_exact_and_absurd_ones_are_refused() -> None:
    for number in (2**63, 2**64, -(10**30)):
        big = manifest(known("model", "m", parameters=number))
        assert decode(encode(big)) == big
    assert refusal(b'{"schema":"repro/manifest/1.0","volatile":{"n":' + b"9" * 5000 + b"}}")


@pytest.mark.parametrize("number", ["1.0", "1e3", "-0.0", "1e400", "NaN", "Infinity"])
def test_no_float_enters_a_property(number: str) -> None:
    facts = document()["facts"]
    facts[2]["properties"] = {"deep": [{"x": "HERE"}]}
    data = written(facts=facts).replace(b'"HERE"', number.encode())
    assert refusal(data).startswith("a.json: not a manifest: ")


@pytest.mark.parametrize(
    "text",
    ["", "\0", "\x1b[31m", "\u202eevil", "a\u2028b", "\U0010ffff", '"\\', "[bold]", "<b>", "'; --"],
)
def test_hostile_text_is_data(text: str) -> None:
    made = manifest(known("python.package", text, text, location=text, **{text or "p": [text]}))
    assert decode(encode(made)) == made


@pytest.mark.parametrize("text", [rb'"\ud800"', rb'"\udc00\ud800"', b'"\xff"', b'"\xed\xa0\x80"'])
def test_text_that_is_no_unicode_is_refused(text: bytes) -> None:
    data = written(volatile={"p": "HERE"}).replace(b'"HERE"', text)
    assert refusal(data).startswith("a.json: not a manifest: ")


def test_of_a_repeated_key_the_last_counts_and_the_digests_hold_it() -> None:
    line = b'"version": "2.4.1+cu121"'
    data = encode(sample())
    assert decode(data.replace(line, b'"version": "9", ' + line)) == sample()
    edited = data.replace(line, line + b', "version": "9"')
    assert refusal(edited) == "a.json: the digests are not those of its facts"


def test_the_schema_is_one_and_holds_for_what_is_written() -> None:
    validator = jsonschema.Draft202012Validator(schema())
    validator.check_schema(schema())
    validator.validate(document())
    validator.validate(json.loads(encode(manifest())))


@pytest.mark.parametrize(
    "change",
    [
        {"facts": {}},
        {"facts": [{"state": "known"}]},
        {"facts": [{"state": "absent", "scope": "moon", "kind": "k", "name": "n", "reason": "r"}]},
        {"facts": [{"state": "absent", "scope": "host", "kind": "k", "name": "n"}]},
        {"digests": {}},
        {"schema": 1},
        {"target": "me"},
    ],
)
def test_the_schema_refuses_what_the_codec_refuses(change: dict[str, Any]) -> None:
    assert not jsonschema.Draft202012Validator(schema()).is_valid(document(**change))
    refusal(written(**change))


def test_layers_and_origins_come_back_and_are_outside_the_digests() -> None:
    assert decode(encode(layered())) == layered()
    assert layered().digests == sample().digests
    bare = json.loads(encode(sample()))
    assert "layers" not in bare
    assert "origins" not in bare


def test_no_place_and_the_empty_place_have_an_order() -> None:
    both = [Origin(layer=0, kind="k", name="n", location=place) for place in (None, "")]
    target, facts = Target(kind="image", name="x"), sample().facts
    made = [assemble(target, facts, layers=LAYERS, origins=order) for order in (both, both[::-1])]
    assert made[0].origins == made[1].origins == tuple(both)


def test_the_order_of_origins_changes_no_bytes_and_that_of_layers_is_theirs() -> None:
    target, facts = layered().target, layered().facts
    turned = assemble(target, facts, layers=LAYERS, origins=[*reversed(ORIGINS), *ORIGINS])
    assert encode(turned) == encode(layered())
    written_so = json.loads(encode(layered()))
    written_so["origins"].reverse()
    assert encode(decode(json.dumps(written_so).encode())) == encode(layered())
    other = assemble(target, facts, layers=LAYERS[::-1], origins=ORIGINS)
    assert encode(other) != encode(layered())


DIGEST = f"sha256:{'a' * 64}"


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"layers": {}}, "Expected `array`, got `object` - at `$.layers`"),
        ({"layers": [{"step": "RUN x"}]}, "required field `digest` - at `$.layers[0]`"),
        ({"layers": [{"digest": "abc"}]}, "Expected `str` matching regex"),
        ({"layers": [{"digest": DIGEST + "\n"}]}, "Expected `str` matching regex"),
        ({"layers": [{"digest": DIGEST, "step": "x" * 201}]}, "`str` of length <= 200"),
        ({"layers": [{"digest": DIGEST, "step": 1}]}, "Expected `str | null`, got `int`"),
        ({"layers": [{"digest": DIGEST}] * 10_001}, "`array` of length <= 10000 - at `$.layers`"),
        ({"origins": [{"layer": 0, "kind": "k", "name": "n"}]}, "there is no layer 0 among 0"),
        ({"layers": [{"digest": DIGEST}], "origins": [{"layer": 1, "kind": "k", "name": "n"}]},
         "there is no layer 1 among 1 - at `$.origins[0]`"),
        ({"origins": [{"layer": -1, "kind": "k", "name": "n"}]}, "Expected `int` >= 0"),
        ({"origins": [{"layer": 2**70, "kind": "k", "name": "n"}]}, ""),
        ({"origins": [{"layer": True, "kind": "k", "name": "n"}]}, "Expected `int`, got `bool`"),
        ({"origins": [{"layer": 0, "kind": "k"}]}, "required field `name` - at `$.origins[0]`"),
        ({"origins": [{"layer": 0, "kind": "k", "name": "n" * 16_385}]}, "length <= 16384"),
        ({"origins": [{"layer": 0, "kind": "k", "name": "n"}] * 500_001}, "length <= 500000"),
    ],
)  # fmt: skip
def test_layers_and_origins_that_cannot_be_are_refused(change: dict[str, Any], reason: str) -> None:
    assert reason in refusal(written(**change))


def test_the_schema_holds_for_layers_and_origins() -> None:
    jsonschema.validate(json.loads(encode(layered())), schema())


@pytest.mark.filterwarnings("error")
def test_a_manifest_of_the_first_schema_loads_without_a_warning_as_it_was() -> None:
    path = FIXTURES / "manifests" / "schema-1.0.json"
    found = load(path)
    assert found.schema == "repro/manifest/1.0"
    assert (found.layers, found.origins) == ((), ())
    assert encode(found) == path.read_bytes()


def test_recorded_manifests_keep_loading_and_hold_to_the_schema() -> None:
    path = FIXTURES / "manifests" / "schema-1.1.json"
    if os.environ.get("REPRO_UPDATE_GOLDEN") == "1":
        path.write_bytes(encode(layered()))
    paths = sorted((FIXTURES / "manifests").glob("*.json"))
    assert path in paths
    assert load(path) == layered()
    for path in paths:
        assert encode(load(path)) == path.read_bytes()
        jsonschema.validate(json.loads(path.read_bytes()), schema())
