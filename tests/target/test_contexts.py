"""Contexts are found where the docker command keeps them, and nowhere else."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING

import pytest

from repro.errors import EngineError
from repro.target import contexts

if TYPE_CHECKING:
    from pathlib import Path

HOST = {"Host": "unix:///one.sock", "SkipTLSVerify": False}


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty folder of docker's settings."""
    folder = tmp_path / "docker"
    folder.mkdir()
    monkeypatch.setenv("DOCKER_CONFIG", str(folder))
    return folder


def key(name: str) -> str:
    return hashlib.sha256(name.encode()).hexdigest()


def create(config: Path, name: str, content: str) -> None:
    """Lay a context out as `docker context create` does."""
    folder = config / "contexts" / "meta" / key(name)
    folder.mkdir(parents=True)
    (folder / "meta.json").write_text(content)


def meta(**endpoint: object) -> str:
    return json.dumps({"Name": "one", "Metadata": {}, "Endpoints": {"docker": endpoint}})


def test_a_context_is_found_without_any_config_file(config: Path) -> None:
    create(config, "one", meta(**HOST))

    assert contexts.find("one").url == "unix:///one.sock"
    assert contexts.find("one").tls is None


def test_the_current_directory_has_no_say(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path / "cloned"
    create(elsewhere, "one", meta(Host="tcp://evil:2375"))
    monkeypatch.chdir(elsewhere)

    with pytest.raises(EngineError, match="there is no docker context 'one'"):
        contexts.find("one")
    assert config.exists()


def test_the_home_folder_is_used_without_the_variable(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    create(tmp_path / ".docker", "one", meta(**HOST))
    monkeypatch.delenv("DOCKER_CONFIG")
    monkeypatch.setenv("HOME", str(tmp_path))

    assert contexts.find("one").url == "unix:///one.sock"
    assert config.exists()


def test_certificates_come_with_their_context(config: Path) -> None:
    create(config, "one", meta(Host="tcp://host:2376", SkipTLSVerify=False))
    folder = config / "contexts" / "tls" / key("one") / "docker"
    folder.mkdir(parents=True)
    for stem in ("ca", "cert", "key"):
        (folder / f"{stem}.pem").write_text("x")

    tls = contexts.find("one").tls

    assert tls is not None
    assert tls.ca_cert == str(folder / "ca.pem")
    assert tls.cert == (str(folder / "cert.pem"), str(folder / "key.pem"))
    assert tls.verify is True


@pytest.mark.parametrize("content", ["", "{", "[]", '{"Endpoints": {"docker": {"Host": 5}}}', "{}"])
def test_a_malformed_context_is_named_with_its_file(config: Path, content: str) -> None:
    create(config, "one", content)

    with pytest.raises(EngineError, match=r"meta\.json: "):
        contexts.find("one")


def test_a_context_without_an_address_is_none(config: Path) -> None:
    create(config, "one", meta())

    with pytest.raises(EngineError, match="there is no docker context 'one'"):
        contexts.find("one")


def test_the_chosen_context_is_the_current_one(config: Path) -> None:
    assert contexts.current() == "default"

    (config / "config.json").write_text('{"auths": {}, "currentContext": "one"}')
    assert contexts.current() == "one"

    (config / "config.json").write_text('{"auths": {}}')
    assert contexts.current() == "default"
