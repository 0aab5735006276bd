"""A file that was written anew with the same content is said to be that, and no more."""

from __future__ import annotations

from typing import Any

from repro.rules.catalog import load
from repro.rules.finding import Status
from tests.manifests import known, manifest, verdict

SAME = {"special_tokens_map.json": "sha256:c"}


def judged(old: dict[str, Any], new: dict[str, Any]) -> tuple[list[str], Status]:
    a, b = (manifest(known("tokenizer", "t", **told)) for told in (old, new))
    found = verdict(a, b, load())
    return sorted(finding.code for finding in found.findings), found.status


def files(digest: str, **more: Any) -> dict[str, Any]:
    return {"files": {"special_tokens_map.json": f"sha256:{digest}"}, **more}


def test_the_same_content_in_another_form_moves_nothing() -> None:
    found = judged(files("a", content=SAME), files("b", content=SAME))
    assert found == (["FORM"], Status.EQUIVALENT)


def test_other_content_is_judged() -> None:
    other = {"special_tokens_map.json": "sha256:d"}
    codes, status = judged(files("a", content=SAME), files("b", content=other))
    assert codes == ["TOK013"]
    assert status is Status.SUSPECT


def test_content_that_is_not_known_on_both_sides_says_nothing() -> None:
    for old, new in ((SAME, {}), ({}, {}), ({"special_tokens_map.json": 3},) * 2):
        codes, _ = judged(files("a", content=old), files("b", content=new))
        assert "TOK013" in codes
        assert "FORM" not in codes


def test_what_differs_beside_it_is_judged_as_ever() -> None:
    old = files("a", content=SAME, config={"add_bos_token": True})
    new = files("b", content=SAME, config={"add_bos_token": False})
    assert judged(old, new)[0] == ["FORM", "TOK056"]
