"""A container that is another one after it was read was not read; real ones are in tests/engine."""

from __future__ import annotations

from contextlib import nullcontext
from typing import TYPE_CHECKING, Any

import pytest
from docker.errors import NotFound

from repro.manifest import Target, assemble
from repro.target import container, stack
from repro.target.options import Options
from tests.manifests import known

if TYPE_CHECKING:
    from repro.stack import Stack


class Container:
    """A container that changes while it is read, just when a test wants it to."""

    def __init__(self, **later: Any) -> None:
        self.id, self.name, self.status = "c" * 64, "shop-web-1", "running"
        self.labels: dict[str, str] = {}
        self.attrs: dict[str, Any] = {
            "State": {"StartedAt": "1"},
            "RestartCount": 0,
            "Config": {"Image": "x"},
        }
        self.later = later

    def reload(self) -> None:
        if self.later.get("gone"):
            raise NotFound("no such container")
        self.status = self.later.get("status", self.status)
        self.attrs = {**self.attrs, **self.later.get("attrs", {})}


def taken(each: Container, monkeypatch: pytest.MonkeyPatch) -> Stack:
    made = assemble(Target(kind="container", name="x"), [known("libc", "glibc", "2.36")])
    monkeypatch.setattr(container, "snapshot", lambda *_: made)
    nobody: Any = None
    progress: Any = None
    taking = stack.Taking(nobody, Options(), lambda _: nullcontext(progress), "shop")
    members: Any = {"web": each}
    return taking.stack(members, {})


def test_a_container_that_stays_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    found = taken(Container(), monkeypatch)
    assert (list(found.services), found.unread) == (["web"], {})


@pytest.mark.parametrize(
    "later",
    [
        {"status": "exited"},
        {"attrs": {"State": {"StartedAt": "2"}}},
        {"attrs": {"RestartCount": 1}},
        {"gone": True},
    ],
)
def test_one_that_changes_is_a_row(later: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = taken(Container(**later), monkeypatch)
    assert found.services == {}
    assert "while it was read" in found.unread["web"]
    (fact,) = found.stack.facts
    assert (fact.kind, fact.name) == ("stack.service", "web")
