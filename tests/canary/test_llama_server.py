"""A real server: llama.cpp's own, with a tiny model that is made here."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.llama_server import serving
from repro.diff import compare
from repro.errors import TargetError
from repro.manifest import Component, Manifest, encode
from repro.rules.catalog import load
from repro.rules.finding import Status
from repro.rules.judge import judge
from repro.target.endpoint import snapshot
from repro.target.options import Options

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="module")
def manifests(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Manifest]:
    """One server asked twice, one that is started anew, and one with another model."""
    taken: dict[str, Manifest] = {}
    for names, seed in ((("first", "again"), 1), (("anew",), 1), (("other",), 2)):
        with serving(tmp_path_factory.mktemp("server"), seed=seed) as url:
            taken |= {name: snapshot(url, Options()) for name in names}
    return taken


def properties(manifest: Manifest, name: str, kind: str = "canary") -> dict[str, Any]:
    (found,) = (f for f in manifest.facts if (f.kind, f.name) == (kind, name))
    assert isinstance(found, Component), found
    return found.properties


def test_every_surface_is_measured(manifests: dict[str, Manifest]) -> None:
    told = {
        name: properties(manifests["first"], f"model/endpoint:{name}")
        for name in ("completions", "chat", "sampled")
    }
    assert {name: each["cases"] for name, each in told.items()} == {
        "completions": 50,
        "chat": 12,
        "sampled": 8,
    }
    assert not [each for each in told.values() if "unstable" in each or "loose" in each]


def test_tokens_come_with_their_numbers(manifests: dict[str, Manifest]) -> None:
    for name in ("completions", "chat", "sampled"):
        results = properties(manifests["first"], f"model/endpoint:{name}")["results"]
        values = [result["value"] for result in results.values() if "value" in result]
        assert len(values) >= 8
        for value in values:
            count = len(value["tokens"])
            assert count == len(value["logprobs"]) == len(value["gaps"])
            assert all(float.fromhex(text) < 0 for text in value["logprobs"])
            assert all(float.fromhex(text) >= 0 for text in value["gaps"])
        assert max(len(value["tokens"]) for value in values) > 10


def test_another_seed_draws_otherwise(manifests: dict[str, Manifest]) -> None:
    results = properties(manifests["first"], "model/endpoint:sampled")["results"]
    assert len({result["hash"] for result in results.values()}) == 8


def test_what_does_not_fit_the_context_is_a_result(manifests: dict[str, Manifest]) -> None:
    results = properties(manifests["first"], "model/endpoint:completions")["results"]
    assert {name for name in results if "error" in results[name]} <= {
        "long-repeated",
        "long-needle",
    }


def test_the_same_server_asked_twice_is_one_manifest(manifests: dict[str, Manifest]) -> None:
    assert manifests["first"].digests == manifests["again"].digests


def test_a_server_that_is_started_anew_answers_the_same(manifests: dict[str, Manifest]) -> None:
    comparison = compare(manifests["first"], manifests["anew"])
    assert [f for f in judge(comparison, load()) if f.status is Status.DIVERGENT] == []
    for name in ("completions", "chat", "sampled"):
        old, new = (
            properties(manifests[which], f"model/endpoint:{name}") for which in ("first", "anew")
        )
        assert old == new


def test_another_model_is_divergent(manifests: dict[str, Manifest]) -> None:
    comparison = compare(manifests["first"], manifests["other"])
    found = [f for f in judge(comparison, load()) if f.code == "MEASURED"]
    assert len(found) == 3
    assert all("generations diverge" in f.title and "First at token" in f.why for f in found)


def test_the_server_tells_of_its_model(manifests: dict[str, Manifest]) -> None:
    model = properties(manifests["first"], "model", "server")
    assert (model["owned_by"], model["n_embd"], model["ftype"]) == ("llamacpp", "64", "all F32")
    template = properties(manifests["first"], "setting:chat-template", "server")
    assert template["value"].startswith("sha256:")


def test_a_manifest_of_a_server_is_small(manifests: dict[str, Manifest]) -> None:
    assert len(encode(manifests["first"])) < 200_000


def test_a_server_with_a_key(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path, key="key-of-mine") as url:
        with pytest.raises(TargetError, match="401"):
            snapshot(url, Options())
        monkeypatch.setenv("REPRO_ENDPOINT_KEY", "key-of-mine")
        manifest = snapshot(url, Options())
    assert properties(manifest, "model/endpoint:completions")["cases"] == 50
    assert b"key-of-mine" not in encode(manifest)
