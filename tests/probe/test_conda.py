"""The conda collector: what conda-meta says."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from repro.probe import conda
from tests.probe.asking import ask, known, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

META = "/opt/conda/conda-meta/"


def test_name_version_build_and_channel_are_read(rooted: Rooted) -> None:
    record = {"build": "h1_0", "channel": "https://u:p@host/t/tk-1/conda-forge/linux-64"}
    rooted.put(META + "scikit-learn-1.5.0-py311h1_0.json", json.dumps(record))
    rooted.put(META + "history", "==>")
    fact = known(ask(conda, rooted), "conda.package", "scikit-learn")
    assert (fact["version"], fact["location"]) == ("1.5.0", "/opt/conda")
    assert fact["properties"] == {
        "build": "py311h1_0",
        "channel": "https://host/conda-forge/linux-64",
    }


def test_a_channel_behind_long_lists_is_found(rooted: Rooted) -> None:
    record = json.dumps({"a": ["x" * 50] * 500, "channel": "defaults"})
    rooted.put("/opt/conda/envs/e/conda-meta/a-1-0.json", record)
    fact = known(ask(conda, rooted), "conda.package", "a")
    assert (fact["location"], fact["properties"]["channel"]) == ("/opt/conda/envs/e", "defaults")


def test_one_environment_under_two_names_is_one(rooted: Rooted) -> None:
    rooted.put(META + "a-1-0.json", '{"channel": "c"}')
    rooted.put_link("/opt/miniconda", "conda")
    assert known(ask(conda, rooted), "conda.package", "a")


def test_none_is_absent(rooted: Rooted) -> None:
    assert [f["state"] for f in ask(conda, rooted)] == ["absent"]


def test_hostile_records_are_told(rooted: Rooted) -> None:
    rooted.put(META + "a-1-0.json", b"\xff{")
    rooted.put(META + "b-1-0.json", "[]")
    rooted.put_fifo(META + "c-1-0.json")
    rooted.put(META + "d-1-0.json", '{"channel": 5}')
    found = ask(conda, rooted)
    assert set(unread(found)) == {n + " in /opt/conda" for n in "abc"}
    assert known(found, "conda.package", "d")["properties"] == {"build": "0"}


def test_a_folder_without_rights_is_told(rooted: Rooted) -> None:
    rooted.put(META + "a-1-0.json", "{}")
    rooted.denied = {"/opt/conda/conda-meta"}
    assert unread(ask(conda, rooted)) == {"/opt/conda/conda-meta": "Permission denied"}
