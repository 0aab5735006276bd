"""Logins where Docker and Podman keep them, and helpers that misbehave."""

# ruff: noqa: S105, S106 -- The passwords here open nothing.

from __future__ import annotations

import base64
import json
import time
from typing import TYPE_CHECKING, Any

import pytest

from repro.registry import keychain
from repro.registry.credentials import find
from repro.registry.login import Login
from repro.registry.reference import Reference

if TYPE_CHECKING:
    from pathlib import Path

MODEL = Reference.parse("registry.example:5000/team/model")
HUB = Reference.parse("alpine")


def encoded(user: str, password: str) -> str:
    return base64.b64encode(f"{user}:{password}".encode()).decode()


def write(path: Path, configuration: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(configuration))


def auths(key: str, user: str) -> dict[str, Any]:
    return {"auths": {key: {"auth": encoded(user, "secret")}}}


def user_of(reference: Reference, **environment: str) -> str | None:
    login = find(reference, environment).login
    return login.user if login else None


def test_files_in_their_order(tmp_path: Path) -> None:
    places = {
        "explicit": tmp_path / "explicit.json",
        "docker": tmp_path / "docker/config.json",
        "runtime": tmp_path / "run/containers/auth.json",
        "persistent": tmp_path / "config/containers/auth.json",
    }
    for user, path in places.items():
        write(path, auths("registry.example:5000", user))
    environment = {
        "REGISTRY_AUTH_FILE": str(places["explicit"]),
        "DOCKER_CONFIG": str(tmp_path / "docker"),
        "XDG_RUNTIME_DIR": str(tmp_path / "run"),
        "XDG_CONFIG_HOME": str(tmp_path / "config"),
    }
    for user, path in places.items():
        assert user_of(MODEL, **environment) == user
        path.unlink()
    assert user_of(MODEL, **environment) is None


def test_files_in_the_home(tmp_path: Path) -> None:
    write(tmp_path / ".config/containers/auth.json", auths("registry.example:5000", "podman"))
    environment = {"HOME": str(tmp_path), "XDG_RUNTIME_DIR": str(tmp_path)}
    assert user_of(MODEL, **environment) == "podman"
    write(tmp_path / ".docker/config.json", auths("registry.example:5000", "docker"))
    assert user_of(MODEL, **environment) == "docker"


@pytest.mark.parametrize(
    ("key", "reference", "found"),
    [
        ("registry.example:5000", MODEL, True),
        ("https://registry.example:5000", MODEL, True),
        ("https://registry.example:5000/v2/", MODEL, True),
        ("registry.example:5000/team", MODEL, True),
        ("registry.example:5000/team/model", MODEL, True),
        ("registry.example:5000/tea", MODEL, False),
        ("registry.example", MODEL, False),
        ("example:5000", MODEL, False),
        ("https://index.docker.io/v1/", HUB, True),
        ("docker.io", HUB, True),
        ("registry-1.docker.io", HUB, True),
        ("docker.io", MODEL, False),
    ],
)
def test_names_of_registries(tmp_path: Path, key: str, reference: Reference, found: bool) -> None:
    write(tmp_path / "config.json", auths(key, "me"))
    assert (user_of(reference, DOCKER_CONFIG=str(tmp_path)) == "me") is found


def test_the_most_precise_name_counts(tmp_path: Path) -> None:
    both = {**auths("registry.example:5000", "all")["auths"]}
    both |= auths("registry.example:5000/team", "team")["auths"]
    write(tmp_path / "config.json", {"auths": both})
    assert user_of(MODEL, DOCKER_CONFIG=str(tmp_path)) == "team"


@pytest.mark.parametrize(
    ("entry", "login"),
    [
        ({"auth": encoded("me", "a:b")}, Login(user="me", password="a:b")),
        ({"auth": encoded("me", "secret\0\0")}, Login(user="me", password="secret")),
        ({"username": "me", "password": "secret"}, Login(user="me", password="secret")),
        (
            {"auth": encoded("00000000", ""), "identitytoken": "token"},
            Login(user="00000000", identity_token="token"),
        ),
        ({"registrytoken": "token"}, Login(registry_token="token")),
        ({}, None),
        ({"auth": "not base64!"}, None),
        ({"auth": 7, "identitytoken": ["x"]}, None),
        ("text", None),
        (None, None),
    ],
)
def test_entries(tmp_path: Path, entry: Any, login: Login | None) -> None:
    write(tmp_path / "config.json", {"auths": {"registry.example:5000": entry}})
    assert find(MODEL, {"DOCKER_CONFIG": str(tmp_path)}).login == login


def test_secrets_are_not_in_a_representation() -> None:
    login = Login(user="me", password="hidden", identity_token="hidden", registry_token="hidden")
    assert "hidden" not in repr(login)


@pytest.mark.parametrize("text", ["", "{", "[]", "7", "[" * 100_000, '{"auths": []}', "\xff"])
def test_a_broken_file_is_no_login(tmp_path: Path, text: str) -> None:
    (tmp_path / "docker").mkdir()
    (tmp_path / "docker/config.json").write_text(text, "latin-1")
    write(tmp_path / "run/containers/auth.json", auths("registry.example:5000", "podman"))
    environment = {"DOCKER_CONFIG": str(tmp_path / "docker"), "XDG_RUNTIME_DIR": f"{tmp_path}/run"}
    found = find(MODEL, environment)
    assert found.login == Login(user="podman", password="secret")
    readable = text == '{"auths": []}'
    assert [str(tmp_path / "docker/config.json") in one for one in found.problems] == (
        [] if readable else [True]
    )


class Helpers:
    """A folder on the PATH, and a configuration that names what is in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, name: str, script: str) -> None:
        path = self.folder / f"docker-credential-{name}"
        path.write_text(f"#!/bin/sh\n{script}\n")
        path.chmod(0o755)

    def configure(self, **configuration: Any) -> dict[str, str]:
        write(self.folder / "config.json", configuration)
        return {"DOCKER_CONFIG": str(self.folder), "PATH": f"{self.folder}:/usr/bin:/bin"}


@pytest.fixture
def helpers(tmp_path: Path) -> Helpers:
    folder = tmp_path / "helpers"
    folder.mkdir()
    return Helpers(folder)


ECHO = """read -r server || true
printf '{"ServerURL": "%s", "Username": "%s", "Secret": "secret"}' "$server" "$1 $server" """


def test_a_helper_is_asked_for_the_registry(helpers: Helpers) -> None:
    helpers.add("all", ECHO)
    environment = helpers.configure(credsStore="all")
    assert user_of(MODEL, **environment) == "get registry.example:5000"
    assert user_of(HUB, **environment) == "get https://index.docker.io/v1/"


def test_a_registry_s_own_helper_comes_first(helpers: Helpers) -> None:
    helpers.add("all", "exit 1")
    helpers.add("own", ECHO)
    environment = helpers.configure(
        credsStore="all", credHelpers={"registry.example:5000": "own"}, auths={}
    )
    found = find(MODEL, environment)
    assert found.login
    assert found.login.password == "secret"
    assert not found.problems


def test_a_helper_that_knows_nothing_leaves_it_to_the_file(helpers: Helpers) -> None:
    helpers.add("all", "echo credentials not found in native keychain; exit 1")
    environment = helpers.configure(credsStore="all", **auths("registry.example:5000", "file"))
    found = find(MODEL, environment)
    assert found.login
    assert (found.login.user, found.problems) == ("file", ())


def test_a_helper_s_token(helpers: Helpers) -> None:
    helpers.add("all", """echo '{"Username": "<token>", "Secret": "abc"}'""")
    found = find(MODEL, helpers.configure(credsStore="all"))
    assert found.login == Login(identity_token="abc")


@pytest.mark.parametrize(
    ("script", "said"),
    [
        ("echo secret; exit 3", "exit status 3"),
        ("echo secret", "did not answer in JSON"),
        ("yes secret", "says too much"),
    ],
)
def test_a_broken_helper_is_told_without_what_it_said(
    helpers: Helpers, script: str, said: str
) -> None:
    helpers.add("all", script)
    found = find(MODEL, helpers.configure(credsStore="all"))
    assert found.login is None
    assert said in found.problems[0]
    assert "secret" not in found.problems[0]


def test_a_missing_helper(helpers: Helpers) -> None:
    found = find(MODEL, helpers.configure(credsStore="missing"))
    assert "docker-credential-missing cannot be started" in found.problems[0]


def test_a_helper_is_a_name_and_no_path(helpers: Helpers) -> None:
    found = find(MODEL, helpers.configure(credsStore="x/../../evil"))
    assert "malformed" in found.problems[0]


@pytest.mark.parametrize("script", ["sleep 60", "sleep 60 & exit 0", "exec >&-; sleep 60"])
def test_a_helper_that_hangs_is_ended_with_its_children(helpers: Helpers, script: str) -> None:
    helpers.add("slow", script)
    path = helpers.configure()["PATH"]
    before = time.monotonic()
    with pytest.raises(keychain.HelperError, match="did not answer within 0 s"):
        keychain.get("slow", "registry.example", path=path, seconds=0.3)
    assert time.monotonic() - before < 3
