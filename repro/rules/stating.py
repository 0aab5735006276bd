"""A rule that fired, put as a finding."""

from __future__ import annotations

from typing import TYPE_CHECKING

from repro.rules.finding import Basis, Finding, Impact, Status

if TYPE_CHECKING:
    from repro.diff.change import Change
    from repro.rules.rule import Rule


def state(
    rule: Rule,
    *,
    known: bool | None,
    subject: str,
    values: tuple[str | None, str | None],
    change: Change | None = None,
    status: Status | None = None,
) -> Finding:
    """Say what a rule says; where its condition could not be read, it only suspects."""
    why = rule.why.strip()
    if known is None:
        why += " Whether its condition holds here could not be read."
    return Finding(
        code=rule.code,
        title=rule.title,
        status=status or grade(rule, known=known),
        impact=rule.impact,
        basis=rule.basis,
        change=change,
        subject=subject,
        old=values[0],
        new=values[1],
        why=why,
        sources=rule.sources,
        advice=rule.advice.strip(),
        canary=rule.canary,
    )


def grade(rule: Rule, *, known: bool | None) -> Status:
    """Grade a rule's finding: only what is sure and material is called divergent."""
    if rule.impact in (Impact.NONE, Impact.SPEED):
        return Status.EQUIVALENT
    if rule.impact.material and rule.basis is not Basis.INFERRED and known:
        return Status.DIVERGENT
    return Status.SUSPECT
