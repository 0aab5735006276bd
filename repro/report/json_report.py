"""The verdict for programs: every field of every finding under a versioned schema."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.diff.change import Change
from repro.diff.measured import Measured
from repro.diff.origin import Layers, Origins
from repro.diff.scopes import Scopes
from repro.errors import UsageError
from repro.policy import FailOn, Pin, Waiver
from repro.report import wording
from repro.report.plain import HOSTILE
from repro.rules.evidence import Evidence
from repro.rules.finding import Basis, Impact, Status
from repro.verdict import Subject

if TYPE_CHECKING:
    import re

    from repro.rules.finding import Finding
    from repro.verdict import Verdict

name: Final = "json"
suffixes: Final = (".json",)

SCHEMA: Final = "repro/report/1.3"
"""Family, MAJOR.MINOR: a minor adds fields, a major changes or removes some."""


LIMIT: Final = 256 << 20
"""Bytes of a report that are read."""


class ReportedFinding(msgspec.Struct, frozen=True, kw_only=True):
    """A finding as it is published; the names are a promise, those inside the program are not."""

    code: str
    title: str
    status: Status
    impact: Impact
    basis: Basis
    change: Change | None
    subject: str
    old: str | None
    new: str | None
    why: str
    sources: tuple[str, ...]
    advice: str
    canary: str | None
    origin: Origins | None
    """The layers that it comes from; null where the manifests do not say."""
    evidence: Evidence | None = None
    """What canaries showed, of a finding that was measured."""


class ReportedWaived(msgspec.Struct, frozen=True, kw_only=True):
    """A finding that the policy tolerates."""

    finding: ReportedFinding
    waiver: Waiver


class ReportedPolicy(msgspec.Struct, frozen=True, kw_only=True):
    """What was demanded; impacts worst first."""

    fail_on: FailOn
    impacts: tuple[Impact, ...]
    require: tuple[str, ...] = ()
    pins: tuple[Pin, ...] = ()
    waivers: tuple[Waiver, ...] = ()


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A verdict as it is published."""

    schema: str
    status: Status
    summary: str
    """The headline of the other reports."""
    exit_code: int
    a: Subject
    b: Subject
    same_image: bool
    scopes: Scopes
    """What was compared, and what the verdict does not speak of."""
    measured: Measured = Measured()
    """How many canaries were compared, and how many gave another result."""
    layers: Layers | None
    findings: tuple[ReportedFinding, ...]
    """Worst first."""
    waived: tuple[ReportedWaived, ...] = ()
    """Findings that do not count, for somebody answers for them."""
    notes: tuple[str, ...] = ()
    """What is wrong with the policy: waivers that have expired or match nothing."""
    ignored: int
    """Findings whose impact the policy does not look at."""
    tally: dict[str, int]
    policy: ReportedPolicy


def render(verdict: Verdict) -> str:
    """Write the verdict as indented JSON with sorted keys.

    A lone surrogate, which no strict parser takes, is written as the text `\\udXXX`.
    """
    return dumps(msgspec.to_builtins(_report(verdict), order="sorted"))


def dumps(data: Any) -> str:
    """Write data as indented JSON with sorted keys, safe to print, with a line feed at the end."""
    # Indented afterwards: with an indent, the encoder of the library is the slow one.
    text = json.dumps(data, sort_keys=True, ensure_ascii=False)
    return msgspec.json.format(HOSTILE.sub(_escape, text), indent=2) + "\n"


def parse(data: bytes, name: str) -> Report:
    """Read a report; UsageError where it is none, or of another major version."""
    if len(data) > LIMIT:
        raise UsageError(f"{name} has more than {LIMIT >> 20} MiB", advice="Is it a report?")
    try:
        found = msgspec.json.decode(data, type=Report)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise UsageError(
            f"{name} is no report: {error}", advice="Make one: repro diff A B -f json=drift.json"
        ) from error
    if found.schema.partition(".")[0] != SCHEMA.partition(".")[0]:
        raise UsageError(f"{name} is {found.schema}, not {SCHEMA}", advice="Use a newer repro.")
    return found


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a report (draft 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Report)


def _report(verdict: Verdict) -> Report:
    impacts = tuple(impact for impact in Impact if impact in verdict.policy.impacts)
    return Report(
        schema=SCHEMA,
        status=verdict.status,
        summary=wording.headline(verdict),
        exit_code=verdict.exit_code,
        a=verdict.a,
        b=verdict.b,
        same_image=verdict.same_image,
        scopes=verdict.scopes,
        measured=verdict.measured,
        layers=verdict.layers,
        findings=tuple(_finding(finding) for finding in verdict.findings),
        waived=tuple(
            ReportedWaived(finding=_finding(each.finding), waiver=each.waiver)
            for each in verdict.waived
        ),
        notes=verdict.notes,
        ignored=verdict.ignored,
        tally=wording.tally(verdict),
        policy=ReportedPolicy(
            fail_on=verdict.policy.fail_on,
            impacts=impacts,
            require=verdict.policy.require,
            pins=verdict.policy.pins,
            waivers=verdict.policy.waivers,
        ),
    )


def _finding(finding: Finding) -> ReportedFinding:
    return ReportedFinding(**msgspec.structs.asdict(finding))


def _escape(found: re.Match[str]) -> str:
    """Escape what a terminal would obey."""
    escaped = json.dumps(found[0])[1:-1]
    return "\\" + escaped if "\ud800" <= found[0] <= "\udfff" else escaped
