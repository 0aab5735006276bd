"""The verdict as a code quality report, which GitLab shows in a merge request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report import alerts
from repro.report.json_report import dumps
from repro.report.plain import plain
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.verdict import Verdict

name: Final = "gitlab"
suffixes: Final = (".codequality.json",)

SEVERITIES: Final = {
    Status.DIVERGENT: "critical",
    Status.INDETERMINATE: "major",
    Status.SUSPECT: "minor",
    Status.EQUIVALENT: "info",
    Status.IDENTICAL: "info",
}
"""GitLab's words, from `info` to `blocker`
(https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format)."""


def render(verdict: Verdict) -> str:
    """Write what somebody has to look at; the list is empty where that is nothing."""
    found = alerts.alerts(verdict)
    path = alerts.place(verdict.b)
    rows = [
        {
            "description": alerts.message(finding),
            "check_name": plain(finding.code, 60) or "NONE",
            "fingerprint": mark,
            "severity": SEVERITIES[finding.status],
            "location": {"path": path, "lines": {"begin": 1}},
        }
        for finding, mark in zip(found, alerts.fingerprints(found), strict=True)
    ]
    return dumps(rows)
