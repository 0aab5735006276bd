"""Distributions are read with all that tells two of them apart."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import context as probe_context
from repro.probe import python as probe_python

if TYPE_CHECKING:
    from tests.probe.rooted import Rooted

SITE = "/opt/venv/lib/python3.11/site-packages"
METADATA = "Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n{more}\nA text.\nName: no\n"
Environment: Any = probe_context.Environment
Context: Any = probe_context.Context
python_collect: Any = probe_python.collect


def install(
    rooted: Rooted, name: str, version: str, site: str = SITE, more: str = "", **files: str
) -> None:
    """Lay out a distribution as an installer does."""
    folder = f"{site}/{name.replace('-', '_')}-{version}.dist-info"
    rooted.put(f"{folder}/METADATA", METADATA.format(name=name, version=version, more=more))
    for file, content in files.items():
        rooted.put(f"{folder}/{file.replace('__', '.')}", content)


def collect(rooted: Rooted, *sites: str) -> list[dict[str, Any]]:
    context = Context({}, environ={})
    context.environments = [
        Environment(
            "/opt/venv", "3.11", ["/opt/venv/bin/python"], list(sites or (SITE,)), entry=True
        )
    ]
    found = python_collect(rooted, context)
    return [fact for fact in found if fact["kind"] == "python.package"]


def test_names_are_normalized_and_local_versions_kept(rooted: Rooted) -> None:
    install(rooted, "Torch.Vision_Extra", "0.20.1+cu121")

    (fact,) = collect(rooted)

    assert (fact["name"], fact["version"], fact["source"], fact["location"]) == (
        "torch-vision-extra",
        "0.20.1+cu121",
        "metadata",
        SITE,
    )
    assert fact["properties"] == {"environment": "/opt/venv", "entry": True}


def test_the_wheel_the_installer_and_the_requirements_are_kept(rooted: Rooted) -> None:
    install(
        rooted,
        "vllm",
        "0.11.0",
        more="Requires-Dist: torch==2.8.0\nRequires-Dist: ray; extra == 'ray'\n",
        WHEEL="Wheel-Version: 1.0\nBuild: 1\nTag: cp38-abi3-manylinux1_x86_64\n",
        INSTALLER="uv\n",
    )

    (fact,) = collect(rooted)

    assert fact["properties"]["requires"] == ["torch==2.8.0"]
    assert fact["properties"]["wheel_build"] == "1"
    assert fact["properties"]["tags"] == "cp38-abi3-manylinux1_x86_64"
    assert fact["properties"]["installer"] == "uv"


def test_a_direct_url_loses_its_user_and_keeps_its_commit(rooted: Rooted) -> None:
    direct = {
        "url": "https://bob:s3cret@git.example/x.git?token=s3cret",
        "vcs_info": {"vcs": "git", "commit_id": "abc123"},
    }
    install(rooted, "x", "1", direct_url__json=json.dumps(direct))

    (fact,) = collect(rooted)

    assert fact["properties"]["direct_url"] == "https://git.example/x.git@abc123"


def test_editable_installs_say_so(rooted: Rooted) -> None:
    direct = {"url": "file:///src", "dir_info": {"editable": True}}
    install(rooted, "x", "1", direct_url__json=json.dumps(direct))

    assert collect(rooted)[0]["properties"]["editable"] is True


def record(rooted: Rooted, lines: str) -> str:
    install(rooted, "x", "1", RECORD=lines)
    return str(collect(rooted)[0]["properties"]["record"])


def test_the_record_digest_ignores_how_and_where_it_was_installed(rooted: Rooted) -> None:
    first = record(rooted, "x.py,sha256=a,1\n../../bin/x,sha256=b,2\nx-1.dist-info/INSTALLER,,\n")
    second = record(rooted, "x-1.dist-info/direct_url.json,sha256=z,9\nx.py,sha256=a,1\n")
    other = record(rooted, "x.py,sha256=b,1\n")

    assert first == second != other


def test_the_second_of_two_is_shadowed_by_the_first(rooted: Rooted) -> None:
    install(rooted, "numpy", "2.0", "/a")
    install(rooted, "numpy", "1.26", "/b")

    first, second = collect(rooted, "/a", "/b")

    assert "shadowed_by" not in first["properties"]
    assert second["properties"]["shadowed_by"] == "/a"


def test_egg_info_files_folders_and_links_are_read(rooted: Rooted) -> None:
    rooted.put(
        f"{SITE}/old-1.2-py3.11.egg-info", METADATA.format(name="old", version="1.2", more="")
    )
    rooted.put(
        f"{SITE}/older.egg-info/PKG-INFO", METADATA.format(name="older", version="0.1", more="")
    )
    rooted.put("/src/dev.egg-info/PKG-INFO", METADATA.format(name="dev", version="3", more=""))
    rooted.put(f"{SITE}/dev.egg-link", "/src\n.")

    found = {fact["name"]: fact for fact in collect(rooted)}

    assert {name: fact["version"] for name, fact in found.items()} == {
        "old": "1.2",
        "older": "0.1",
        "dev": "3",
    }
    assert found["dev"]["properties"]["editable"] is True


def test_metadata_that_is_gone_leaves_what_the_folder_says(rooted: Rooted) -> None:
    rooted.put(f"{SITE}/broken-1.0.dist-info/INSTALLER", "pip\n")

    (fact,) = collect(rooted)

    assert (fact["name"], fact["version"], fact["source"]) == ("broken", "1.0", "file")


def test_a_distribution_that_may_not_be_read_is_unreadable(rooted: Rooted) -> None:
    install(rooted, "secret", "1.0")
    install(rooted, "open", "1.0")
    rooted.denied.add(f"{SITE}/secret-1.0.dist-info")

    states = {fact["name"]: fact["state"] for fact in collect(rooted)}

    assert states == {"secret": "unreadable", "open": "known"}


def test_a_site_that_may_not_be_read_is_unreadable_as_a_whole(rooted: Rooted) -> None:
    install(rooted, "x", "1")
    rooted.denied.add(SITE)

    (fact,) = collect(rooted)

    assert (fact["state"], fact["name"]) == ("unreadable", "*")


@pytest.mark.parametrize("content", ["", "[]", "{", "null", '{"url": 5}', '{"vcs_info": 1}'])
def test_a_malformed_direct_url_says_nothing(rooted: Rooted, content: str) -> None:
    install(rooted, "x", "1", direct_url__json=content)

    assert "direct_url" not in collect(rooted)[0].get("properties", {})


def test_what_an_installer_left_half_removed_is_no_distribution(rooted: Rooted) -> None:
    rooted.put(
        f"{SITE}/~umpy-1.0.dist-info/METADATA", METADATA.format(name="n", version="1", more="")
    )

    assert collect(rooted) == []


def test_a_pipe_in_place_of_metadata_does_not_block(rooted: Rooted) -> None:
    rooted.put_fifo(f"{SITE}/x-1.dist-info/METADATA")

    assert [fact["state"] for fact in collect(rooted)] == ["unreadable"]
