"""The verdict for code scanning, in the Static Analysis Results Interchange Format 2.1.0."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from repro import __version__
from repro.report import alerts, layers, wording
from repro.report.json_report import dumps
from repro.report.markdown import SAFE_URL
from repro.report.plain import plain, prose, value
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.diff.origin import LayerOrigin
    from repro.policy import Waiver
    from repro.rules.finding import Finding
    from repro.verdict import Subject, Verdict

name: Final = "sarif"
suffixes: Final = (".sarif", ".sarif.json")

SCHEMA: Final = (
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
)
LIMIT: Final = 25_000
"""Results of a run that GitHub takes; it refuses a file with more (docs.github.com, "SARIF results
exceed limits")."""
LEVELS: Final = {
    Status.DIVERGENT: "error",
    Status.INDETERMINATE: "error",
    Status.SUSPECT: "warning",
    Status.EQUIVALENT: "note",
    Status.IDENTICAL: "note",
}
"""What could not be read is as grave as what differs: less information never looks better."""
MARK: Final = "primaryLocationLineHash"
"""The one fingerprint by which GitHub knows an alert again (docs.github.com, "SARIF support for
code scanning"); it is else made of a file's lines, and there is no such file."""
LINK: Final = re.compile(r"\](?=\()")
PLACEHOLDER: Final = re.compile(r"\{[0-9]+\}")
"""What means something in a message (SARIF 2.1.0, 3.11.5 and 3.11.6): links and arguments."""


def render(verdict: Verdict) -> str:
    """Write one run whose results are the findings that somebody has to look at, worst first."""
    found = alerts.alerts(verdict)
    waived = [each.finding for each in verdict.waived]
    shown = [*found, *waived][:LIMIT]
    rules = _rules(shown)
    index = {rule["id"]: number for number, rule in enumerate(rules)}
    results = [
        _result(finding, mark, index[_code(finding)], verdict)
        for finding, mark in zip(shown, alerts.fingerprints(shown), strict=True)
    ]
    for result, each in zip(results[len(found) :], verdict.waived, strict=False):
        result["suppressions"] = [_suppression(each.waiver)]
    run = {
        "tool": {"driver": {"name": "repro", "semanticVersion": __version__, "rules": rules}},
        "invocations": [_invocation(verdict, len(found) + len(waived) - len(shown))],
        "results": results,
        "properties": _properties(verdict),
    }
    return dumps({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]})


def _rules(findings: Iterable[Finding]) -> list[dict[str, Any]]:
    first: dict[str, Finding] = {}
    for finding in findings:
        first.setdefault(_code(finding), finding)
    return [_rule(code, finding) for code, finding in first.items()]


def _rule(code: str, finding: Finding) -> dict[str, Any]:
    sources = [source for source in finding.sources if SAFE_URL.fullmatch(source)]
    advice = prose(finding.advice, 600)
    text = " ".join(filter(None, [advice, f"More: repro rules explain {code}"]))
    rule = {
        "id": code,
        "shortDescription": _text(prose(finding.title, 200) or code),
        "fullDescription": _text(prose(finding.title, 200) or code),
        "help": _text("\n".join([text, *sources])),
        "defaultConfiguration": {"level": LEVELS[finding.status]},
        "properties": {"tags": [str(finding.impact)], "impact": str(finding.impact)},
    }
    return rule | ({"helpUri": sources[0]} if sources else {})


def _result(finding: Finding, mark: str, index: int, verdict: Verdict) -> dict[str, Any]:
    steps = {side: [_step(side, layer)] for side, layer in layers.places(finding.origin)}
    result = {
        "ruleId": _code(finding),
        "ruleIndex": index,
        "level": LEVELS[finding.status],
        "message": _text(alerts.message(finding)),
        "locations": [_location(verdict.b, steps.get("B"))],
        "partialFingerprints": {MARK: mark, "repro/v1": mark},
        "properties": {
            "status": str(finding.status),
            "impact": str(finding.impact),
            "basis": str(finding.basis),
        },
    }
    if "A" in steps:
        result["relatedLocations"] = [_location(verdict.a, steps["A"])]
    return result


def _location(subject: Subject, steps: list[dict[str, str]] | None) -> dict[str, Any]:
    uri = alerts.uri(alerts.place(subject))
    where = {"physicalLocation": {"artifactLocation": {"uri": uri}, "region": {"startLine": 1}}}
    return where | ({"logicalLocations": steps} if steps else {})


def _step(side: str, layer: LayerOrigin) -> dict[str, str]:
    """Name a layer, and the build step that made it, as a place that is no file."""
    where = f"{side} layer {layer.layer}/{layer.of} {value(layer.digest, 40)}"
    return {
        "kind": "layer",
        "fullyQualifiedName": where,
        "name": value(layer.step or "", 200) or where,
    }


def _suppression(waiver: Waiver) -> dict[str, str]:
    reason = f"{prose(waiver.reason, 500)}; {plain(waiver.owner)}, until {waiver.expires}"
    return {"kind": "external", "status": "accepted", "justification": reason}


def _invocation(verdict: Verdict, more: int) -> dict[str, Any]:
    lines = wording.notes(verdict)
    compared = layers.compared(verdict)
    lines += [f"Compared: {compared}."] if compared else []
    lines += [f"{more} more results are left out; the JSON report has them all."] if more else []
    notes = [{"level": "note", "message": _text(prose(line))} for line in lines]
    return {
        "executionSuccessful": True,
        "exitCode": verdict.exit_code,
        "exitCodeDescription": wording.exit_meaning(verdict),
        "toolExecutionNotifications": notes,
    }


def _properties(verdict: Verdict) -> dict[str, Any]:
    sides = (("a", verdict.a), ("b", verdict.b))
    return {
        "status": str(verdict.status),
        "summary": wording.headline(verdict),
        "tally": wording.tally(verdict),
    } | {letter: {"name": plain(s.name, 300), "digest": plain(s.digest)} for letter, s in sides}


def _code(finding: Finding) -> str:
    return plain(finding.code, 60) or "NONE"


def _text(text: str) -> dict[str, str]:
    """Write a message whose every character stands for itself."""
    apart = LINK.sub("] ", text)
    if PLACEHOLDER.search(apart):
        apart = apart.replace("{", "{{").replace("}", "}}")
    return {"text": apart}
