"""The tags of a repository: page by page, and whatever a server makes of that."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from repro.errors import RegistryError
from repro.registry.tags import tags
from tests.registry.hostile import Exchange, serving

if TYPE_CHECKING:
    from tests.registry.conftest import Opening


def test_all_pages_are_read_and_what_is_no_image_is_left_out(opened: Opening) -> None:
    def behave(exchange: Exchange) -> None:
        if "last=" in exchange.path:
            exchange.answer(200, json.dumps({"tags": ["v2", "a b", f"sha256-{'0' * 64}"]}).encode())
            return
        link = '</v2/team/model/tags/list?n=1&last=v10>; rel="next"'
        exchange.answer(200, json.dumps({"tags": ["v10", "v1"]}).encode(), Link=link)

    with serving(behave) as server:
        assert tags(opened(server.host)) == ["v1", "v10", "v2"]


@pytest.mark.parametrize(
    ("status", "body", "said"),
    [
        (404, b"{}", "there is no repository"),
        (403, b"{}", "does not let you|refuses|not take"),
        (200, b"<html>", "cannot be read"),
        (200, b'{"tags": [1]}', "cannot be read"),
    ],
)
def test_what_is_no_list_is_an_error(opened: Opening, status: int, body: bytes, said: str) -> None:
    with (
        serving(lambda exchange: exchange.answer(status, body)) as server,
        pytest.raises(RegistryError, match=said),
    ):
        tags(opened(server.host))


def test_pages_without_an_end_are_an_error(opened: Opening) -> None:
    link = '</v2/team/model/tags/list?n=1000>; rel="next"'
    with (
        serving(lambda exchange: exchange.answer(200, b"{}", Link=link)) as server,
        pytest.raises(RegistryError, match="more than 100 pages"),
    ):
        tags(opened(server.host))


def test_a_repository_without_tags_has_none(opened: Opening) -> None:
    with serving(lambda exchange: exchange.answer(200, b'{"tags": null}')) as server:
        assert tags(opened(server.host)) == []
