"""Manifests from servers that fail, redirect, lie or are no registries at all."""

from __future__ import annotations

import socket
import time
import traceback
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from typing import TYPE_CHECKING

import pytest

from repro.errors import RegistryError
from repro.registry.client import Registry
from repro.registry.reference import Reference
from tests.registry.hostile import Exchange, serving
from tests.registry.layout import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.registry.conftest import Opening

TYPE = "application/vnd.oci.image.manifest.v1+json"
DATA = b'{"schemaVersion": 2}'
DIGEST = digest_of(DATA)
PLACE = "/v2/team/model/manifests/v1"


def give(exchange: Exchange, data: bytes = DATA, kind: str = TYPE, **headers: str) -> None:
    exchange.answer(200, data, Content_Type=kind, **headers)


def failing(times: int, status: int, **headers: str) -> Callable[[Exchange], None]:
    def behave(exchange: Exchange) -> None:
        if len(exchange.server.asked) <= times:
            return exchange.answer(status, b"no", **headers)
        return give(exchange)

    return behave


@pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
def test_a_passing_failure_is_tried_again(opened: Opening, status: int) -> None:
    with serving(failing(2, status)) as server:
        assert opened(server.host).manifest("v1").data == DATA
    assert len(server.asked) == 3
    assert 0.25 <= opened.pauses[0] <= 0.5 <= opened.pauses[1] <= 1.0


def test_a_lasting_failure_ends(opened: Opening) -> None:
    with serving(failing(99, 500)) as server, pytest.raises(RegistryError, match="answers 500"):
        opened(server.host, retries=3).manifest("v1")
    assert len(server.asked) == 4


@pytest.mark.parametrize("status", [400, 405, 410, 418, 501])
def test_what_will_not_change_is_asked_once(opened: Opening, status: int) -> None:
    with serving(failing(99, status)) as server:
        with pytest.raises(RegistryError, match=f"answers {status}"):
            opened(server.host).manifest("v1")
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("wish", "pause"),
    [("7", 7), ("86400", 60), ("-5", 0), ("soon", 0), ("9" * 400, 60), ("٣", 0)],
)
def test_a_server_may_say_when_to_come_again(opened: Opening, wish: str, pause: float) -> None:
    raw = wish.encode().decode("latin-1")
    with serving(failing(1, 429, Retry_After=raw)) as server:
        opened(server.host).manifest("v1")
    assert opened.pauses == [pause] if pause else opened.pauses[0] <= 0.5


def test_a_server_may_say_at_what_time_to_come_again(opened: Opening) -> None:
    date = format_datetime(datetime.now(UTC) + timedelta(seconds=20), usegmt=True)
    with serving(failing(1, 503, Retry_After=date)) as server:
        opened(server.host).manifest("v1")
    assert 15 < opened.pauses[0] <= 20


def test_too_many_requests_are_advised_to_log_in(opened: Opening) -> None:
    with serving(failing(99, 429)) as server, pytest.raises(RegistryError) as caught:
        opened(server.host).manifest("v1")
    assert "docker login" in caught.value.advice


def test_a_hang_up_is_tried_again(opened: Opening) -> None:
    def behave(exchange: Exchange) -> None:
        if len(exchange.server.asked) == 1:
            exchange.close_connection = True
        elif len(exchange.server.asked) == 2:
            exchange.head(200, len(DATA), Content_Type=TYPE)
            exchange.wfile.write(DATA[:5])
            exchange.close_connection = True
        else:
            give(exchange)

    with serving(behave) as server:
        assert opened(server.host).manifest("v1").data == DATA
    assert len(server.asked) == 3


def test_nobody_listens(opened: Opening) -> None:
    with serving(give) as server:
        host = server.host
    with pytest.raises(RegistryError, match=f"{host} refuses connections"):
        opened(host, retries=2).manifest("v1")
    assert len(opened.pauses) == 1


@pytest.mark.parametrize(
    ("code", "said", "pauses"),
    [(socket.EAI_NONAME, "there is no host", 0), (socket.EAI_AGAIN, "cannot be reached", 2)],
)
def test_a_name_that_does_not_resolve(
    opened: Opening, monkeypatch: pytest.MonkeyPatch, code: int, said: str, pauses: int
) -> None:
    def resolve(*_: object, **__: object) -> None:
        raise socket.gaierror(code, "no")

    monkeypatch.setattr(socket, "getaddrinfo", resolve)
    with pytest.raises(RegistryError, match=said):
        opened("registry.example", retries=2).manifest("v1")
    assert len(opened.pauses) == pauses


@pytest.mark.parametrize("by", ["v1", DIGEST])
@pytest.mark.parametrize("said", [DIGEST, None])
def test_the_digest_is_of_the_bytes(opened: Opening, by: str, said: str | None) -> None:
    def behave(exchange: Exchange) -> None:
        headers = {"Docker_Content_Digest": said} if said else {}
        exchange.answer(200, DATA, Content_Type=TYPE, **headers)

    with serving(behave) as server:
        document = opened(server.host).manifest(by)
    assert (document.media_type, document.digest, document.data) == (TYPE, DIGEST, DATA)


@pytest.mark.parametrize("by", ["v1", digest_of(b"other")])
def test_other_bytes_than_the_digest_says(opened: Opening, by: str) -> None:
    other = digest_of(b"other")
    with (
        serving(lambda exchange: give(exchange, Docker_Content_Digest=other)) as server,
        pytest.raises(RegistryError, match="another content than its digest"),
    ):
        opened(server.host).manifest(by)
    assert len(server.asked) == 1


def test_a_digest_is_not_exchanged_for_another(opened: Opening) -> None:
    with (
        serving(lambda exchange: give(exchange, Docker_Content_Digest=DIGEST)) as server,
        pytest.raises(RegistryError, match="another content than its digest"),
    ):
        opened(server.host).manifest(digest_of(b"other"))


@pytest.mark.parametrize(
    ("kind", "said"),
    [
        ("application/vnd.docker.distribution.manifest.v1+prettyjws", "old schema 1"),
        ("application/vnd.docker.distribution.manifest.v1+json; charset=utf-8", "old schema 1"),
        ("text/html", "no image but text/html"),
        ("", "no image but of no type"),
    ],
)
def test_what_is_no_manifest(opened: Opening, kind: str, said: str) -> None:
    with (
        serving(lambda exchange: give(exchange, kind=kind)) as server,
        pytest.raises(RegistryError, match=said),
    ):
        opened(server.host).manifest("v1")


def huge(exchange: Exchange) -> None:
    exchange.head(200, 10 * 1024**3, Content_Type=TYPE)
    for _ in range(10 * 1024):
        exchange.wfile.write(bytes(1024 * 1024))


def endless(exchange: Exchange) -> None:
    exchange.head(200, None, Content_Type=TYPE, Transfer_Encoding="chunked")
    endless_body(exchange)


def endless_body(exchange: Exchange) -> None:
    while not exchange.server.over.is_set():
        exchange.wfile.write(b"100000\r\n%b\r\n" % bytes(1024 * 1024))


@pytest.mark.parametrize("behave", [huge, endless])
def test_a_manifest_is_bounded(opened: Opening, behave: Callable[[Exchange], None]) -> None:
    before = time.monotonic()
    with serving(behave) as server, pytest.raises(RegistryError, match="longer than the 4194304"):
        opened(server.host).manifest("v1")
    assert len(server.asked) == 1
    assert time.monotonic() - before < 5


def test_redirects_are_followed(opened: Opening) -> None:
    def behave(exchange: Exchange) -> None:
        count = len(exchange.server.asked)
        if count <= 5:
            return exchange.answer((301, 302, 303, 307, 308)[count - 1], Location=f"/{count}")
        return give(exchange)

    with serving(behave) as server:
        assert opened(server.host).manifest("v1").data == DATA
    assert server.paths == [PLACE, "/1", "/2", "/3", "/4", "/5"]


def test_redirects_have_an_end(opened: Opening) -> None:
    with (
        serving(lambda exchange: exchange.answer(302, Location=exchange.path)) as server,
        pytest.raises(RegistryError, match="redirects more than 5 times"),
    ):
        opened(server.host).manifest("v1")
    assert len(server.asked) == 6


@pytest.mark.parametrize("status", [302, 500, 404, 401])
def test_a_body_that_nobody_wants_is_not_read(opened: Opening, status: int) -> None:
    def behave(exchange: Exchange) -> None:
        if len(exchange.server.asked) > 1:
            return give(exchange)
        exchange.head(status, None, Location="/other", Transfer_Encoding="chunked")
        return endless_body(exchange)

    before = time.monotonic()
    with serving(behave) as server:
        try:
            opened(server.host).manifest("v1")
        except RegistryError:
            assert status in {401, 404}
    assert time.monotonic() - before < 5


@pytest.mark.parametrize(
    "location", ["file:///etc/passwd", "ftp://x/", "http://[", "http://x:99999/", "//:1"]
)
def test_redirects_to_no_web_address(opened: Opening, location: str) -> None:
    with (
        serving(lambda exchange: exchange.answer(302, Location=location)) as server,
        pytest.raises(RegistryError, match="address that is none"),
    ):
        opened(server.host).manifest("v1")


def test_a_redirect_without_a_place(opened: Opening) -> None:
    with (
        serving(lambda exchange: exchange.answer(302)) as server,
        pytest.raises(RegistryError, match="address that is none"),
    ):
        opened(server.host).manifest("v1")


def test_a_redirect_out_of_encryption_is_refused(certificates: Path) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.answer(302, Location=f"http://{server.host}/storage?signature=secret")

    with serving(give) as server, serving(behave, tls=certificates) as encrypted:
        reference = Reference.parse(f"{encrypted.host}/team/model:v1")
        with (
            Registry(reference, ca_file=certificates / "trust/ca.crt") as client,
            pytest.raises(RegistryError, match="from https to http") as caught,
        ):
            client.manifest("v1")
    assert server.asked == []
    assert "secret" not in caught.value.message


def test_signatures_are_in_no_message_and_no_traceback(opened: Opening) -> None:
    def behave(exchange: Exchange) -> None:
        if exchange.path == PLACE:
            place = f"http://user:hidden@{gone}/storage?signature=secret"
            return exchange.answer(302, Location=place)
        return exchange.answer(404)

    with serving(give) as other:
        gone = other.host
    with serving(behave) as server, pytest.raises(RegistryError) as caught:
        opened(server.host, retries=0).manifest("v1")
    text = "".join(traceback.format_exception(caught.value)) + repr(caught.value.__context__)
    assert "refuses connections" in text
    assert "secret" not in text
    assert "hidden" not in text


def test_a_refusal_of_storage_is_told_without_its_signature(opened: Opening) -> None:
    def behave(exchange: Exchange) -> None:
        if exchange.path != PLACE:
            return exchange.answer(410)
        place = f"http://user:hidden@{exchange.server.host}/storage?signature=secret"
        return exchange.answer(302, Location=place)

    with serving(behave) as server, pytest.raises(RegistryError) as caught:
        opened(server.host).manifest("v1")
    assert caught.value.message == f"http://{server.host}/storage answers 410"


def test_terminal_codes_of_a_server_are_not_printed(opened: Opening) -> None:
    with (
        serving(lambda exchange: give(exchange, kind="a\x1b[2J/b")) as server,
        pytest.raises(RegistryError) as caught,
    ):
        opened(server.host).manifest("v1")
    assert "\x1b" not in caught.value.message


def test_this_machine_is_not_asked_through_a_proxy(
    opened: Opening, monkeypatch: pytest.MonkeyPatch
) -> None:
    with serving(give) as server, serving(give) as proxy:
        monkeypatch.setenv("HTTP_PROXY", f"http://{proxy.host}")
        monkeypatch.setenv("http_proxy", f"http://{proxy.host}")
        opened(server.host).manifest("v1")
        assert proxy.asked == []
        opened("registry.example").manifest("v1")
        assert proxy.paths == [f"http://registry.example{PLACE}"]
    assert len(server.asked) == 1


def test_no_password_is_taken_from_netrc(opened: Opening, home: Path) -> None:
    (home / ".netrc").write_text("machine 127.0.0.1 login me password secret\n")
    (home / ".netrc").chmod(0o600)
    with serving(give) as server:
        opened(server.host).manifest("v1")
    assert server.asked[0].authorization is None


def test_nothing_packed_is_asked_for(opened: Opening) -> None:
    with serving(give) as server:
        opened(server.host).manifest("v1")
    assert server.asked[0].headers["Accept-Encoding"] == "identity"
    assert TYPE in server.asked[0].headers["Accept"]
