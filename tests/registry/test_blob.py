"""Blobs from servers that break off, stall, lie and ignore: true bytes or an error, in time."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import pytest

from repro.errors import RegistryError
from tests.registry.hostile import Exchange, serving
from tests.registry.layout import digest_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.registry.conftest import Opening

DATA = random.Random(7).randbytes(3 * 1024 * 1024 + 17)  # noqa: S311 -- Nothing secret.
DIGEST = digest_of(DATA)
SIZES = pytest.mark.parametrize("size", [len(DATA), None], ids=["size known", "size unknown"])


def read_in_pieces(opened: Opening, host: str, size: int | None, **options: float) -> bytes:
    """Read the blob; also return what came before an error, which must not be all."""
    client = opened(host, **options)  # type: ignore[arg-type] # retries are whole numbers.
    got = bytearray()
    try:
        with client.blob(DIGEST, size) as stream:
            while piece := stream.read1(100_000):
                got += piece
    except RegistryError:
        assert len(got) < len(DATA), "the last bytes came before the error"
        raise
    return bytes(got)


def chunked(exchange: Exchange, data: bytes) -> None:
    exchange.head(200, None, Transfer_Encoding="chunked")
    for start in range(0, len(data), 500_000):
        piece = data[start : start + 500_000]
        exchange.wfile.write(b"%x\r\n%b\r\n" % (len(piece), piece))
    exchange.wfile.write(b"0\r\n\r\n")


@SIZES
def test_a_transfer_that_breaks_off_goes_on_where_it_was(opened: Opening, size: int | None) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.blob(DATA, most=1_000_000)

    with serving(behave) as server:
        assert read_in_pieces(opened, server.host, size) == DATA
    starts = [asked.headers.get("Range") for asked in server.asked]
    assert starts == [None, *(f"bytes={count}000000-" for count in (1, 2, 3))]


@SIZES
def test_a_server_that_ignores_ranges_is_read_over(opened: Opening, size: int | None) -> None:
    def behave(exchange: Exchange) -> None:
        most = 1_000_000 * len(exchange.server.asked)
        exchange.head(200, len(DATA))
        exchange.wfile.write(DATA[:most])
        exchange.close_connection = most < len(DATA)

    with serving(behave) as server:
        assert read_in_pieces(opened, server.host, size) == DATA
    assert len(server.asked) == 4


@SIZES
def test_a_chunked_blob(opened: Opening, size: int | None) -> None:
    with serving(lambda exchange: chunked(exchange, DATA)) as server:
        assert read_in_pieces(opened, server.host, size) == DATA
    assert len(server.asked) == 1


@SIZES
def test_a_server_that_always_breaks_off(opened: Opening, size: int | None) -> None:
    def behave(exchange: Exchange) -> None:
        exchange.blob(DATA, most=1000)

    with serving(behave) as server, pytest.raises(RegistryError, match="broke off"):
        read_in_pieces(opened, server.host, size, retries=3)
    assert len(server.asked) == 4
    assert len(opened.pauses) == 3
    assert opened.pauses == sorted(opened.pauses)


def test_progress_is_rewarded_with_new_patience(opened: Opening) -> None:
    with serving(lambda exchange: exchange.blob(DATA, most=1024 * 1024)) as server:
        assert read_in_pieces(opened, server.host, len(DATA), retries=1) == DATA
    assert len(server.asked) == 4


def changed(exchange: Exchange) -> None:
    exchange.blob(DATA[:-1] + bytes([DATA[-1] ^ 1]))


def shorter(exchange: Exchange) -> None:
    exchange.blob(DATA[:-1])


def longer(exchange: Exchange) -> None:
    exchange.blob(DATA + b"!")


def longer_than_its_chunks_say(exchange: Exchange) -> None:
    chunked(exchange, DATA + b"!")


def empty(exchange: Exchange) -> None:
    exchange.answer(200)


def changed_after_a_break(exchange: Exchange) -> None:
    most = None if exchange.start else 2_000_000
    exchange.blob(DATA if most else DATA[:-1] + b"!", most=most)


def packed(exchange: Exchange) -> None:
    exchange.answer(200, DATA, Content_Encoding="gzip")


def elsewhere(exchange: Exchange) -> None:
    if not exchange.start:
        return exchange.blob(DATA, most=1_000_000)
    said = f"bytes 999999-{len(DATA) - 1}/{len(DATA)}"
    return exchange.answer(206, DATA[999_999:], Content_Range=said)


def unasked_part(exchange: Exchange) -> None:
    exchange.answer(206, DATA[5:], Content_Range=f"bytes 5-{len(DATA) - 1}/{len(DATA)}")


def nothing_more(exchange: Exchange) -> None:
    if not exchange.start:
        return exchange.blob(DATA, most=1_000_000)
    return exchange.answer(416)


@SIZES
@pytest.mark.parametrize(
    ("behave", "said"),
    [
        (changed, "another content"),
        (shorter, "another content|has 3145744 bytes in the registry"),
        (longer, "another content|has 3145746 bytes in the registry"),
        (longer_than_its_chunks_say, "another content|longer"),
        (empty, "another content|has 0 bytes in the registry"),
        (changed_after_a_break, "another content"),
        (packed, "packed"),
        (elsewhere, "another place"),
        (unasked_part, "another place"),
        (nothing_more, "answers 416"),
    ],
)
def test_other_bytes_are_an_error_at_once(
    opened: Opening, behave: Callable[[Exchange], None], said: str, size: int | None
) -> None:
    with serving(behave) as server, pytest.raises(RegistryError, match=said):
        read_in_pieces(opened, server.host, size)
    assert len(server.asked) <= 2


def test_an_error_comes_again_when_read_again(opened: Opening) -> None:
    with serving(changed) as server:
        stream = opened(server.host).blob(DIGEST, len(DATA))
        for _ in range(2):
            with pytest.raises(RegistryError, match="another content"):
                stream.read()
        stream.close()


def no_end_of_the_head(exchange: Exchange) -> None:
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\nX-Drip: ")
    exchange.drip(b"x")


def endless_heads(exchange: Exchange) -> None:
    exchange.drip(b"HTTP/1.1 100 Continue\r\n\r\n")


def dripping_body(exchange: Exchange) -> None:
    exchange.head(200, len(DATA))
    exchange.drip(b"x")


def dripping_chunk_size(exchange: Exchange) -> None:
    exchange.head(200, None, Transfer_Encoding="chunked")
    exchange.wfile.write(b"5\r\nhello\r\n1;")
    exchange.drip(b"x")


def silence_in_the_body(exchange: Exchange) -> None:
    exchange.head(200, len(DATA))
    exchange.wfile.write(DATA[:1000])
    exchange.server.over.wait(60)


def silence(exchange: Exchange) -> None:
    exchange.server.over.wait(60)


@pytest.mark.parametrize(
    "behave",
    [
        no_end_of_the_head,
        endless_heads,
        dripping_body,
        dripping_chunk_size,
        silence_in_the_body,
        silence,
    ],
)
def test_waiting_has_an_end(opened: Opening, behave: Callable[[Exchange], None]) -> None:
    before = time.monotonic()
    with serving(behave) as server, pytest.raises(RegistryError, match=r"stalled|not answer in"):
        read_in_pieces(opened, server.host, len(DATA), timeout=0.4, retries=1)
    assert time.monotonic() - before < 5
    assert len(server.asked) == 2


def dripping_trailer(exchange: Exchange) -> None:
    exchange.head(200, None, Transfer_Encoding="chunked")
    exchange.wfile.write(b"%x\r\n%b\r\n0\r\nX-Drip: " % (len(DATA), DATA))
    exchange.drip(b"x: y\r\n")


def test_a_trailer_without_end_holds_nothing_up_when_all_is_there(opened: Opening) -> None:
    with serving(dripping_trailer) as server:
        assert read_in_pieces(opened, server.host, len(DATA), timeout=0.4) == DATA
    with serving(dripping_trailer) as server, pytest.raises(RegistryError, match="stalled"):
        read_in_pieces(opened, server.host, None, timeout=0.4, retries=0)


def test_time_that_the_reader_takes_does_not_count(opened: Opening) -> None:
    with serving(lambda exchange: exchange.blob(DATA)) as server:
        stream = opened(server.host, timeout=0.5, retries=0).blob(DIGEST, len(DATA))
        got = stream.read(10)
        time.sleep(1.2)
        assert got + stream.read() == DATA
        stream.close()
    assert len(server.asked) == 1


def test_an_empty_blob(opened: Opening) -> None:
    with serving(lambda exchange: exchange.answer(200)) as server:
        assert opened(server.host).blob(digest_of(b""), 0).read() == b""


def test_a_config_is_bounded(opened: Opening) -> None:
    big = bytes(9 * 1024 * 1024)
    with serving(lambda exchange: exchange.blob(big)) as server:
        for size in (len(big), None):
            with pytest.raises(RegistryError, match="more than 8388608 bytes"):
                opened(server.host).config(digest_of(big), size)
