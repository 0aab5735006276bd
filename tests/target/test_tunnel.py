"""The command that brings an engine's socket here; real hosts are in tests/fleet/test_hosts.py."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest

from repro.errors import EngineError
from repro.target.engine import connect
from repro.target.tunnel import command

FIXED = ["ssh", "-T", "-S", "none", "-o", "ExitOnForwardFailure=yes", "-L"]


@pytest.mark.parametrize(
    ("url", "there", "rest"),
    [
        ("ssh://far", "/var/run/docker.sock", ["--", "far", "cat"]),
        ("ssh://far/", "/var/run/docker.sock", ["--", "far", "cat"]),
        (
            "ssh://me@far:2222/run/user/1000/podman/podman.sock",
            "/run/user/1000/podman/podman.sock",
            ["-p", "2222", "-l", "me", "--", "far", "cat"],
        ),
        (
            "ssh://[2001:db8::1]:22",
            "/var/run/docker.sock",
            ["-p", "22", "--", "2001:db8::1", "cat"],
        ),
    ],
)
def test_a_url_says_who_where_and_which_socket(url: str, there: str, rest: list[str]) -> None:
    assert command(url, "/here") == [*FIXED, f"/here:{there}", *rest]


@pytest.mark.parametrize(
    "url",
    ["ssh://", "ssh://-oProxyCommand=x", "ssh://-l@far", "ssh://far:ssh", "ssh://far?x", "ssh://["],
)
def test_a_url_that_makes_no_sense_is_an_error(url: str) -> None:
    with pytest.raises(EngineError):
        command(url, "/here")


def test_what_ssh_says_is_said_and_nothing_is_left() -> None:
    before = set(Path(tempfile.gettempdir()).glob("repro-ssh-*"))
    with pytest.raises(EngineError, match=r"ssh://nobody@127.0.0.1:1 \(--host\): ssh: .*refused"):
        connect("ssh://nobody@127.0.0.1:1")
    assert set(Path(tempfile.gettempdir()).glob("repro-ssh-*")) <= before
