"""Results come out of an image: whatever shape they have, there is a verdict, and all formats."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from repro.report import FORMATS
from repro.rules.catalog import load
from tests.manifests import known, manifest, verdict

if TYPE_CHECKING:
    from repro.manifest import Manifest

LEAVES = st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=12)
ANYTHING = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=6), inner, max_size=3)
    ),
    max_leaves=6,
)
ARRAY = {"hash": "0f", "dtype": "float32", "shape": [2], "sample": "AACAPwAAAEA="}
GOOD: dict[str, Any] = {
    "family": "text",
    "impacts": ["tokens", "numerics"],
    "covers": ["python.package:tokenizers"],
    "edition": 1,
    "device": "cpu",
    "environment": "/opt/venv",
    "input": "corpus",
    "cases": 3,
    "results": {
        "a": {"hash": "aa", "value": [1, 2]},
        "array": ARRAY,
        "b": {"hash": "bb", "error": "E"},
    },
    "series": {"ids": "aaaaabbbbb"},
    "kept": {"ids": {"first": [1, 2, 3]}},
    "unstable": ["c"],
    "loose": ["d"],
}
"""All that a canary may say."""


@st.composite
def _damaged(draw: st.DrawFn) -> dict[str, Any]:
    """Put anything in the place of some properties, or of something inside one."""
    told: dict[str, Any] = {**GOOD}
    for name in draw(st.lists(st.sampled_from(sorted(GOOD)), min_size=1, max_size=3, unique=True)):
        whole = told[name]
        if isinstance(whole, dict) and draw(st.booleans()):
            told[name] = {**whole, draw(st.sampled_from(sorted(whole))): draw(ANYTHING)}
        else:
            told[name] = draw(ANYTHING)
    return told


def _taken(told: dict[str, Any], version: str) -> Manifest:
    library = known("python.package", "tokenizers", version, environment="/opt/venv")
    corpus = known("canary.input", "corpus", "1", texts=[["first", "x"], ["second", "y"]])
    return manifest(library, corpus, known("canary", "text/tokenizers", source="canary", **told))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_damaged(), _damaged())
def test_results_of_any_shape_are_judged_and_shown(
    one: dict[str, Any], other: dict[str, Any]
) -> None:
    found = verdict(_taken(one, "0.21.0"), _taken(other, "0.22.0"), load())
    for renderer in FORMATS.values():
        assert renderer.render(found)
