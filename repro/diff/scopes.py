"""Which scopes two manifests are compared in: what was not taken is left out, and said."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

import msgspec

from repro.manifest import SCOPES, Manifest, Scope, Unreadable

if TYPE_CHECKING:
    from collections.abc import Collection

NOT_RUN: Final = "not run"
"""How the reason of a fact begins that only a run could have told."""
STATIC: Final = "static"
"""The `mode` of a target whose files were read, and of which nothing was run."""
ENDPOINT: Final = "endpoint"
"""The `mode` of a server of which only the answers are known."""
LACKING: Final[dict[str, tuple[Scope, ...]]] = {
    STATIC: ("process", "host"),
    ENDPOINT: ("image", "host"),
}
"""What targets of a mode have nothing of."""

Reason = Literal["not taken", "not seen", "not asked"]
Side = Literal["a", "b"]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Why a scope is not compared."""

    reason: Reason
    """`not taken`: a side was read and not run; `not seen`: it is a server that only gave answers;
    `not asked`: other scopes were named."""
    sides: tuple[Side, ...] = ()
    """The sides that were not taken in it."""


class Scopes(msgspec.Struct, frozen=True, kw_only=True):
    """What a comparison speaks of, and what it does not."""

    compared: tuple[Scope, ...] = SCOPES
    left_out: dict[Scope, LeftOut] = {}
    asked: bool = False
    """Whether the scopes were named, so that each must have been taken."""


def choose(a: Manifest, b: Manifest, asked: Collection[Scope] | None = None) -> Scopes:
    """Compare the scopes that were asked for, else all that both sides were taken in.

    ValueError for no scope, or one that there is not: to compare nothing is not to find nothing.
    """
    if asked is None:
        left_out = {scope: out for scope in SCOPES if (out := _not_taken(scope, a, b))}
    elif asked and set(asked) <= set(SCOPES):
        left_out = {s: LeftOut(reason="not asked") for s in SCOPES if s not in asked}
    else:
        raise ValueError(f"one or more of {', '.join(SCOPES)}, not {sorted(asked)}")
    compared = tuple(scope for scope in SCOPES if scope not in left_out)
    return Scopes(compared=compared, left_out=left_out, asked=asked is not None)


def _not_taken(scope: Scope, a: Manifest, b: Manifest) -> LeftOut | None:
    sides: dict[Side, Manifest] = {"a": a, "b": b}
    without = tuple(name for name, side in sides.items() if not _taken(scope, side))
    if not without:
        return None
    asked = all(is_endpoint(sides[name]) for name in without)
    return LeftOut(reason="not seen" if asked else "not taken", sides=without)


def is_endpoint(manifest: Manifest) -> bool:
    """Tell whether a target is a server that was asked, and nothing of it was read."""
    return manifest.target.properties.get("mode") == ENDPOINT


def _taken(scope: Scope, manifest: Manifest) -> bool:
    """Tell whether a scope was looked at: all of one that was not says `not run`, or is not there.

    That is so in targets of some modes alone: elsewhere what is not there is missing.
    """
    mode = manifest.target.properties.get("mode")
    if scope not in (LACKING.get(mode, ()) if isinstance(mode, str) else ()):
        return True
    facts = [fact for fact in manifest.facts if fact.scope == scope]
    return not all(isinstance(f, Unreadable) and f.reason.startswith(NOT_RUN) for f in facts)
