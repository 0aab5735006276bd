"""What a policy demands of a target by itself: facts that must be known, and pins."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

from packaging.specifiers import InvalidSpecifier, SpecifierSet

from repro.errors import UsageError
from repro.manifest import Component, Manifest, Unreadable
from repro.rules.conditions import text
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.rules.versions import comparable, satisfies

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.manifest import Fact
    from repro.policy import Pin, Policy

CODES: Final = {
    "REQUIRED": "The policy demands a fact that was not read in the target.",
    "PIN": "The policy pins a component, and the target has it otherwise, or not at all.",
}
"""Codes of findings that a policy makes."""


def unmet(target: Manifest, policy: Policy) -> Iterator[Finding]:
    """Yield what the target lacks of what the policy demands."""
    for wanted in policy.require:
        if not any(isinstance(fact, Component) for fact in _named(target, wanted)):
            yield _required(target, wanted)
    for pin in policy.pins:
        found = list(_named(target, f"{pin.kind}:{pin.name}"))
        known = [fact for fact in found if isinstance(fact, Component)]
        wrong: list[Fact] = [fact for fact in known if not _held(pin, fact)]
        if wrong or not known:
            yield _pin(pin, wrong or found)


def checked(pin: Pin) -> Pin:
    """Return a pin; UsageError where it pins nothing, or to what is no specifier."""
    if (pin.versions is None) == (pin.value is None):
        raise UsageError(
            f"the pin of {pin.kind} {pin.name} has both or none of versions and value",
            advice='Say one: versions = "==9.10.*", or value = "1".',
        )
    try:
        SpecifierSet(pin.versions or "")
    except InvalidSpecifier as error:
        raise UsageError(
            f"the pin of {pin.kind} {pin.name}: {error}", advice='For example ">=550,<600".'
        ) from error
    return pin


def _named(target: Manifest, wanted: str) -> Iterator[Fact]:
    kind, _, name = wanted.partition(":")
    for fact in target.facts:
        named = fact.name == "*" or fnmatchcase(fact.name, name or "*")
        if named and fnmatchcase(fact.kind, kind):
            yield fact


def _held(pin: Pin, component: Component) -> bool:
    if pin.value is not None:
        return text(component.properties.get("value")) == pin.value
    version = component.version
    return comparable(version) and satisfies(version, pin.versions or "")


def _required(target: Manifest, wanted: str) -> Finding:
    reasons = sorted({f.reason for f in _named(target, wanted) if not isinstance(f, Component)})
    return _finding(
        "REQUIRED",
        wanted,
        title="a fact that the policy demands was not read",
        status=Status.INDETERMINATE,
        new="unreadable" if reasons else None,
        why="; ".join(reasons) or "The target has none.",
        advice="Take the snapshot where it can be read: with --gpus, or on another host.",
    )


def _pin(pin: Pin, found: list[Fact]) -> Finding:
    wanted = pin.versions if pin.versions is not None else pin.value
    unread = not found or all(isinstance(fact, Unreadable) for fact in found)
    first = found[0] if found else None
    version = first.version if isinstance(first, Component) else None
    value = first.properties.get("value") if isinstance(first, Component) else None
    return _finding(
        "PIN",
        f"{pin.kind} {pin.name}",
        title=f"the policy pins it to {wanted}",
        status=Status.INDETERMINATE if found and unread else Status.DIVERGENT,
        new=version or (text(value) if value is not None else None),
        why=f"It has to be {wanted}.",
        advice=f"Build the target with {pin.name} {wanted}, or change the pin.",
    )


def _finding(
    code: str, subject: str, *, title: str, status: Status, new: str | None, why: str, advice: str
) -> Finding:
    return Finding(
        code=code,
        title=title,
        status=status,
        impact=Impact.COMPAT,
        basis=Basis.DOCUMENTED,
        change=None,
        subject=subject,
        old=None,
        new=new,
        why=why,
        advice=advice,
    )
