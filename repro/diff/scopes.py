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
HOST: Final = "host"
"""The `mode` of a host that was described without anything that runs on it."""
LACKING: Final[dict[str, tuple[Scope, ...]]] = {
    STATIC: ("process", "host"),
    ENDPOINT: ("image", "host"),
    HOST: ("image", "process"),
}
"""What targets of a mode have nothing of."""

Reason = Literal["not taken", "not seen", "host alone", "not asked"]
Side = Literal["a", "b"]


class LeftOut(msgspec.Struct, frozen=True, kw_only=True):
    """Why a scope is not compared."""

    reason: Reason
    """`not taken`: a side was read and not run; `not seen`: it is a server that only gave answers;
    `host alone`: it is a host, of which nothing that runs there was looked at; `not asked`: other
    scopes were named."""
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
    modes = {sides[name].target.properties.get("mode") for name in without}
    return LeftOut(reason=_reason(modes), sides=without)


def _reason(modes: set[object]) -> Reason:
    """Say why sides lack a scope, by their modes."""
    reasons: dict[object, Reason] = {ENDPOINT: "not seen", HOST: "host alone"}
    return reasons.get(modes.pop(), "not taken") if len(modes) == 1 else "not taken"


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
