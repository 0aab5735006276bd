"""Where a manifest lies in a store: always in the same place, and never anywhere else."""

from __future__ import annotations

import re

import pytest

from repro.history.filing import OURS, astray, place
from tests.history.made import cudnn, taken


def test_the_name_says_who_and_when() -> None:
    found = place(taken("02-11", cudnn("9.1")))
    assert re.fullmatch(r"serve_v1_on_h1-[0-9a-f]{8}/20260211T080000Z-[0-9a-f]{12}\.json", found)


def test_the_same_manifest_has_the_same_name_and_another_has_not() -> None:
    one, other = taken("02-11", cudnn("9.1")), taken("02-11", cudnn("9.3"))
    assert place(one) == place(taken("02-11", cudnn("9.1"))) != place(other)


@pytest.mark.parametrize("text", ["../../etc/x", "/", "", ".", "..", "\x00", "a" * 5000, "é\n"])
def test_no_name_leads_out_of_the_store(text: str) -> None:
    found = place(taken("02-11", name=text, host=text))
    folder, _, file = found.partition("/")
    assert OURS.fullmatch(found)
    assert re.fullmatch(r"[A-Za-z0-9_-][A-Za-z0-9._-]{0,120}", folder)
    assert len(file) < 60


def test_names_that_look_alike_have_folders_of_their_own() -> None:
    assert place(taken("02-11", name="a/b")) != place(taken("02-11", name="a_b"))


@pytest.mark.parametrize("at", [None, "soon"])
def test_what_does_not_say_when_is_kept_all_the_same(at: object) -> None:
    assert "/undated-" in place(taken("", at=at))


def test_a_file_below_another_subject_s_folder_is_noticed() -> None:
    honest = taken("02-11", host="h1")
    folder = place(taken("02-11", host="h2")).partition("/")[0]
    assert astray(f"{folder}/{place(honest).partition('/')[2]}", honest)
    assert not astray(place(honest), honest)
    assert not astray(f"below/{place(honest)}", honest)
    assert not astray("h2/today.json", honest)
