"""The hub collector: what `main` means in a Hugging Face cache."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.probe import hub
from tests.probe.asking import ask, known, unread

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

OLD, NEW, BLOB = "1" * 40, "2" * 40, "b" * 64
KIND = "model.revision"


def fill(rooted: Rooted, cache: str) -> str:
    top = cache + "/models--org--name"
    rooted.put(top + "/refs/main", NEW + "\n")
    rooted.put(top + "/refs/refs/pr/5", OLD)
    rooted.put(top + "/blobs/" + BLOB, b"x")
    rooted.put_link(f"{top}/snapshots/{NEW}/onnx/model.onnx", "../../../blobs/" + BLOB)
    rooted.put(f"{top}/snapshots/{OLD}/config.json", "{}")
    return top


def test_the_version_is_the_commit_of_main(rooted: Rooted) -> None:
    top = fill(rooted, "/root/.cache/huggingface/hub")
    fact = known(ask(hub, rooted), KIND, "org/name")
    assert (fact["version"], fact["location"]) == (NEW, top)
    assert fact["properties"] == {
        "refs": {"main": NEW, "refs/pr/5": OLD},
        "snapshots": [OLD, NEW],
        "files": {"onnx/model.onnx": "blob:" + BLOB},
    }


def test_the_cache_is_found_by_variable_home_and_root(rooted: Rooted) -> None:
    fill(rooted, "/x/hub")
    fill(rooted, "/home/u/.cache/huggingface/hub")
    fill(rooted, "/models/cache")
    found = ask(hub, rooted, environ={"HF_HOME": "/x"})
    assert {f["location"].split("/models--")[0] for f in found} == {
        "/x/hub",
        "/home/u/.cache/huggingface/hub",
        "/models/cache",
    }


def test_the_variable_may_come_from_the_image(rooted: Rooted) -> None:
    fill(rooted, "/y")
    assert known(ask(hub, rooted, image={"Env": ["HF_HUB_CACHE=/y"]}), KIND, "org/name")


def test_one_cache_under_two_names_is_one(rooted: Rooted) -> None:
    fill(rooted, "/data")
    rooted.put_link("/hub", "/data")
    assert known(ask(hub, rooted, environ={"HF_HUB_CACHE": "/hub"}), KIND, "org/name")


def test_a_commit_without_snapshot_is_missing(rooted: Rooted) -> None:
    rooted.put("/data/models--a--b/refs/main", NEW)
    fact = known(ask(hub, rooted), KIND, "a/b")
    assert fact["properties"]["missing"] is True


def test_no_cache_is_absent(rooted: Rooted) -> None:
    assert [f["state"] for f in ask(hub, rooted)] == ["absent"]


def test_a_fifo_as_ref_and_missing_rights_are_told(rooted: Rooted) -> None:
    rooted.put_fifo("/data/models--a--b/refs/main")
    rooted.put("/data/models--c--d/snapshots/x/config.json", "{}")
    rooted.denied = {"/data/models--c--d/snapshots"}
    assert unread(ask(hub, rooted)) == {"a/b": "not a regular file", "c/d": "Permission denied"}


def test_garbage_in_a_ref_stays_bounded_and_encodable(rooted: Rooted) -> None:
    rooted.put("/data/models--a--b/refs/main", b"\xff\x1b[31m")
    assert known(ask(hub, rooted), KIND, "a/b")["version"] == "\\xff\x1b[31m"
