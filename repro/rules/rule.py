"""The shape of a rule, as the catalogue's TOML files hold it."""

from __future__ import annotations

from typing import Literal

import msgspec

from repro.manifest import Scope, Value
from repro.rules.finding import Basis, Impact


class Match(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which components a rule speaks of."""

    kind: str
    """A kind, or a pattern such as `cuda.library*`."""
    name: str | tuple[str, ...] = "*"
    """A name, a pattern, or several; distribution names are normalized (PEP 503)."""
    scope: Scope | None = None


class When(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must differ: one of the fields is set; `values` and `unchanged` go with `fields`."""

    any: Literal[True] | None = None
    """The component changed in any way, or came, or went."""
    version: Literal[True] | None = None
    """Its version differs in anything."""
    presence: Literal[True] | None = None
    """It is on one side only."""
    crosses: tuple[str, ...] | None = None
    """The versions lie on two sides of one of these: old < boundary <= new, or the reverse."""
    between: tuple[str, str] | None = None
    """One version satisfies the first specifier, the other the second, in either direction."""
    within: str | None = None
    """Both versions satisfy this specifier: a range that is known to be alike."""
    inside: str | None = None
    """A known-bad range: fires when a version in it is on one side, or, without drift, on both."""
    copies: Literal[True] | None = None
    """One side holds several copies that differ in version or build id; also without drift."""
    fields: tuple[str, ...] | None = None
    """One of these fields differs: `version`, `location`, `properties.x`, or a pattern."""
    values: tuple[str, ...] | None = None
    """Only when one of the two values is among these (compared as text)."""
    unchanged: tuple[str, ...] = ()
    """Only when none of these fields differs: `version`, for content that moved under one."""


class Condition(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A fact elsewhere in the manifests that must hold on at least one side.

    True, false, or unknown where the fact could not be read: unknown makes a finding `suspect`.
    """

    kind: str
    name: str = "*"
    versions: str | None = None
    """A specifier for the component's version."""
    path: str | None = None
    """A field such as `properties.compute_capability`; with `pattern`."""
    pattern: str | None = None
    """A regular expression that the field's text matches from its start."""
    absent: bool = False
    """True: holds where the component is absent."""
    silent: Literal["unknown"] | None = None
    """What it means that a component lacks the field, or that there is none: nobody knows."""


class Example(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A pair of components that fires the rule, or does not; run as a test."""

    fires: bool
    old: dict[str, Value] | str | None = None
    """A version, or the fields of a component (`version`, `location`, `properties`, `name`)."""
    new: dict[str, Value] | str | None = None


class Rule(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a change means, with its source."""

    code: str
    """Letters and three digits; never reused."""
    title: str
    impact: Impact
    basis: Basis
    match: Match
    when: When
    requires: tuple[Condition, ...] = ()
    """All must hold."""
    why: str
    sources: tuple[str, ...] = ()
    """URLs of documents; empty only where the basis is `inferred`."""
    advice: str
    canary: str | None = None
    """The family of canaries that would settle it: `text`, `template`, `random`, `numerics`,
    `preprocessing`, `retrieval` or `model`. A canary's name (`text/transformers`) stands for one
    that has to be among them, whatever it covers."""
    alike: tuple[Impact, ...] = ()
    """With `within`: the impacts in which the range is known to be alike; empty for all."""
    example: tuple[Example, ...]
