"""The statement that a gate let an image pass, or did not, in the vetted words for test results.

Source: https://github.com/in-toto/attestation, spec/predicates/test-result.md (v0.1).
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Annotated, Final, Literal

import msgspec

from repro.attest import statement as statements
from repro.attest.statement import Resource, Short, Statement
from repro.errors import AttestationError

if TYPE_CHECKING:
    from datetime import datetime

TYPE: Final = "https://in-toto.io/attestation/test-result/v0.1"
MOST: Final = 1000
"""Findings that are named."""
MANIFEST: Final = "repro manifest"
BASELINE: Final = "repro baseline"
POLICY: Final = "repro policy"

Result = Literal["PASSED", "WARNED", "FAILED"]
Names = Annotated[tuple[Short, ...], msgspec.Meta(max_length=MOST)]


class GateResult(msgspec.Struct, frozen=True, kw_only=True):
    """What a gate decided, about which manifest, beside which baseline, under which policy."""

    result: Result
    """WARNED: it may ship, for somebody answers for a finding, or one is below the threshold."""
    verdict: str
    manifest: str
    """The digest of the target's manifest, and so on."""
    baseline: str
    policy: str
    warned: tuple[str, ...] = ()
    failed: tuple[str, ...] = ()


class _Predicate(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    result: Result
    configuration: Annotated[tuple[Resource, ...], msgspec.Meta(max_length=100)]
    passed_tests: Names = ()
    warned_tests: Names = ()
    failed_tests: Names = ()
    repro_verdict: Short
    """An extension, as is the next one: the predicate itself has no time."""
    repro_attested_at: Short


def digest(document: bytes) -> str:
    """Return the digest of a policy's canonical JSON."""
    return f"sha256:{hashlib.sha256(document).hexdigest()}"


def statement(result: GateResult, name: str, image: str, when: datetime) -> Statement:
    """Say of an image in a registry, by its digest, what a gate decided."""
    predicate = _Predicate(
        result=result.result,
        configuration=(
            statements.about(MANIFEST, result.manifest),
            statements.about(BASELINE, result.baseline),
            statements.about(POLICY, result.policy),
        ),
        passed_tests=("repro gate",) if result.result != "FAILED" else (),
        warned_tests=result.warned[:MOST],
        failed_tests=result.failed[:MOST],
        repro_verdict=result.verdict,
        repro_attested_at=statements.moment(when),
    )
    return Statement(
        type=statements.TYPE,
        subject=(statements.about(name, image),),
        predicate_type=TYPE,
        predicate=msgspec.to_builtins(predicate),
    )


def read(found: Statement) -> GateResult:
    """Return the result in a statement; AttestationError where it is of another kind of test."""
    try:
        predicate = msgspec.convert(found.predicate, _Predicate)
    except (msgspec.ValidationError, RecursionError) as error:
        raise AttestationError(f"it is no result of a gate: {error}") from error
    named = {each.name: each.digest.get("sha256", "") for each in predicate.configuration}
    if missing := {MANIFEST, BASELINE, POLICY} - named.keys():
        raise AttestationError(f"it is no result of a gate: it names no {min(missing)}")
    if (predicate.result == "FAILED") != bool(predicate.failed_tests):
        raise AttestationError("its result is not what its findings say")
    return GateResult(
        result=predicate.result,
        verdict=predicate.repro_verdict,
        manifest=f"sha256:{named[MANIFEST]}",
        baseline=f"sha256:{named[BASELINE]}",
        policy=f"sha256:{named[POLICY]}",
        warned=predicate.warned_tests,
        failed=predicate.failed_tests,
    )
