"""The pool says what the codec says, of good manifests and bad, and keeps what is equal once."""

from __future__ import annotations

import json
import warnings
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from repro.errors import ManifestError
from repro.manifest import Layer, Manifest, Origin, assemble, codec, decode, encode
from repro.manifest.pool import Pool
from tests.manifests import known, manifest, many
from tests.rules.random_cases import manifests

FIXTURES = sorted((Path(__file__).parents[2] / "fixtures" / "manifests").glob("*.json"))
lawful = settings(derandomize=True, max_examples=100, deadline=None, database=None)


@lawful
@given(st.lists(manifests, min_size=1, max_size=5), st.booleans())
def test_it_decodes_what_the_codec_decodes(found: list[Manifest], line: bool) -> None:
    pool = Pool()
    for each in [*found, *found]:
        data = encode(each, line=line)
        assert pool.decode(data) == decode(data)


@pytest.mark.parametrize("path", FIXTURES, ids=lambda path: path.name)
def test_it_reads_manifests_of_older_minors(path: Path) -> None:
    assert Pool().load(path) == codec.load(path)


def test_equal_facts_are_one_object_in_all_manifests() -> None:
    pool = Pool()
    a, b = (pool.decode(encode(many(50, differing=count))) for count in (0, 1))
    shared = {id(fact) for fact in a.facts} & {id(fact) for fact in b.facts}
    assert len(shared) == 49
    assert pool.decode(encode(many(50), line=True)).facts[7] is a.facts[7]
    assert pool.share(many(50)).facts[7] is a.facts[7]


def test_layers_and_origins_are_read_and_kept_once() -> None:
    layers = [Layer(digest=f"sha256:{number:064x}", step="RUN x") for number in range(2)]
    origins = [
        Origin(layer=1, kind="python.package", name="lib"),
        Origin(layer=0, kind="a", name="b"),
    ]
    found = assemble(
        manifest().target, [known("python.package", "lib")], layers=layers, origins=origins
    )
    pool = Pool()
    one, other = (pool.decode(encode(found)) for _ in range(2))
    assert one == other == decode(encode(found))
    assert one.layers is other.layers
    assert one.origins is other.origins


def _changed(change: Any) -> bytes:
    document = json.loads(
        encode(manifest(known("python.package", "lib", "1"), known("cpu", "cpu")))
    )
    change(document)
    return json.dumps(document).encode()


BAD = {
    "edited": lambda d: d["facts"][1].update(version="2"),
    "in another order": lambda d: d["facts"].reverse(),
    "twice": lambda d: d["facts"].append(d["facts"][0]),
    "float": lambda d: d["facts"][0].setdefault("properties", {}).update(x=1.5),
    "volatile float": lambda d: d.setdefault("volatile", {}).update(x=1.5),
    "scope": lambda d: d["facts"][0].update(scope="moon"),
    "no facts": lambda d: d.pop("facts"),
    "facts are text": lambda d: d.update(facts="x"),
    "newer major": lambda d: d.update(schema="repro/manifest/99.0"),
    "another schema": lambda d: d.update(schema="repro/report/1.0"),
    "origin without layer": lambda d: d.update(origins=[{"layer": 3, "kind": "a", "name": "b"}]),
    "layer": lambda d: d.update(layers=[{"digest": "md5"}]),
    "digest": lambda d: d["digests"].update(whole="sha256:" + "0" * 64),
}


@pytest.mark.parametrize("name", BAD)
def test_of_bad_ones_it_says_what_the_codec_says(name: str) -> None:
    data = _changed(BAD[name])
    pool = Pool()
    pool.decode(encode(manifest(known("python.package", "lib", "1"), known("cpu", "cpu"))))
    assert _outcome(lambda: pool.decode(data)) == _outcome(lambda: decode(data))


@lawful
@given(st.binary(max_size=40))
def test_of_any_bytes_it_says_what_the_codec_says(data: bytes) -> None:
    assert _outcome(lambda: Pool().decode(data)) == _outcome(lambda: decode(data))


def test_another_s_digests_do_not_make_facts_true() -> None:
    good, other = (manifest(known("python.package", "lib", version)) for version in "12")
    forged = msgspec.structs.replace(other, digests=good.digests)
    pool = Pool()
    pool.decode(encode(good))
    pool.decode(encode(other))
    with pytest.raises(ManifestError, match="digests are not those of its facts"):
        pool.decode(encode(forged))


def test_a_newer_minor_is_read_with_one_warning() -> None:
    data = _changed(lambda d: d.update(schema="repro/manifest/1.999"))
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always")
        found = Pool().decode(data)
    assert [each.category for each in said] == [codec.NewerSchemaWarning]
    assert len(found.facts) == 2


def _outcome(act: Any) -> Any:
    try:
        return act()
    except ManifestError as error:
        return error.message, error.advice
