"""One image on the engines of several hosts: who answers is compared, and nothing stays behind."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.engine.calling import leftovers, repro

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine


def hosts(path: Path, **engines: str) -> str:
    rows = (f'[[host]]\nname = "{name}"\nengine = "{url}"\n' for name, url in engines.items())
    path.write_text("\n".join(rows))
    return str(path)


def test_two_hosts_with_one_image_are_alike_and_a_third_is_down(
    image: BuildImage, second_engine: Engine, docker_engine: Engine, tmp_path: Path
) -> None:
    engines = {"a": docker_engine.host, "b": second_engine.host}
    (tag,) = {image("venv:1", host=host) for host in engines.values()}
    file = hosts(tmp_path / "hosts.toml", **engines, down="tcp://127.0.0.1:1")
    done = repro("fleet", "hosts", file, tag, "-f", "json", "--", "--no-canary", host="")
    found = json.loads(done.out)
    (group,) = found["groups"]
    assert done.code == 3
    assert [cluster["names"] for cluster in group["clusters"]] == [["a", "b"]]
    assert [lost["name"] for lost in found["unjudged"]] == ["down"]


def test_a_host_that_is_too_slow_keeps_no_container(
    image: BuildImage, docker_engine: Engine, tmp_path: Path
) -> None:
    tag = image("hostile:hang", host=docker_engine.host)
    file = hosts(tmp_path / "hosts.toml", slow=docker_engine.host)
    done = repro("fleet", "hosts", file, tag, "--host-timeout", "5", "-f", "json", host="")
    assert done.code == 3
    (lost,) = json.loads(done.out)["unjudged"]
    assert lost["reason"] == "it took longer than 5 s"
    assert leftovers(docker_engine.host, tag) == []
