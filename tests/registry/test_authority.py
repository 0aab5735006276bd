"""Who is told what: challenges, tokens, and secrets that go to their own server alone."""

from __future__ import annotations

import base64
import json
import threading
import traceback
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, urlsplit

import pytest

from lab.registry import make_certificates
from repro.errors import RegistryError
from repro.registry.client import Registry
from repro.registry.reference import Reference
from tests.registry.hostile import Exchange, Server, serving
from tests.registry.layout import digest_of

if TYPE_CHECKING:
    from pathlib import Path

    from tests.registry.conftest import Opening

TYPE = "application/vnd.oci.image.manifest.v1+json"
DATA = b'{"schemaVersion": 2}'
BASIC = f"Basic {base64.b64encode(b'me:secret').decode()}"


def log_in(home: Path, host: str, **entry: str) -> None:
    (home / ".docker/config.json").write_text(json.dumps({"auths": {host: entry}}))


def basic_login(home: Path, host: str) -> None:
    log_in(home, host, auth=BASIC.removeprefix("Basic "))


class TokenRegistry:
    """A registry that wants a token, and its token server."""

    def __init__(self, said: Any = None, **challenge: str) -> None:
        self.said = said
        self.uses = 10**6
        """How often a token is accepted."""
        self.challenge = challenge
        self.tokens = 0

    def behave(self, exchange: Exchange) -> None:
        if exchange.path.startswith("/token"):
            self.tokens += 1
            said = {"token": f"number-{self.tokens}"} if self.said is None else self.said
            exchange.answer(200, json.dumps(said).encode())
        elif exchange.asked.authorization == f"Bearer number-{self.tokens}" and self.uses:
            self.uses -= 1
            exchange.answer(200, DATA, Content_Type=TYPE)
        else:
            if exchange.asked.authorization:  # A request without one may come late.
                self.uses = 1
            exchange.answer(401, WWW_Authenticate=self.header(exchange.server))

    def header(self, server: Server) -> str:
        named = {"realm": f"http://{server.host}/token", "service": "the registry"}
        pairs = (f'{key}="{value}"' for key, value in {**named, **self.challenge}.items())
        return f"Bearer {','.join(pairs)}"


def query(path: str) -> dict[str, list[str]]:
    return parse_qs(urlsplit(path).query)


def test_an_anonymous_token_is_got_once_and_kept(opened: Opening) -> None:
    with serving(TokenRegistry().behave) as server:
        client = opened(server.host)
        for _ in range(3):
            assert client.manifest("v1").data == DATA
    place = "/v2/team/model/manifests/v1"
    token = server.paths[1]
    assert server.paths == [place, token, place, place, place]
    assert query(token) == {"service": ["the registry"], "scope": ["repository:team/model:pull"]}
    assert server.asked[1].authorization is None


def test_a_token_that_has_expired_is_renewed(opened: Opening) -> None:
    registry = TokenRegistry()
    with serving(registry.behave) as server:
        client = opened(server.host)
        client.manifest("v1")
        registry.uses = 0
        assert client.manifest("v1").data == DATA
    assert registry.tokens == 2


def test_threads_share_one_token(opened: Opening) -> None:
    registry, together = TokenRegistry(), threading.Barrier(4)

    def behave(exchange: Exchange) -> None:
        if exchange.path.startswith("/v2/") and exchange.asked.authorization is None:
            together.wait(10)
        registry.behave(exchange)

    with serving(behave) as server, ThreadPoolExecutor(4) as pool:
        client = opened(server.host)
        assert [one.data for one in pool.map(client.manifest, ["v1"] * 4)] == [DATA] * 4
    assert registry.tokens == 1


@pytest.mark.parametrize(
    ("scope", "sent"),
    [
        ("repository:team/model:pull,push", "repository:team/model:pull"),
        ("repository:other/name:*", "repository:other/name:pull"),
        ("aws", "aws"),
    ],
)
def test_no_more_than_to_pull_is_asked_for(opened: Opening, scope: str, sent: str) -> None:
    with serving(TokenRegistry(scope=scope).behave) as server:
        opened(server.host).manifest("v1")
    assert query(server.paths[1])["scope"] == [sent]


def test_a_login_is_shown_to_the_token_server_alone(opened: Opening, home: Path) -> None:
    with serving(TokenRegistry(said={"access_token": "number-1"}).behave) as server:
        basic_login(home, server.host)
        opened(server.host).manifest("v1")
    assert [one.authorization for one in server.asked] == [None, BASIC, "Bearer number-1"]
    assert query(server.paths[1])["account"] == ["me"]


def test_an_identity_token_is_posted(opened: Opening, home: Path) -> None:
    with serving(TokenRegistry().behave) as server:
        log_in(home, server.host, identitytoken="refresh me")
        opened(server.host).manifest("v1")
    asked = server.asked[1]
    assert (asked.method, asked.path, asked.authorization) == ("POST", "/token", None)
    assert parse_qs(asked.body.decode()) == {
        "grant_type": ["refresh_token"],
        "refresh_token": ["refresh me"],
        "client_id": ["repro"],
        "service": ["the registry"],
        "scope": ["repository:team/model:pull"],
    }


def test_a_redirect_of_the_token_server_gets_no_identity_token(opened: Opening, home: Path) -> None:
    registry = TokenRegistry()

    def behave(exchange: Exchange) -> None:
        if exchange.path == "/token":
            return exchange.answer(307, Location=f"http://{other.host}/token")
        return registry.behave(exchange)

    with serving(lambda exchange: exchange.answer(500)) as other, serving(behave) as server:
        log_in(home, server.host, identitytoken="refresh me")
        with pytest.raises(RegistryError, match="gives no token"):
            opened(server.host).manifest("v1")
        assert other.asked == []


def test_a_registry_token_is_sent_as_it_is(opened: Opening, home: Path) -> None:
    registry = TokenRegistry()
    with serving(registry.behave) as server:
        log_in(home, server.host, registrytoken="number-0")
        opened(server.host).manifest("v1")
    assert registry.tokens == 0


@pytest.mark.parametrize(
    "said",
    [[], "text", {}, {"token": 7}, {"token": ""}, {"token": "a\r\nX-Evil: 1"}, {"token": "é"}],
)
def test_a_token_server_that_gives_none(opened: Opening, said: object) -> None:
    with (
        serving(TokenRegistry(said=said).behave) as server,
        pytest.raises(RegistryError, match="without a token"),
    ):
        opened(server.host).manifest("v1")
    assert len(server.asked) == 2


def test_a_token_that_is_not_accepted_is_not_asked_for_again(opened: Opening) -> None:
    with serving(TokenRegistry(said={"token": "useless"}).behave) as server:
        with pytest.raises(RegistryError, match="refuses access") as caught:
            opened(server.host).manifest("v1")
        assert len(server.asked) == 3
    assert "docker login" in caught.value.advice
    assert "useless" not in caught.value.message + caught.value.advice


@pytest.mark.parametrize("header", ["", "Negotiate", "Bearer", "=,=", 'Bearer realm="', "Basic"])
def test_a_challenge_that_nobody_can_meet(opened: Opening, header: str) -> None:
    with (
        serving(lambda exchange: exchange.answer(401, WWW_Authenticate=header)) as server,
        pytest.raises(RegistryError, match="wants a login"),
    ):
        opened(server.host).manifest("v1")
    assert len(server.asked) == 1


@pytest.mark.parametrize("realm", ["", "file:///etc/passwd", "token", "http://["])
def test_a_token_server_without_an_address(opened: Opening, realm: str) -> None:
    with (
        serving(TokenRegistry(realm=realm).behave) as server,
        pytest.raises(RegistryError, match="address that is none"),
    ):
        opened(server.host).manifest("v1")
    assert len(server.asked) == 1


def test_a_token_server_without_tls_of_a_registry_with_tls(certificates: Path, home: Path) -> None:
    with serving(TokenRegistry().behave) as token_server:
        registry = TokenRegistry(realm=f"http://{token_server.host}/token?key=hidden")
        with serving(registry.behave, tls=certificates) as server:
            basic_login(home, server.host)
            reference = Reference.parse(f"{server.host}/team/model:v1")
            with (
                Registry(reference, ca_file=certificates / "trust/ca.crt") as client,
                pytest.raises(RegistryError, match="token server without TLS") as caught,
            ):
                client.manifest("v1")
        assert token_server.asked == []
    assert "hidden" not in caught.value.message


def test_no_secret_leaves_this_machine_in_the_clear(
    opened: Opening, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.answer(401, WWW_Authenticate='Basic realm="x"')

    with serving(behave) as proxy:
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        basic_login(home, "registry.example")
        with pytest.raises(RegistryError) as caught:
            opened("registry.example").manifest("v1")
    assert [one.authorization for one in proxy.asked] == [None]
    assert "not sent over plain HTTP" in caught.value.advice


def test_no_secret_is_shown_to_a_token_server_in_the_clear(
    opened: Opening, home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry = TokenRegistry(realm="http://token.example/token")
    with serving(TokenRegistry().behave) as proxy, serving(registry.behave) as server:
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        basic_login(home, server.host)
        with pytest.raises(RegistryError):
            opened(server.host).manifest("v1")
    assert [one.authorization for one in proxy.asked] == [None]


@pytest.mark.parametrize("status", [302, 307])
def test_storage_elsewhere_is_not_shown_the_login(opened: Opening, home: Path, status: int) -> None:
    digest = digest_of(DATA)

    def behave(exchange: Exchange) -> None:
        if exchange.asked.authorization != BASIC:
            return exchange.answer(401, WWW_Authenticate='Basic realm="x"')
        return exchange.answer(status, Location=f"http://{storage.host}/bytes?signature=1%2F2")

    with serving(lambda exchange: exchange.blob(DATA)) as storage, serving(behave) as server:
        basic_login(home, server.host)
        with opened(server.host).blob(digest, len(DATA)) as stream:
            assert stream.read() == DATA
    assert [one.authorization for one in server.asked] == [None, BASIC]
    assert [(one.path, one.authorization) for one in storage.asked] == [
        ("/bytes?signature=1%2F2", None)
    ]


def test_an_authority_of_the_registry_is_trusted_beside_the_usual_ones(
    certificates: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_certificates(tmp_path)
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "trust/ca.crt"))

    def behave(exchange: Exchange) -> None:
        exchange.answer(307, Location=f"https://{storage.host}/bytes")

    with (
        serving(lambda exchange: exchange.blob(DATA), tls=tmp_path) as storage,
        serving(behave, tls=certificates) as server,
        Registry(
            Reference.parse(f"{server.host}/team/model"), ca_file=certificates / "trust/ca.crt"
        ) as client,
    ):
        assert client.blob(digest_of(DATA), len(DATA)).read() == DATA


def test_a_login_in_a_redirect_is_not_used(opened: Opening) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.answer(307, Location=f"http://me:secret@{storage.host}/bytes")

    with serving(lambda exchange: exchange.blob(DATA)) as storage, serving(behave) as server:
        opened(server.host).blob(digest_of(DATA), len(DATA)).close()
    assert [one.authorization for one in storage.asked] == [None]


def test_storage_elsewhere_cannot_ask_for_the_login(opened: Opening, home: Path) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.answer(307, Location=f"http://{storage.host}/bytes")

    def ask_for_it(exchange: Exchange) -> None:
        exchange.answer(401, WWW_Authenticate='Basic realm="x"')

    with serving(ask_for_it) as storage, serving(behave) as server:
        basic_login(home, server.host)
        with pytest.raises(RegistryError, match="refuses access"):
            opened(server.host).blob(digest_of(DATA), len(DATA))
    assert [one.authorization for one in (*server.asked, *storage.asked)] == [None, None]


def test_no_password_is_in_a_traceback(opened: Opening, home: Path) -> None:
    with serving(lambda exchange: exchange.answer(401, WWW_Authenticate="Basic")) as server:
        basic_login(home, server.host)
        with pytest.raises(RegistryError) as caught:
            opened(server.host).manifest("v1")
    text = "".join(traceback.TracebackException.from_exception(caught.value).format())
    assert "secret" not in text
    assert BASIC not in text
    assert server.asked[1].authorization == BASIC
