"""A survey as metrics: a verdict a subject, for Prometheus to keep and to raise alarms about."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.report import metrics
from repro.report.metrics import Family
from repro.rules.finding import Finding, Impact, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from repro.survey import Survey

name: Final = "prometheus"
suffixes: Final = (".prom",)

VERDICT: Final = ", ".join(f"{status.rank} {status}" for status in Status)


class _Subject(NamedTuple):
    """What is told of one subject."""

    labels: dict[str, str]
    status: Status
    judged: bool
    at: int | None
    """Seconds since 1970 when it was taken, None where its manifest does not say."""
    impacts: Counter[Impact]


def render(survey: Survey) -> str:
    """Write the text format of Prometheus (0.0.4), which reads as OpenMetrics 1.0 just as well.

    A subject that could not be judged has the verdict `indeterminate`: it must not look well.
    """
    return metrics.write(_families(survey))


def _families(survey: Survey) -> Iterator[Family]:
    subjects = list(_subjects(survey))
    yield Family(
        "repro_drift_verdict",
        f"Verdict on a subject: {VERDICT}.",
        [(each.labels, each.status.rank) for each in subjects],
    )
    yield Family(
        "repro_subject_judged",
        "1 where a subject was compared, 0 where it could not be.",
        [(each.labels, int(each.judged)) for each in subjects],
    )
    yield Family(
        "repro_drift_findings",
        "Findings that differ from the reference, by the outputs that they move.",
        [
            ({**each.labels, "impact": impact.value}, each.impacts[impact])
            for each in subjects
            for impact in Impact
            if each.impacts[impact]
        ],
    )
    yield Family(
        "repro_subject_probed_timestamp_seconds",
        "When the newest manifest of a subject was taken, by its host's clock.",
        [(each.labels, each.at) for each in subjects if each.at is not None],
    )
    yield Family("repro_survey_verdict", "The worst verdict of all.", [({}, survey.status.rank)])
    yield Family("repro_survey_subjects", "Subjects of the survey.", [({}, survey.subjects)])


def _subjects(survey: Survey) -> Iterator[_Subject]:
    for group in survey.groups:
        for cluster in group.clusters:
            impacts = _impacts(cluster.verdict.findings)
            for each in cluster.names:
                labels, at = _labels(each, group.name), metrics.seconds(survey.probed.get(each))
                yield _Subject(labels, cluster.status, judged=True, at=at, impacts=impacts)
    for lost in survey.unjudged:
        labels, at = _labels(lost.name, ""), metrics.seconds(survey.probed.get(lost.name))
        yield _Subject(labels, Status.INDETERMINATE, judged=False, at=at, impacts=Counter())


def _impacts(findings: Iterable[Finding]) -> Counter[Impact]:
    return Counter(each.impact for each in findings if each.status is not Status.IDENTICAL)


def _labels(subject: str, group: str) -> dict[str, str]:
    return {"subject": subject, "group": group} if group else {"subject": subject}
