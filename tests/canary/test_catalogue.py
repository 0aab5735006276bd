"""Every canary says what it is in the same words, runs on real wheels, and gives the same twice."""

from __future__ import annotations

import ast
import inspect
import json
import re
from typing import TYPE_CHECKING, Any, Final

import pytest

from lab.venvs import interpreter
from repro.manifest import Component
from repro.rules.finding import MATERIAL
from repro.target import pack
from repro.target.canaries import FAMILIES, Row, rows
from repro.target.options import Options
from repro.target.resolve import snapshots
from tests.canary.computing import changes, computed, facts, value

if TYPE_CHECKING:
    from collections.abc import Mapping

    from repro.manifest import Fact

LIGHT: Final = (
    *("beautifulsoup4==4.15.0", "html5lib==1.1", "lxml==6.1.3", "soupsieve==2.6"),
    *("markdownify==1.2.3", "html2text==2025.4.15", "pypdf==5.1.0", "pdfminer.six==20251230"),
    *("python-docx==1.2.0", "ftfy==6.3.1", "regex==2024.11.6", "pydantic==2.11.7"),
    *("chroma-hnswlib==0.7.6", "usearch==2.17.8", "soxr==0.5.0.post1", "pillow==11.3.0"),
    "numpy==1.26.4",
)
HEAVY: Final = (
    *("scipy==1.14.1", "pandas==2.2.3", "scikit-learn==1.5.2", "lightgbm==4.6.0"),
    *("xgboost-cpu==3.0.5", "faiss-cpu==1.9.0", "qdrant-client==1.14.3", "pymupdf==1.25.5"),
    *("langchain-text-splitters==0.3.8", "trafilatura==2.0.0", "lxml_html_clean==0.4.1"),
    "numpy==1.26.4",
)
NAMES: Final = {
    LIGHT: {
        *("template/beautifulsoup", "template/lxml", "template/markdownify", "template/docx"),
        *("template/html2text", "template/pypdf", "template/pdfminer", "template/ftfy"),
        *("template/regex", "template/pydantic", "template/python", "retrieval/hnswlib"),
        *("retrieval/usearch", "preprocessing/soxr", "preprocessing/pillow"),
    },
    HEAVY: {
        *("numerics/scipy", "numerics/pandas", "numerics/sklearn", "numerics/lightgbm"),
        *("numerics/xgboost", "retrieval/faiss", "retrieval/qdrant_client"),
        *("template/pymupdf", "template/langchain_splitters", "template/trafilatura"),
    },
}
CHROMA: Final = ("chromadb==1.0.12", "numpy==2.0.2")
NAME: Final = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
"""A distribution's name as PEP 503 spells it."""
PATTERN: Final = re.compile(r"(\*|[a-z]+(\.[a-z*]+)*):\S+")
CHANCE: Final = re.compile(
    r"(np|numpy|jax|torch|cupy)\.random|default_rng|RandomState|manual_seed|torch\.rand|rng\("
)
DRAWING: Final = ("random", "model")
"""Families whose subject is a generator, or what a seed makes of a model."""


def stem(row: Row) -> str:
    return row.stem


@pytest.mark.parametrize("row", rows(), ids=stem)
def test_a_canary_declares_itself_in_known_words(row: Row) -> None:
    about = row.about
    assert about["family"] in FAMILIES
    assert row.stem.startswith(f"{about['family']}_")
    assert about["impacts"]
    assert set(about["impacts"]) <= set(MATERIAL)
    assert isinstance(about["edition"], int)
    assert all(PATTERN.fullmatch(pattern) for pattern in about["covers"])
    names = [name for need in row.needs for name in need.split("|")]
    assert all(NAME.fullmatch(name) for name in names)
    assert about.get("device") in (None, "cpu", "cuda")
    assert [*inspect.signature(row.module.run).parameters] == ["case", "job"]
    assert hasattr(row.module, "OVER") == hasattr(row.module, "jobs")


@pytest.mark.parametrize("row", rows(), ids=stem)
def test_a_canary_is_read_by_python_3_7_and_leaves_nothing_to_chance(row: Row) -> None:
    source = inspect.getsource(row.module)
    ast.parse(source, feature_version=(3, 7))
    if row.module.FAMILY not in DRAWING:
        assert CHANCE.search(source) is None


def test_what_needs_one_of_several_distributions_names_each_once() -> None:
    found = [name for row in rows() for need in row.needs[:1] for name in need.split("|")]
    firsts = {row.needs[:1] for row in rows()} - {()}
    assert len({name for (need,) in firsts for name in need.split("|")}) == len(
        [name for (need,) in firsts for name in need.split("|")]
    )
    assert found


def test_all_canaries_fit_into_one_argument_with_room_for_growth() -> None:
    assert len(pack.program("canary")) < pack.LIMIT * 3 / 4


def taken(*requirements: str) -> Mapping[str, Fact]:
    """Return all canaries of a real snapshot, by name."""
    python = interpreter(*requirements)
    (found,) = snapshots(f"python:{python}", Options(canaries=True, frameworks=False))
    return {fact.name: fact for fact in found.facts if fact.kind == "canary"}


@pytest.mark.parametrize(
    "requirements", [LIGHT, pytest.param(HEAVY, marks=pytest.mark.heavy)], ids=["light", "heavy"]
)
def test_each_canary_runs_and_gives_the_same_in_another_process(
    requirements: tuple[str, ...],
) -> None:
    first, again = taken(*requirements), taken(*requirements)
    assert NAMES[requirements] <= first.keys()
    for name in NAMES[requirements]:
        fact = first[name]
        assert isinstance(fact, Component), fact
        assert fact == again[name]
        assert "unstable" not in fact.properties
        assert len(json.dumps(fact.properties)) < 20_000
        failed = {case for case, told in _results(fact).items() if "error" in told}
        assert failed <= {"date/noon"}


def _results(fact: Component) -> dict[str, dict[str, Any]]:
    found: Any = fact.properties["results"]
    return dict(found)


@pytest.mark.heavy
def test_the_default_distance_of_chroma_is_measured() -> None:
    fact = computed(interpreter(*CHROMA), "retrieval_chromadb")
    ids, distances = value(fact, "default")
    assert ids == [["a", "b", "c", "d"]]
    assert distances == ["1.50000", "1.50000", "2.50000", "11.31250"]


def python(**settings: str) -> Component:
    return computed(interpreter(), "template_python", settings=settings)


def test_a_locale_that_reads_files_in_another_encoding_is_caught() -> None:
    plain, strict = python(), python(PYTHONUTF8="0", PYTHONCOERCECLOCALE="0", LC_ALL="POSIX")
    found = changes(plain, strict)
    assert "encoding" in found
    assert found["read"].new.told["error"] == "UnicodeDecodeError"


def test_a_time_zone_that_moves_a_date_is_caught() -> None:
    found = changes(python(TZ="UTC"), python(TZ="Etc/GMT-14"))
    new = found["time/951868799"]
    assert (new.old.told["value"], new.new.told["value"]) == (
        "29 Feb 2000 23:59:59 +0000",
        "01 Mar 2000 13:59:59 +1400",
    )


def test_a_fixed_hash_seed_is_told_from_another_and_from_none() -> None:
    free, zero, five = python(), python(PYTHONHASHSEED="0"), python(PYTHONHASHSEED="5")
    assert value(free, "order") == "random"
    assert set(changes(free, zero)) == set(changes(zero, five)) == {"order"}


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        ("regex", "2022.10.31", "2024.11.6", {"0/1", "2/3", "4/3", "7/3"}),
        ("pydantic", "1.10.26", "2.11.7", {"schema", "text", "errors"}),
        ("pypdf", "3.9.0", "5.1.0", {"text", "layout"}),
        ("html2text", "2020.1.16", "2025.4.15", {"default"}),
        ("ftfy", "6.1.1", "6.3.1", set()),
    ],
)
def test_releases_that_write_another_prompt_are_caught(
    name: str, old: str, new: str, expected: set[str]
) -> None:
    told = [computed(interpreter(f"{name}=={v}"), f"template_{name}") for v in (old, new)]
    found = set(changes(*told))
    assert expected <= found
    assert bool(expected) == bool(found)


def test_a_library_that_is_not_there_is_its_own_canary_s_loss() -> None:
    found = facts(interpreter(), "template_ftfy", "template_python")
    assert not isinstance(found["template_ftfy"], Component)
    assert isinstance(found["template_python"], Component)
