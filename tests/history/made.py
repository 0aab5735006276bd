"""Manifests of hosts on days, made by hand."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repro.history import History, history, points
from repro.manifest import Manifest, Target, assemble
from tests.manifests import known

if TYPE_CHECKING:
    from repro.manifest import Fact


def taken(
    day: str, *facts: Fact, host: str = "h1", name: str = "serve:v1", mode: str = "", **more: Any
) -> Manifest:
    """A manifest of a day; `at` is a whole time, or whatever stands where one should."""
    at = more.pop("at", f"2026-{day}T08:00:00Z")
    volatile = {"host": host, **({} if at is None else {"probed_at": at}), **more}
    properties = {"mode": mode} if mode else {}
    return assemble(Target(kind="container", name=name, properties=properties), facts, volatile)


def cudnn(version: str) -> Fact:
    return known("cuda.library", "cudnn", version)


def torch(version: str) -> Fact:
    return known("python.package", "torch", version)


def told(*manifests: Manifest, **more: Any) -> History:
    """The history of manifests, whose places are their numbers."""
    placed, unplaced = points((str(n), each) for n, each in enumerate(manifests))
    return history(placed, unplaced, **more)
