"""What is pushed goes to the registry that was named, and nowhere else."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest

from repro.errors import RegistryError
from repro.registry.client import Registry
from repro.registry.pushing import push_blob, push_manifest
from repro.registry.reference import Reference
from repro.registry.referrers import INDEX, Referrer, listed, refer
from tests.registry.hostile import serving
from tests.standin.referring import Referring, digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.registry.hostile import Exchange

DIGEST = "sha256:" + "a" * 64


def opened(host: str, *, writing: bool = True) -> Registry:
    reference = Reference.parse(f"{host}/team/app:v1")
    return Registry(
        reference, plain_http=True, writing=writing, retries=2, sleep=lambda _: None, timeout=5
    )


def test_a_blob_is_put_under_its_digest() -> None:
    kept = Referring()
    with serving(kept) as server, opened(server.host) as registry:
        digest = push_blob(registry, b"hello")

    assert kept.blobs == {digest: b"hello"}
    assert [asked.method for asked in server.asked] == ["POST", "PUT"]


@pytest.mark.parametrize(
    "location",
    [
        "http://127.0.0.2:1/v2/team/app/blobs/uploads/x",
        "//evil.example/upload",
        "https://127.0.0.1/upload",
        "http://[bad/upload",
        "file:///etc/passwd",
    ],
)
def test_an_upload_never_goes_elsewhere(location: str) -> None:
    def lead_away(exchange: Exchange) -> None:
        exchange.answer(202, Location=location)

    with (
        serving(lead_away) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError),
    ):
        push_blob(registry, b"hello")

    assert [asked.method for asked in server.asked] == ["POST"]


def test_a_redirected_upload_is_not_followed() -> None:
    with serving(lambda exchange: exchange.answer(200)) as other:

        def redirect(exchange: Exchange) -> None:
            if exchange.asked.method == "POST":
                exchange.answer(202, Location="/v2/team/app/blobs/uploads/x")
            else:
                exchange.answer(307, Location=f"http://{other.host}/steal")

        with (
            serving(redirect) as server,
            opened(server.host) as registry,
            pytest.raises(RegistryError, match="does not take the upload"),
        ):
            push_blob(registry, b"hello")

        assert other.asked == []


def test_an_upload_without_a_place_is_an_error() -> None:
    with (
        serving(lambda exchange: exchange.answer(202)) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="does not say where to upload"),
    ):
        push_blob(registry, b"hello")


def test_an_upload_that_fails_half_way_begins_anew() -> None:
    kept = Referring()
    failed: list[bool] = []

    def fail_once(exchange: Exchange) -> None:
        if exchange.asked.method == "PUT" and not failed:
            failed.append(True)
            exchange.answer(503)
        else:
            kept(exchange)

    with serving(fail_once) as server, opened(server.host) as registry:
        push_blob(registry, b"hello")

    assert list(kept.blobs.values()) == [b"hello"]


def test_a_refusal_says_the_registry_s_code() -> None:
    said = json.dumps({"errors": [{"code": "UNSUPPORTED\x1b[31m"}]}).encode()
    with (
        serving(lambda exchange: exchange.answer(405, said)) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match=r"answer 405, UNSUPPORTED.\[31m"),
    ):
        push_manifest(registry, b"{}", INDEX)


LOGIN = base64.b64encode(b"writer:secret").decode()
"""As docker keeps it."""


def _guarded(kept: Callable[[Exchange], None], token: str) -> Callable[[Exchange], None]:
    def guard(exchange: Exchange) -> None:
        host = exchange.headers["Host"]
        if exchange.asked.path.startswith("/token"):
            exchange.answer(200, json.dumps({"token": token}).encode())
        elif exchange.asked.authorization != f"Bearer {token}":
            realm = f'Bearer realm="http://{host}/token",service="s"'
            scope = 'scope="repository:team/app:pull"'
            exchange.answer(401, WWW_Authenticate=f"{realm},{scope}")
        else:
            kept(exchange)

    return guard


@pytest.mark.parametrize(("writing", "actions"), [(True, "pull%2Cpush"), (False, "pull")])
def test_the_right_to_write_is_asked_for_by_who_writes(
    home: Path, writing: bool, actions: str
) -> None:
    with serving(_guarded(Referring(), "t0ken")) as server:
        config = {"auths": {server.host: {"auth": LOGIN}}}
        (home / ".docker" / "config.json").write_text(json.dumps(config))
        with opened(server.host, writing=writing) as registry:
            push_blob(registry, b"hello")

    (asked,) = (asked for asked in server.asked if asked.path.startswith("/token"))
    assert f"scope=repository%3Ateam%2Fapp%3A{actions}" in asked.path
    assert asked.authorization == f"Basic {LOGIN}"


@pytest.mark.usefixtures("home")
def test_who_may_not_write_is_told_so() -> None:
    with (
        serving(lambda exchange: exchange.answer(403)) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="does not let you write") as caught,
    ):
        push_blob(registry, b"hello")

    assert "docker login" in caught.value.advice


@pytest.mark.parametrize(
    "link",
    [
        '<http://127.0.0.2:1/v2/team/app/referrers/x>; rel="next"',
        '<//evil.example/x>; rel="next"',
        '<https://evil.example/x>; rel="next"',
    ],
)
def test_a_list_does_not_lead_to_another_server(link: str) -> None:
    body = b'{"schemaVersion": 2, "manifests": []}'
    with (
        serving(lambda exchange: exchange.answer(200, body, Link=link)) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="refers to another server"),
    ):
        listed(registry, DIGEST)


def test_a_list_without_an_end_ends() -> None:
    def endless(exchange: Exchange) -> None:
        link = f'<{exchange.asked.path}>; rel="next"'
        exchange.answer(200, b'{"schemaVersion": 2, "manifests": []}', Link=link)

    with (
        serving(endless) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="more than 1000 things"),
    ):
        listed(registry, DIGEST)

    assert len(server.asked) == 20


@pytest.mark.parametrize(
    "body", [b"", b"<html>", b"[]", b'{"manifests": [{}]}', b'{"manifests": [1]}', b"\xff"]
)
def test_a_list_that_cannot_be_read_is_an_error(body: bytes) -> None:
    with (
        serving(lambda exchange: exchange.answer(200, body)) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="cannot be read"),
    ):
        listed(registry, DIGEST)


def test_a_registry_in_trouble_is_not_one_without_a_list() -> None:
    """Its tag might hold less than its list, and what is missing must not look like nothing."""
    with (
        serving(lambda exchange: exchange.answer(500)) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="500"),
    ):
        listed(registry, DIGEST)


def test_what_a_registry_took_and_does_not_list_is_an_error() -> None:
    entry = Referrer(media_type=INDEX, digest=DIGEST, size=1)
    with (
        serving(Referring()) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="does not list it"),
    ):
        refer(registry, DIGEST, entry, by_registry=True)


def test_a_list_that_others_always_overwrite_is_an_error_in_the_end() -> None:
    """A registry on which every write is lost: nothing may then be called attached."""
    index = b'{"schemaVersion": 2, "manifests": []}'

    def forget(exchange: Exchange) -> None:
        if exchange.asked.method == "PUT":
            exchange.answer(201)
        elif "/referrers/" in exchange.asked.path:
            exchange.answer(404)
        else:
            exchange.answer(200, index, Content_Type=INDEX)

    entry: Any = Referrer(media_type=INDEX, digest=DIGEST, size=1)
    pauses: list[float] = []
    with (
        serving(forget) as server,
        opened(server.host) as registry,
        pytest.raises(RegistryError, match="others keep writing the tag"),
    ):
        refer(registry, DIGEST, entry, by_registry=False, sleep=pauses.append)

    assert len(pauses) == 8
    assert digest_of(index)
