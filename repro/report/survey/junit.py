"""A survey as a test report: a case a subject, a suite a group."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from repro.report import alerts
from repro.report.junit import count, ends, line
from repro.report.survey import wording
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.survey import Cluster, Group, Survey

name: Final = "junit"
suffixes: Final = (".xml",)

FINDINGS: Final = 40
"""Findings that a case lists; the others are counted."""


def render(survey: Survey) -> str:
    """Write a case for the survey and one a subject.

    A case fails where the policy forbids its verdict, and errs where there could be none: skipped,
    that would look like a pass.
    """
    root = Element("testsuites", name="repro")
    suite = SubElement(root, "testsuite", name="repro: survey")
    case = SubElement(suite, "testcase", classname="repro", name="survey", time="0")
    said = [wording.axes(survey), wording.left_out(survey), *survey.notes]
    said += [wording.tally_line(survey), wording.exit_meaning(survey)]
    headline = f"{survey.status}: {wording.headline(survey)}"
    ends(case, survey.exit_code, headline, [text for text in said if text])
    for group in survey.groups:
        _group(root, group, survey)
    _unjudged(root, survey)
    count(root)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _group(root: Element, group: Group, survey: Survey) -> None:
    title = f"repro: {group.name}" if group.name else "repro: subjects"
    suite = SubElement(root, "testsuite", name=line(title))
    properties = SubElement(suite, "properties")
    SubElement(properties, "property", name="reference", value=line(group.reference))
    for cluster in group.clusters:
        headline, lines = _said(cluster), _findings(cluster)
        code = survey.policy.exit_code(cluster.status)
        for each in cluster.names:
            ends(_case(suite, group.name, each), code, headline, lines)


def _said(cluster: Cluster) -> str:
    where = wording.differs(cluster)
    return f"{cluster.status}: cluster {cluster.number}" + (f", other {where}" if where else "")


def _findings(cluster: Cluster) -> list[str]:
    found = [f for f in cluster.verdict.findings if f.status is not Status.EQUIVALENT]
    told = [alerts.message(finding) for finding in found[:FINDINGS]]
    more = [f"{len(found) - FINDINGS} more findings"] if len(found) > FINDINGS else []
    return [*told, *more]


def _unjudged(root: Element, survey: Survey) -> None:
    if not survey.unjudged:
        return
    suite = SubElement(root, "testsuite", name="repro: not judged")
    for each in survey.unjudged:
        case = _case(suite, wording.UNJUDGED, each.name)
        ends(
            case, max(survey.policy.exit_code(Status.INDETERMINATE), 2), each.reason, [each.advice]
        )


def _case(suite: Element, group: str, subject: str) -> Element:
    of = line(f"repro.{group}" if group else "repro")
    return SubElement(suite, "testcase", classname=of, name=line(subject), time="0")
