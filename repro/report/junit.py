"""The verdict as a test report, in the JUnit XML that GitLab, Jenkins and GitHub actions read."""

from __future__ import annotations

import re
from collections import Counter
from typing import TYPE_CHECKING, Final
from xml.etree.ElementTree import Element, SubElement, indent, tostring

from repro.manifest import SCOPES
from repro.report import alerts, layers, wording
from repro.report.plain import plain, prose, value
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.rules.finding import Finding
    from repro.verdict import Verdict

name: Final = "junit"
suffixes: Final = (".xml",)

OUTSIDE: Final = re.compile("[\ufffe\uffff]")
"""What XML 1.0 (2.2, Char) cannot hold, of what `plain` leaves."""
ENDS: Final = {1: "failure", 2: "error", 3: "error"}
"""How a case ends by the exit code that its status alone would give."""
OTHER: Final = "policy and shared"
"""The suite of findings that are no change: unmet demands, and faults on both sides."""


def render(verdict: Verdict) -> str:
    """Write a case for the verdict and one a finding, in a suite a scope.

    A case fails if the policy forbids its finding, and errs if it could not be judged: that would
    look like a pass if it were skipped. Waived findings and scopes left out are skipped.
    """
    root = Element("testsuites", name="repro")
    _verdict(root, verdict)
    names: Counter[tuple[str, str]] = Counter()
    for scope in (*SCOPES, OTHER):
        suite = Element("testsuite", name=f"repro: {scope}")
        for finding in (f for f in verdict.findings if _scope(f) == scope):
            _ended(_case(suite, finding, names), finding, verdict)
        for each in (w for w in verdict.waived if _scope(w.finding) == scope):
            case = _case(suite, each.finding, names)
            SubElement(case, "skipped", message=line(f"waived: {wording.waived(each)}"))
        if scope != OTHER and not len(suite):
            _quiet(suite, scope, verdict)
        if len(suite):
            root.append(suite)
    count(root)
    indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + tostring(root, encoding="unicode") + "\n"


def _verdict(root: Element, verdict: Verdict) -> None:
    suite = SubElement(root, "testsuite", name="repro: verdict")
    properties = SubElement(suite, "properties")
    for letter, side in (("A", verdict.a), ("B", verdict.b)):
        for key, text in (("name", side.name), ("digest", side.digest)):
            SubElement(properties, "property", name=f"{letter} {key}", value=line(text))
    case = SubElement(suite, "testcase", classname="repro", name="verdict", time="0")
    lines = [layers.compared(verdict), wording.measured(verdict), *wording.notes(verdict)]
    lines += [wording.tally_line(verdict), wording.exit_meaning(verdict)]
    headline = f"{verdict.status}: {wording.headline(verdict)}"
    ends(case, verdict.exit_code, headline, [each for each in lines if each])


def _case(suite: Element, finding: Finding, names: Counter[tuple[str, str]]) -> Element:
    """Add a case; readers take two of one name for one, so further ones are numbered."""
    kind = f".{finding.change.kind}" if finding.change else ""
    of = line(f"repro.{_scope(finding)}{kind}")
    called = line(f"{finding.code} {finding.subject}")
    names[of, called] += 1
    number = f" ({names[of, called]})" if names[of, called] > 1 else ""
    return SubElement(suite, "testcase", classname=of, name=called + number, time="0")


def _ended(case: Element, finding: Finding, verdict: Verdict) -> None:
    code = verdict.policy.exit_code(finding.status)
    if finding.status is Status.INDETERMINATE and not code:
        SubElement(case, "skipped", message=line(alerts.message(finding)))
        return
    lines = [alerts.message(finding)]
    for side, layer in layers.places(finding.origin):
        where = f"Layer: {side} {layer.layer}/{layer.of} {value(layer.digest, 40)}"
        lines.append(f"{where} {layer.step or ''}".rstrip())
    lines += [f"Source: {source}" for source in finding.sources]
    ends(case, code, f"{finding.status}: {alerts.title(finding)}", lines)


def ends(case: Element, code: int, headline: str, lines: Iterable[str]) -> None:
    """Let a case fail or err with what is to be said, or pass and say it."""
    body = "\n".join(map(line, lines))
    if code in ENDS:
        end = SubElement(case, ENDS[code], type="repro", message=line(headline))
        end.text = body
    else:
        SubElement(case, "system-out").text = f"{line(headline)}\n{body}"


def _quiet(suite: Element, scope: str, verdict: Verdict) -> None:
    case = SubElement(suite, "testcase", classname=f"repro.{scope}", name="nothing found", time="0")
    if scope in verdict.scopes.left_out:
        case.set("name", "not compared")
        SubElement(case, "skipped", message=line(layers.compared(verdict)))


def count(root: Element) -> None:
    """Count the cases of each suite, and of all, by how they ended."""
    for each in (*root, root):
        each.set("tests", str(len(list(each.iter("testcase")))))
        for key, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            each.set(key, str(len(list(each.iter(tag)))))


def _scope(finding: Finding) -> str:
    return finding.change.scope if finding.change else OTHER


def line(text: str) -> str:
    """Put a text on one line, without what XML cannot hold."""
    return OUTSIDE.sub(lambda found: f"\\u{ord(found[0]):04x}", plain(prose(text), 2000))
