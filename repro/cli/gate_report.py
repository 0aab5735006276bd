"""What a report of a gate says, in the words of what is attached to an image."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from repro.attest.gate_result import GateResult, Result, digest
from repro.errors import UsageError
from repro.manifest.model import canonical
from repro.policy import Policy
from repro.report.json_report import LIMIT, parse
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.manifest import Manifest
    from repro.report.json_report import Report, ReportedFinding, ReportedPolicy

FLOOR: Final = {
    "divergent": Status.DIVERGENT,
    "suspect": Status.SUSPECT,
    "any": Status.EQUIVALENT,
    "never": Status.DIVERGENT,
}


def read(file: str, manifest: Manifest) -> GateResult:
    """Read a JSON report about a manifest; UsageError for one that cannot be a gate's."""
    try:
        with Path(file).open("rb") as opened:
            report = parse(opened.read(LIMIT + 1), file)
    except OSError as error:
        raise UsageError(
            f"{file}: {error.strerror}", advice="Make one: repro gate TARGET -f json=gate.json"
        ) from error
    if report.b.digest != manifest.digests.whole:
        raise UsageError(
            f"{file} is about another manifest than the one that is attached",
            advice="Gate this very manifest: repro gate MANIFEST -f json=gate.json",
        )
    _sane(report, file)
    return _result(report)


def policy_digest(policy: Policy | ReportedPolicy) -> str:
    """Return a digest of what a policy demands, in whatever order it names outputs."""
    demands = {
        "fail_on": policy.fail_on,
        "impacts": sorted(policy.impacts),
        "require": policy.require,
        "pins": policy.pins,
        "waivers": policy.waivers,
    }
    return digest(canonical(msgspec.to_builtins(demands)))


def _sane(report: Report, file: str) -> None:
    """Refuse a report that forbids nothing, and one whose parts do not fit."""
    if report.policy.fail_on == "never":
        raise UsageError(
            f"{file} is no gate's: with fail-on never it would let everything pass",
            advice="Gate with a threshold: divergent, suspect or any.",
        )
    if Policy(fail_on=report.policy.fail_on).exit_code(report.status) != report.exit_code:
        raise UsageError(
            f"{file} says {report.status} and exit code {report.exit_code}, which do not fit",
            advice="It was edited: gate again.",
        )


def _result(report: Report) -> GateResult:
    floor = FLOOR[report.policy.fail_on].rank
    over = [finding for finding in report.findings if finding.status.rank >= floor]
    under = [f for f in report.findings if Status.EQUIVALENT.rank < f.status.rank < floor]
    warned = _names([*under, *(each.finding for each in report.waived)])
    result: Result = "FAILED" if report.exit_code else "WARNED" if warned else "PASSED"
    return GateResult(
        result=result,
        verdict=report.status,
        manifest=report.b.digest,
        baseline=report.a.digest,
        policy=policy_digest(report.policy),
        warned=warned,
        failed=(_names(over) or (report.summary,)) if report.exit_code else (),
    )


def _names(findings: Iterable[ReportedFinding]) -> tuple[str, ...]:
    """Name findings, each once; what a target calls its parts is cut to what is taken."""
    return tuple(dict.fromkeys(f"{each.code} {each.subject}"[:500] for each in findings))
