"""A survey for programs: every cluster, row and finding under a versioned schema."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.diff.measured import Measured
from repro.diff.scopes import Scopes
from repro.manifest import Scope
from repro.manifest.model import canonical
from repro.report.json_report import ReportedFinding, ReportedPolicy, ReportedWaived, dumps
from repro.report.survey import wording
from repro.rules.finding import Finding, Impact, Status
from repro.survey import Row, Unjudged
from repro.verdict import Subject

if TYPE_CHECKING:
    from repro.policy import Policy
    from repro.survey import Cluster, Group, Survey
    from repro.survey.model import Between
    from repro.verdict import Verdict

name: Final = "json"
suffixes: Final = (".json",)

SCHEMA: Final = "repro/survey/1.0"
"""Family, MAJOR.MINOR: a minor adds fields, a major changes or removes some."""


class ReportedCluster(msgspec.Struct, frozen=True, kw_only=True):
    """Subjects that are alike in what is compared."""

    number: int
    names: tuple[str, ...]
    status: Status
    reference: bool
    """Whether its subjects hold the facts of the group's reference."""
    subject: Subject
    """The first of its names, for all of them."""
    differs: tuple[Scope, ...]
    """In which scopes something differs from the reference, or could not be read."""
    variants: dict[Scope, int]
    """Which image, run and host it has: 1 is the most frequent of the survey."""
    scopes: Scopes
    """What was compared; side `a` is the reference."""
    measured: Measured
    findings: tuple[int, ...]
    """Indices into the report's `findings`, worst first."""
    waived: tuple[ReportedWaived, ...]
    ignored: int
    """Findings whose impact the policy does not look at."""


class ReportedGroup(msgspec.Struct, frozen=True, kw_only=True):
    """Subjects that are meant to be alike, compared with each other alone."""

    name: str
    size: int
    status: Status
    reference: Subject
    reference_name: str
    baseline: bool
    """Whether the reference was named; else it is the most ordinary subject."""
    clusters: tuple[ReportedCluster, ...]
    rows: tuple[Row, ...]
    """The facts in which its subjects differ, worst first."""


class ReportedBetween(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between the references of two groups; it decides nothing."""

    a: str
    b: str
    status: Status
    findings: tuple[int, ...]


class Report(msgspec.Struct, frozen=True, kw_only=True):
    """A survey as it is published."""

    schema: str
    status: Status
    summary: str
    """The headline of the other reports."""
    exit_code: int
    subjects: int
    tally: dict[str, int]
    """Subjects by verdict, and those that could not be judged."""
    groups: tuple[ReportedGroup, ...]
    findings: tuple[ReportedFinding, ...]
    """Each once, however many clusters it is about."""
    unjudged: tuple[Unjudged, ...]
    between: tuple[ReportedBetween, ...]
    policy: ReportedPolicy
    notes: tuple[str, ...]


def render(survey: Survey) -> str:
    """Write the survey as indented JSON with sorted keys."""
    return dumps(msgspec.to_builtins(report(survey), order="sorted"))


def report(survey: Survey) -> Report:
    """Return the survey as it is published."""
    table = _Findings()
    groups = tuple(_group(group, table) for group in survey.groups)
    between = tuple(_between(each, table) for each in survey.between)
    return Report(
        schema=SCHEMA,
        status=survey.status,
        summary=wording.headline(survey),
        exit_code=survey.exit_code,
        subjects=survey.subjects,
        tally=wording.tally(survey),
        groups=groups,
        findings=tuple(table.found),
        unjudged=survey.unjudged,
        between=between,
        policy=_policy(survey.policy),
        notes=survey.notes,
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a survey's report (draft 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Report)


class _Findings:
    """Keeps each finding once, in the order in which they come."""

    def __init__(self) -> None:
        self.found: list[ReportedFinding] = []
        self._indices: dict[bytes, int] = {}

    def __call__(self, verdict: Verdict) -> tuple[int, ...]:
        return tuple(map(self._index, verdict.findings))

    def _index(self, finding: Finding) -> int:
        key = canonical(finding)
        if key not in self._indices:
            self._indices[key] = len(self.found)
            self.found.append(_reported(finding))
        return self._indices[key]


def _group(group: Group, table: _Findings) -> ReportedGroup:
    return ReportedGroup(
        name=group.name,
        size=group.size,
        status=group.status,
        reference=group.clusters[0].verdict.a,
        reference_name=group.reference,
        baseline=group.baseline,
        clusters=tuple(_cluster(cluster, table) for cluster in group.clusters),
        rows=group.rows,
    )


def _cluster(cluster: Cluster, table: _Findings) -> ReportedCluster:
    verdict = cluster.verdict
    return ReportedCluster(
        number=cluster.number,
        names=cluster.names,
        status=cluster.status,
        reference=cluster.reference,
        subject=verdict.b,
        differs=cluster.differs,
        variants=cluster.variants,
        scopes=verdict.scopes,
        measured=verdict.measured,
        findings=table(verdict),
        waived=tuple(
            ReportedWaived(finding=_reported(each.finding), waiver=each.waiver)
            for each in verdict.waived
        ),
        ignored=verdict.ignored,
    )


def _between(each: Between, table: _Findings) -> ReportedBetween:
    verdict = each.verdict
    return ReportedBetween(a=each.a, b=each.b, status=verdict.status, findings=table(verdict))


def _reported(finding: Finding) -> ReportedFinding:
    return ReportedFinding(**msgspec.structs.asdict(finding))


def _policy(policy: Policy) -> ReportedPolicy:
    impacts = tuple(impact for impact in Impact if impact in policy.impacts)
    return ReportedPolicy(**{**msgspec.structs.asdict(policy), "impacts": impacts})
