"""Which layer each fact of an image comes from."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from repro.errors import TargetError
from repro.manifest import Component, Fact, Origin

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from repro.layers.opening import View

STATUS: Final = "var/lib/dpkg/status"
FIELD: Final = re.compile(rb"^(Package|Version): (\S+)", re.MULTILINE)
"""The fields of deb-control(5) that name a package."""
LARGEST: Final = 32 << 20
"""Bytes of a package database that is looked through layer by layer."""


class Traced(list[Any]):
    """A list of facts that notes, as each one comes, the layers that were read for it.

    TargetError ends who adds more than `most`.
    """

    def __init__(self, touched: set[int], most: int) -> None:
        super().__init__()
        self._most = most
        self._touched = touched
        touched.clear()
        self.layers: list[set[int]] = []

    def append(self, fact: Any) -> None:
        """Take a fact with what was touched since the last one."""
        if len(self) >= self._most:
            raise TargetError(
                "it holds more packages and models than a manifest can",
                advice="No real image has as many.",
            )
        super().append(fact)
        self.layers.append(set(self._touched))
        self._touched.clear()


def origins(facts: Iterable[Fact], touched: Iterable[set[int]], view: View) -> Iterator[Origin]:
    """Say for each component of the image which layer brought it: the topmost that it lies in."""
    packages = _packages(view)
    for fact, layers in zip(facts, touched, strict=True):
        if not isinstance(fact, Component) or fact.scope != "image":
            continue
        layer = packages.get((fact.name, fact.version)) if fact.source == "dpkg" else None
        if layer is None and fact.location and view.files.is_file(fact.location):
            layer = view.files.layer_of(fact.location)
        if layer is None and layers:
            layer = max(layers)
        if layer is not None:
            yield Origin(layer=layer, kind=fact.kind, name=fact.name, location=fact.location)


def _packages(view: View) -> dict[tuple[str, str | None], int]:
    """Find the layer since which each Debian package has had its version.

    One file lists them all, and each layer that installs anything has a whole copy of it.
    """
    since: dict[tuple[str, str | None], int] = {}
    try:
        for number, node in view.files.copies(STATUS):
            if node.kind == "f" and node.size <= LARGEST:
                text = view.files.layers[number].piece(STATUS, node, 0, node.size)
                since = {package: since.get(package, number) for package in _listed(text)}
    except OSError:
        return {}  # Without one of the copies nothing is sure but what the topmost says.
    return since


def _listed(text: bytes) -> Iterator[tuple[str, str]]:
    """Yield each package of a database, with the version that follows its name."""
    package = None
    for field, value in FIELD.findall(text):
        if field == b"Package":
            package = value
        elif package is not None:
            yield package.decode("utf-8", "replace"), value.decode("utf-8", "replace")
            package = None
