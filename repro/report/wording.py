"""What every report says in the same words: the headline, the values, the tally, the exit."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from msgspec import UNSET

from repro.manifest import Target, assemble
from repro.rules.finding import Basis, Finding, Impact, Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.verdict import Subject, Verdict, Waived

COUNTED: Final = {
    "divergent": Status.DIVERGENT,
    "unreadable": Status.INDETERMINATE,
    "suspect": Status.SUSPECT,
    "equivalent": Status.EQUIVALENT,
    "shared": Status.IDENTICAL,
}
"""The tally's words, worst first."""

NOTHING: Final = "NOTHING"
"""The code for a side that holds nothing of what is compared."""
OUTCOME: Final = {0: "PASS", 1: "FAIL", 3: "INDETERMINATE"}
PLACES: Final = {"image": "image", "process": "run", "host": "host"}
"""Scopes in the words of a sentence."""
NO_IMAGE: Final = assemble(Target(kind="", name=""), ()).digests.image
"""The image digest of a manifest without an image: two of these are no same image."""


def headline(verdict: Verdict) -> str:
    """Say what the verdict means in one sentence without a full stop."""
    worst = [finding for finding in verdict.findings if finding.status is verdict.status]
    match verdict.status:
        case Status.DIVERGENT:
            return f"outputs will differ: {_impacts(worst, 'changes', 'change')}"
        case Status.SUSPECT:
            return f"outputs may differ: {_impacts(worst, 'may change', 'may change')}"
        case Status.INDETERMINATE:
            return f"this cannot be judged: {_unjudged(worst)}"
        case Status.EQUIVALENT:
            number = {0: "differences", 1: "1 difference"}
            return f"{number.get(len(worst), f'{len(worst)} differences')}, {_harmless(verdict)}"
        case Status.IDENTICAL:
            where = " in what was compared" if verdict.scopes.left_out else ""
            return f"nothing differs{where}" + _faults(len(worst))


def identity(subject: Subject) -> list[tuple[str, str]]:
    """Name the digests of a side: of the image as engines and registries know it, of its facts.

    Where registries have it under several digests, none of them speaks for it.
    """
    known = [digest for digest in subject.repo_digests if digest != subject.image_id]
    found = [("id", subject.image_id)] if subject.image_id else []
    found += [("digest", digest) for digest in known if len(known) == 1]
    found.append(("manifest", subject.digest))
    if subject.attested is not UNSET:
        found += [("attested", subject.attested.at[:10]), ("key", subject.attested.key)]
    return found


def kind(subject: Subject) -> str:
    """`image, run`; the kind alone where that says it all."""
    return f"{subject.kind}, {subject.mode}" if subject.mode else subject.kind


def relation(verdict: Verdict) -> str:
    """Tell the image, the run and the host apart: which differ, and which are the same.

    Empty where nothing but images was compared, and they differ: that says it all.
    """
    differ, same = _scopes(verdict)
    if verdict.same_image and "image" in same:
        return "same image, different " + _and(differ) if differ else "same image"
    if differ == ["image"] and not same:
        return ""
    said = [f"{word} {_and(names)}" for word, names in (("different", differ), ("same", same))]
    return ", ".join(text for text, names in zip(said, (differ, same), strict=True) if names)


def _scopes(verdict: Verdict) -> tuple[list[str], list[str]]:
    """Name the scopes that differ and those that are equal.

    Neither is said of what was unread, nor that a scope is equal where findings were left out.
    """
    findings = (*verdict.findings, *(each.finding for each in verdict.waived))
    changes = [finding.change for finding in findings if finding.change]
    touched = {change.scope for change in changes}
    differ = {change.scope for change in changes if change.how != "unknown"}
    compared = [scope for scope in verdict.scopes.compared if scope != "image"]
    differing = [PLACES[scope] for scope in compared if scope in differ]
    equal = [PLACES[s] for s in compared if s not in touched and not verdict.ignored]
    if "image" in verdict.scopes.compared and verdict.a.image_digest != NO_IMAGE:
        (equal if verdict.same_image else differing).insert(0, "image")
    return differing, equal


def _and(names: list[str]) -> str:
    return " and ".join(filter(None, [", ".join(names[:-1]), *names[-1:]]))


def measured(verdict: Verdict) -> str:
    """Say what canaries saw, and where none ran; empty where there were none on either side."""
    found = verdict.measured
    if len(found.without) == 1:
        return f"no canary ran on {found.without[0].upper()}, so nothing was measured"
    idle = f"; {found.not_run} not run on a side, so not compared" if found.not_run else ""
    if not found.canaries:
        return idle and f"nothing{idle}"
    canaries = "1 canary" if found.canaries == 1 else f"{found.canaries} canaries"
    ran = f"{canaries} with {found.cases:,} cases ran on both sides"
    if not found.changed:
        return f"{ran}: no change seen{idle}"
    return f"{ran}: {found.changed} gave another result, in {found.cases_changed:,} cases{idle}"


def sides(finding: Finding) -> tuple[str, ...]:
    """The values to show: the one on both sides, or the old and the new one."""
    old, new = finding.old, finding.new
    if finding.status is Status.IDENTICAL:
        return tuple(dict.fromkeys(side for side in (old, new) if side is not None))
    if finding.change is None and old is None and new is None:
        return ()
    how = finding.change.how if finding.change else "changed"
    if how == "unknown":
        return ("unreadable on both sides",)
    if old is None and new is None and how == "changed":
        return ("changed",)
    missing_old = "(unreadable)" if how == "gained" else "(none)"
    missing_new = "(unreadable)" if how == "lost" else "(none)"
    return (missing_old if old is None else old, missing_new if new is None else new)


def alike(findings: Iterable[Finding]) -> list[list[Finding]]:
    """Put findings together that differ in subject and values alone, so that all is said once."""
    groups: dict[object, list[Finding]] = {}
    for finding in findings:
        said = (finding.title, finding.why, finding.advice, finding.sources, finding.canary)
        key = (finding.code, finding.status, finding.impact, finding.basis, *said, finding.origin)
        groups.setdefault(key, []).append(finding)
    return list(groups.values())


def settles(finding: Finding) -> str:
    """The canary that could settle an unmeasured finding; empty where there is none."""
    return finding.canary if finding.canary and finding.basis is not Basis.MEASURED else ""


def left_out(verdict: Verdict) -> str:
    """Say which impacts the policy looks at and how many findings that hides; empty for all."""
    if not verdict.ignored and verdict.policy.impacts == frozenset(Impact):
        return ""
    chosen = ", ".join(impact for impact in Impact if impact in verdict.policy.impacts)
    findings = "1 finding" if verdict.ignored == 1 else f"{verdict.ignored} findings"
    return f"the policy looks at {chosen or 'nothing'} only: {findings} ignored"


def notes(verdict: Verdict) -> list[str]:
    """Say what the policy leaves out, and what is wrong with it."""
    return [note for note in (left_out(verdict), *verdict.notes) if note]


def waived(each: Waived) -> str:
    """Say of a finding that does not count who answers for it, and until when."""
    finding, waiver = each.finding, each.waiver
    text = f"{finding.code} {finding.subject} ({finding.status}): {waiver.reason}"
    return f"{text}; {waiver.owner}, until {waiver.expires}"


def tally(verdict: Verdict) -> dict[str, int]:
    """Count findings by the words of `COUNTED`."""
    counts = Counter(finding.status for finding in verdict.findings)
    return {word: counts[status] for word, status in COUNTED.items()}


def tally_line(verdict: Verdict) -> str:
    """`FAIL [divergent:2 suspect:3]`; what was not found is left out."""
    counted = {**tally(verdict), "waived": len(verdict.waived)}
    counts = " ".join(f"{word}:{count}" for word, count in counted.items() if count)
    return f"{OUTCOME[verdict.exit_code]} [{counts or 'no findings'}]"


def exit_meaning(verdict: Verdict) -> str:
    """The exit code and what it stands for under this policy."""
    fail_on = verdict.policy.fail_on
    meaning = {
        0: f"nothing that the threshold forbids (fail-on {fail_on})",
        1: f"drift at or over the threshold (fail-on {fail_on})",
        3: "no verdict without the facts that could not be read",
    }
    return f"exit {verdict.exit_code}: {meaning[verdict.exit_code]}"


def _harmless(verdict: Verdict) -> str:
    """Say that no output moves; of what does not count nobody can say that."""
    aside = {"waived": len(verdict.waived), "ignored": verdict.ignored}
    said = ", ".join(f"{count} {word}" for word, count in aside.items() if count)
    return f"none that counts changes outputs ({said})" if said else "none changes outputs"


def _unjudged(findings: list[Finding]) -> str:
    """Say what is missing: all that is asked for of a side before single facts."""
    whole = [finding.why for finding in findings if finding.code == NOTHING]
    if whole:
        return whole[0].removesuffix(".") if len(whole) == 1 else "neither side holds what is asked"
    return f"{len(findings)} fact{'s' * (len(findings) != 1)} could not be read"


def _faults(count: int) -> str:
    if not count:
        return ""
    return f", but both sides share {'a known fault' if count == 1 else f'{count} known faults'}"


def _impacts(findings: list[Finding], one: str, many: str) -> str:
    counts = Counter(finding.impact for finding in findings)
    parts = [f"{counts[impact]} {impact}" for impact in Impact if counts[impact]]
    if not parts:
        return "no finding says how"
    first, _, rest = parts[0].partition(" ")
    noun = f"finding {one}" if first == "1" else f"findings {many}"
    return ", ".join([f"{first} {noun} {rest}", *parts[1:]])
