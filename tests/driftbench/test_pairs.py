"""The pairs of DriftBench are well formed, have a truth, and can be built again."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from benchmarks.driftbench import models
from benchmarks.driftbench.pairs import WORKLOADS, Pair, Side, pairs, pins, sets
from benchmarks.driftbench.places import model, variables
from benchmarks.driftbench.run import TRUTH, truth
from benchmarks.driftbench.score import RESULTS
from benchmarks.driftbench.scoring import EXPECTED, worst

if TYPE_CHECKING:
    from pathlib import Path

PAIRS = pairs()
SETS = sets()
TRUTHS: dict[str, dict[str, Any]] = json.loads(TRUTH.read_text("utf-8"))


def test_there_are_as_many_as_the_readme_promises() -> None:
    outcomes = Counter(worst(TRUTHS[pair.id]) for pair in PAIRS)
    assert len(PAIRS) >= 120
    assert outcomes["identical"] >= 40
    assert outcomes["changed"] >= 40
    assert sum(pair.kind == "upgrade" for pair in PAIRS) >= 15
    assert {"tune", "test"} == {pair.split for pair in PAIRS}


def test_ids_are_unique_and_the_split_is_their_hash() -> None:
    assert len({pair.id for pair in PAIRS}) == len(PAIRS)
    assert _named("env-tz").split == "tune"
    assert _named("llama-eos").split == "test"


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.id)
def test_a_pair_says_all_that_is_on_its_sides(pair: Pair) -> None:
    assert _whole(pair.a) != _whole(pair.b), "nothing differs"
    assert pair.a.model == pair.b.model, "both lie at one place, which is named after it"
    assert pair.workloads
    for side in (pair.a, pair.b):
        assert all("==" in pin and ";" not in pin for pin in pins(side, SETS))
        assert side.model in {"", *models.WHEELS, *models.MADE}
    for workload in pair.workloads:
        assert (WORKLOADS / f"{workload}.py").is_file()
        assert EXPECTED[workload]


def _whole(side: Side) -> bytes:
    """Say what a side comes to; how that is written is left out."""
    return msgspec.json.encode((pins(side, SETS), msgspec.structs.replace(side, set="", pins=())))


@pytest.mark.parametrize("pair", PAIRS, ids=lambda pair: pair.id)
def test_every_pair_has_its_truth_and_a_steady_one(pair: Pair) -> None:
    told = TRUTHS[pair.id]
    assert set(told) == set(pair.workloads)
    for found in told.values():
        assert found["outcome"] in ("identical", "rounding", "changed", "error")
        assert found["outcome"] == "identical" or found["first"]
        assert not found.get("first", "").startswith("on both sides"), "nothing was compared"
        assert not found.get("unsteady")


def test_nothing_is_known_of_pairs_that_are_gone() -> None:
    known = {pair.id for pair in PAIRS}
    assert set(TRUTHS) <= known
    assert set(json.loads(RESULTS.read_text("utf-8"))) <= known


def test_a_pair_is_built_again_and_its_truth_is_the_same(tmp_path: Path) -> None:
    pair = _named("unidecode-1.3.4-1.3.8")
    assert msgspec.to_builtins(truth(pair, SETS, kept=tmp_path)) == TRUTHS[pair.id]
    assert worst(TRUTHS[pair.id]) == "changed"


def test_a_model_folder_is_changed_where_its_edit_says_so() -> None:
    pair = _named("env-tz")
    edits = ({"file": "config.json", "put": {"a.b": 2}},)
    with pytest.raises(KeyError):
        model(msgspec.convert({"model": "clip", "edits": edits}, Side))
    edited = {"model": "clip", "edits": [{"file": "config.json", "put": {"x": [1]}, "indent": 1}]}
    side = msgspec.convert(edited, Side)
    folder = model(side)
    assert folder is not None
    assert json.loads((folder / "config.json").read_text("utf-8")) == {
        "model_type": "clip",
        "x": [1],
    }
    assert variables(side, folder)["MODEL"] == str(folder)
    assert variables(pair.b, None)["TZ"] == "Asia/Tokyo"


def _named(name: str) -> Pair:
    (pair,) = (pair for pair in PAIRS if pair.id == name)
    return pair
