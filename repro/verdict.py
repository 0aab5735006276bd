"""The verdict: the worst of the findings, with all that a report needs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, Literal

import msgspec

from repro.diff.measured import Measured, summary
from repro.diff.origin import Layers, in_common
from repro.diff.scopes import STATIC, Scopes
from repro.policy import Policy, Waiver
from repro.rules.finding import Basis, Finding, Impact, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import date

    from repro.diff.change import Comparison
    from repro.manifest import Manifest


GUESSED: Final = frozenset({"INFER", "SYS024", "SYS025"})
"""Codes whose impact is a guess: no rule speaks of the change, or a package was patched."""
Mode = Literal["run", "read"]
"""How an image was looked at; `read`: nothing of it was run."""


class Attested(msgspec.Struct, frozen=True, kw_only=True):
    """On whose word a manifest stands that was found beside its image in a registry."""

    at: str
    """When it was signed, by the signer's clock."""
    key: str
    """The fingerprint of the signer's public key."""


class Subject(msgspec.Struct, frozen=True, kw_only=True):
    """One side of a comparison, as a report names it."""

    name: str
    kind: str
    digest: str
    """Of the whole manifest."""
    image_digest: str
    """Of its image scope alone."""
    facts: int
    mode: Mode | None = None
    """Null for what is no image, or was at work already."""
    image_id: str | None = None
    """By which an engine knows the image: mostly the digest of its config."""
    repo_digests: tuple[str, ...] = ()
    """The digests of the image's manifests, by which registries know it."""
    attested: Attested | msgspec.UnsetType = msgspec.UNSET
    """Not there for what was looked at itself."""


class Waived(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that a policy tolerates, and who answers for it."""

    finding: Finding
    waiver: Waiver


class Verdict(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of two targets."""

    status: Status
    a: Subject
    b: Subject
    findings: tuple[Finding, ...]
    """Worst first; those that the policy does not look at are not among them."""
    ignored: int
    """Findings whose impact the policy does not look at."""
    policy: Policy
    same_image: bool
    """Whether the image scope is equal: what differs then comes from the host or the run."""
    scopes: Scopes = Scopes()
    """What the verdict is about, and what was left out."""
    waived: tuple[Waived, ...] = ()
    """Findings that do not count, for somebody answers for them."""
    notes: tuple[str, ...] = ()
    """What is to be said of the policy: waivers that have expired or match nothing."""
    measured: Measured = Measured()
    """What canaries were compared."""
    layers: Layers | None = None
    """How the images are built on each other; None where a manifest does not say."""

    @property
    def exit_code(self) -> int:
        return self.policy.exit_code(self.status)


ORDER = {impact: index for index, impact in enumerate(Impact)}


def decide(
    comparison: Comparison,
    findings: Iterable[Finding],
    policy: Policy,
    today: date | None = None,
) -> Verdict:
    """Put findings in order and take the worst; no change at all is `identical`.

    Waivers hold up to the day that they expire, looked at from `today`.
    """
    valid = [waiver for waiver in policy.waivers if today and waiver.expires >= today]
    found = sorted(findings, key=_severity)
    waived = [Waived(finding=f, waiver=w) for f in found if (w := _waiver(f, valid))]
    tolerated = [each.finding for each in waived]
    every = [finding for finding in found if finding not in tolerated]
    seen = [finding for finding in every if _is_asked_for(finding, policy)]
    statuses = [finding.status for finding in seen]
    if comparison.changes:
        statuses.append(Status.EQUIVALENT)
    worst = max(statuses, key=lambda status: status.rank, default=Status.IDENTICAL)
    return Verdict(
        status=worst,
        a=subject(comparison.a),
        b=subject(comparison.b),
        findings=tuple(seen),
        ignored=len(every) - len(seen),
        policy=policy,
        waived=tuple(waived),
        notes=tuple(_notes(policy, found, valid)),
        same_image=comparison.a.digests.image == comparison.b.digests.image,
        scopes=comparison.scopes,
        measured=summary(comparison),
        layers=in_common(comparison.a, comparison.b),
    )


def _is_asked_for(finding: Finding, policy: Policy) -> bool:
    """Tell whether it is about an output that a policy looks at, or may be."""
    unknown = finding.code in GUESSED and finding.status is Status.SUSPECT
    return finding.impact in policy.impacts or unknown or finding.status is Status.INDETERMINATE


def _waiver(finding: Finding, waivers: Iterable[Waiver]) -> Waiver | None:
    """Find who answers for a finding; what has no effect needs nobody."""
    if finding.status.rank <= Status.EQUIVALENT.rank:
        return None
    return next((waiver for waiver in waivers if waiver.covers(finding)), None)


def _notes(policy: Policy, findings: list[Finding], valid: list[Waiver]) -> Iterator[str]:
    for waiver in policy.waivers:
        which = f"the waiver of {waiver.owner} for {waiver.code} {waiver.subject}"
        if waiver not in valid:
            yield f"{which} expired on {waiver.expires}"
        elif not any(_waiver(finding, [waiver]) for finding in findings):
            yield f"{which} matches nothing"


def _severity(finding: Finding) -> tuple[int, bool, bool, int, str, str, str]:
    """Put the worst first, a whole side before its facts, what was measured before versions."""
    return (
        -finding.status.rank,
        finding.change is not None,
        finding.basis is not Basis.MEASURED,
        ORDER[finding.impact],
        finding.subject,
        finding.code,
        f"{finding.old} {finding.new}",
    )


def subject(manifest: Manifest) -> Subject:
    """Name a side as a report does."""
    target = manifest.target
    held = target.properties
    return Subject(
        name=target.name,
        kind=target.kind,
        digest=manifest.digests.whole,
        image_digest=manifest.digests.image,
        facts=len(manifest.facts),
        mode="read" if held.get("mode") == STATIC else "run" if target.kind == "image" else None,
        image_id=next(iter(_texts([held.get("id"), held.get("image_id")])), None),
        repo_digests=_repo_digests(held),
        attested=_attested(held),
    )


def _attested(held: dict[str, Any]) -> Attested | msgspec.UnsetType:
    said = held.get("attested")
    return msgspec.UNSET if said is None else msgspec.convert(said, Attested)


def _repo_digests(held: dict[str, Any]) -> tuple[str, ...]:
    """List the digests that are known of an image in registries, without its names there."""
    listed = held.get("digests")
    found = _texts([held.get("digest"), *(listed if isinstance(listed, list) else ())])
    return tuple(sorted({text.rpartition("@")[2] for text in found}))


def _texts(values: Iterable[Any]) -> list[str]:
    return [value for value in values if isinstance(value, str)]
