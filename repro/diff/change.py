"""A change: one difference between two manifests."""

from __future__ import annotations

from typing import Literal

import msgspec

from repro.diff.scopes import Scopes, Side
from repro.manifest import Component, Fact, Manifest, Scope, Value

How = Literal["added", "removed", "changed", "lost", "gained", "unknown"]
"""`lost`: known on A, unreadable on B; `gained`: the reverse; `unknown`: unreadable on both."""


class FieldChange(msgspec.Struct, frozen=True, kw_only=True):
    """One value inside a component that differs; None stands for a value that is not there."""

    path: str
    """`version`, `location`, `source`, or `properties.a.b`."""
    old: Value
    new: Value


class Change(msgspec.Struct, frozen=True, kw_only=True):
    """One difference; `old` is None where A has nothing to set against B's fact; `new` likewise."""

    how: How
    scope: Scope
    kind: str
    name: str
    old: Fact | None
    new: Fact | None
    fields: tuple[FieldChange, ...] = ()

    @property
    def versions(self) -> tuple[str | None, str | None]:
        """The versions on both sides, None where a side has no known component."""
        sides = (self.old, self.new)
        return (
            sides[0].version if isinstance(sides[0], Component) else None,
            sides[1].version if isinstance(sides[1], Component) else None,
        )


class Comparison(msgspec.Struct, frozen=True, kw_only=True):
    """Two manifests and all that differs between them."""

    a: Manifest
    b: Manifest
    changes: tuple[Change, ...]
    scopes: Scopes = Scopes()
    unmeasured: tuple[Side, ...] = ()
    """The sides on which no canary was run; canaries are then not compared."""
