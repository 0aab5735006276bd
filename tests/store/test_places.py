"""Places for manifests: a folder, and two of fsspec's, which all have to behave alike."""

from __future__ import annotations

import os
import sys
from typing import TYPE_CHECKING

import pytest

from repro.errors import OutputError, UsageError
from repro.manifest import codec, encode
from repro.manifest.pool import Pool
from repro.store.opening import shelf, store
from repro.target.options import Options
from tests.history.made import cudnn, taken

if TYPE_CHECKING:
    from pathlib import Path

    from repro.store.shelf import Found, Shelf


@pytest.fixture(params=["folder", "file://", "memory://"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "folder":
        return str(tmp_path)
    return f"{request.param}{tmp_path}"


def read(place: str) -> list[Found]:
    return list(store(place, Options()).read(Pool()))


def test_what_is_put_is_there_once(place: str) -> None:
    data = encode(taken("02-11", cudnn("9.1")))
    assert shelf(place).put("a/one.json", data)
    assert not shelf(place).put("a/one.json", b"another")
    (found,) = read(place)
    assert found.place == "a/one.json"
    assert found.manifest == codec.decode(data)


def test_what_is_no_manifest_is_told_of(place: str) -> None:
    shelf(place).put("a/one.json", encode(taken("02-11", cudnn("9.1"))))
    shelf(place).put("a/two.json", b"{")
    shelf(place).put("a/notes.txt", b"hello")
    shelf(place).put("a/.one.json.part.json", b"half")
    good, bad = read(place)
    assert good.manifest
    assert (bad.place, bad.manifest) == ("a/two.json", None)
    assert bad.reason.startswith("not a manifest: ")


def test_what_is_too_large_is_not_read(place: str, monkeypatch: pytest.MonkeyPatch) -> None:
    shelf(place).put("one.json", encode(taken("02-11", cudnn("9.1"))))
    monkeypatch.setattr(codec, "LIMIT", 100)
    (found,) = read(place)
    assert found.manifest is None
    assert "larger than" in found.reason


def test_an_empty_place_holds_nothing(place: str) -> None:
    assert read(place) == []


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        store(str(tmp_path / "nowhere"), Options())


def test_a_scheme_that_nobody_knows() -> None:
    with pytest.raises(UsageError, match="nonsense"):
        store("nonsense://bucket", Options())


def test_without_the_extra_the_advice_is_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec", None)
    with pytest.raises(UsageError) as caught:
        store("s3://bucket/fleet", Options())
    assert "repro-audit[stores]" in caught.value.advice


def test_a_place_that_cannot_be_written(tmp_path: Path) -> None:
    (tmp_path / "a").write_text("no folder")
    found: list[Shelf] = [shelf(str(tmp_path)), shelf(f"file://{tmp_path}")]
    for each in found:
        with pytest.raises(OutputError):
            each.put("a/one.json", b"")


def test_what_is_no_file_is_told_of_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "one.json")
    (tmp_path / "two.json").symlink_to(tmp_path / "nowhere")
    assert [(each.place, each.manifest) for each in read(str(tmp_path))] == [
        ("one.json", None),
        ("two.json", None),
    ]


def test_a_part_of_a_folder_that_is_closed_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise PermissionError(13, "Permission denied", "closed")

    monkeypatch.setattr(os, "scandir", refuse)
    with pytest.raises(UsageError, match="closed: Permission denied"):
        read(str(tmp_path))


def test_nothing_is_put_into_a_registry_unsigned() -> None:
    with pytest.raises(UsageError, match="signed"):
        shelf("registry:ghcr.io/owner/app")


@pytest.mark.parametrize("name", ["ghcr.io/owner/app:v1", "ghcr.io/owner/app@sha256:1"])
def test_a_history_of_a_registry_is_of_all_tags(name: str, tmp_path: Path) -> None:
    key = tmp_path / "key.pub"
    key.write_text("no key")
    with pytest.raises(UsageError, match=r"one image|key"):
        store(f"registry:{name}", Options(keys=(str(key),)))
