"""What code hosts are told of: which findings, what identifies one, where it is, in what words."""

from __future__ import annotations

import hashlib
from collections import Counter
from typing import TYPE_CHECKING, Final
from urllib.parse import quote

from repro.manifest import Component
from repro.report import wording
from repro.report.plain import plain, prose, value
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.rules.finding import Finding
    from repro.verdict import Subject, Verdict

SEEN: Final = frozenset(Status) - {Status.EQUIVALENT}
"""Drift without effect on outputs is nobody's alert; it is counted, and listed elsewhere."""


def alerts(verdict: Verdict) -> list[Finding]:
    """List the findings that somebody has to look at, worst first."""
    return [finding for finding in verdict.findings if finding.status in SEEN]


def fingerprints(findings: Iterable[Finding]) -> list[str]:
    """Identify each finding by its code and what it is about, in 64 hex digits.

    Values have no part in it: the same drift, one release later, is the same alert. Findings that
    are about the same thing are numbered, so that each has its own.
    """
    seen: Counter[tuple[str, ...]] = Counter()
    found = []
    for finding in findings:
        key = _about(finding)
        text = "\0".join([*key, str(seen[key])])
        seen[key] += 1
        found.append(hashlib.sha256(text.encode("utf-8", "backslashreplace")).hexdigest())
    return found


def place(subject: Subject) -> str:
    """Name a target as a relative path, since hosts want a file: no drive, no root, no way up.

    It begins with no dot, which GitLab would refuse.
    """
    parts = plain(subject.name, 300).replace("\\", "/").split("/")
    return "/".join(part for part in parts if part.strip(". ")).lstrip(".") or "target"


def uri(path: str) -> str:
    """Write a path as a relative reference (RFC 3986), where a colon would begin with a scheme."""
    return quote(path, safe="/@+")


def title(finding: Finding) -> str:
    """What it is about and what is the matter, in one line."""
    return f"{plain(finding.subject, 120)}: {prose(finding.title, 200)}"


def message(finding: Finding) -> str:
    """All that a reader needs, in one paragraph: what, the values, why, what to do."""
    values = " → ".join(value(side) for side in wording.sides(finding))
    said = f"{title(finding)} ({values}; {finding.impact}, {finding.basis})."
    advice = f"Do: {prose(finding.advice, 600)}" if finding.advice else ""
    return " ".join(part for part in (said, prose(finding.why, 1000), advice) if part)


def _about(finding: Finding) -> tuple[str, ...]:
    change = finding.change
    if change is None:
        return (finding.code, finding.subject)
    places = [fact.location for fact in (change.new, change.old) if isinstance(fact, Component)]
    where = next((location for location in places if location), "")
    return (finding.code, finding.subject, change.scope, change.kind, change.name, where)
