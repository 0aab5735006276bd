"""The verdict: the worst finding, put in order, with what the policy does not look at counted."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from repro.diff import Comparison, Layers, Scopes, compare
from repro.manifest import Layer, Target, assemble
from repro.policy import Policy
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.verdict import decide
from tests.manifests import known, manifest, setting

A = manifest(known("python.package", "lib", "1"), setting("X", "1"), name="left")
B = manifest(known("python.package", "lib", "2"), setting("X", "1"), name="right")
CHANGED: Comparison = compare(A, B)


def finding(status: Status, impact: Impact = Impact.NUMERICS, subject: str = "lib") -> Finding:
    return Finding(
        code="XXX001",
        title="t",
        status=status,
        impact=impact,
        basis=Basis.DOCUMENTED,
        change=None,
        subject=subject,
        old="1",
        new="2",
        why="w",
    )


def test_no_change_is_identical() -> None:
    assert decide(compare(A, A), [], Policy()).status is Status.IDENTICAL


def test_a_fault_of_both_sides_alone_is_still_identical() -> None:
    verdict = decide(compare(A, A), [finding(Status.IDENTICAL)], Policy())
    assert (verdict.status, verdict.exit_code) == (Status.IDENTICAL, 0)
    assert len(verdict.findings) == 1


def test_a_change_is_never_identical() -> None:
    assert decide(CHANGED, [], Policy()).status is Status.EQUIVALENT


def test_the_worst_finding_is_the_verdict() -> None:
    ranked = list(Status)
    for index, worst in enumerate(ranked[1:], 1):
        found = [finding(status) for status in reversed(ranked[: index + 1])]
        assert decide(CHANGED, found, Policy()).status is worst


def test_findings_come_worst_first_then_by_impact_then_by_name() -> None:
    found = [
        finding(Status.SUSPECT, Impact.BITS, "b"),
        finding(Status.SUSPECT, Impact.BITS, "a"),
        finding(Status.SUSPECT, Impact.TOKENS, "z"),
        finding(Status.DIVERGENT, Impact.SPEED, "y"),
    ]
    assert [f.subject for f in decide(CHANGED, found, Policy()).findings] == ["y", "z", "a", "b"]
    assert decide(CHANGED, reversed(found), Policy()) == decide(CHANGED, found, Policy())


def test_what_the_policy_does_not_look_at_is_counted_and_left_out() -> None:
    found = [finding(Status.DIVERGENT, Impact.SPEED), finding(Status.SUSPECT, Impact.TOKENS)]
    verdict = decide(CHANGED, found, Policy(impacts=frozenset({Impact.TOKENS})))
    assert (verdict.status, verdict.ignored) == (Status.SUSPECT, 1)
    assert [f.impact for f in verdict.findings] == [Impact.TOKENS]


def test_drift_that_nobody_looks_at_is_equivalent_and_not_identical() -> None:
    verdict = decide(
        CHANGED, [finding(Status.DIVERGENT)], Policy(impacts=frozenset({Impact.TOKENS}))
    )
    assert (verdict.status, verdict.exit_code, verdict.ignored) == (Status.EQUIVALENT, 0, 1)


def test_what_could_not_be_read_counts_whatever_the_policy_looks_at() -> None:
    found = [finding(Status.INDETERMINATE, Impact.BITS)]
    verdict = decide(CHANGED, found, Policy(impacts=frozenset({Impact.TOKENS})))
    assert (verdict.status, verdict.exit_code) == (Status.INDETERMINATE, 3)


@pytest.mark.parametrize("code", ["INFER", "SYS024", "SYS025"])
def test_what_nobody_knows_the_impact_of_counts_whatever_the_policy_looks_at(code: str) -> None:
    asked = Policy(impacts=frozenset({Impact.TOKENS}))
    suspect, settled = (
        msgspec.structs.replace(finding(status), code=code)
        for status in (Status.SUSPECT, Status.EQUIVALENT)
    )
    assert decide(CHANGED, [suspect], asked).status is Status.SUSPECT
    found = decide(CHANGED, [settled], asked)
    assert (found.status, found.ignored) == (Status.EQUIVALENT, 1)


def test_both_sides_are_named_with_their_digests() -> None:
    verdict = decide(CHANGED, [], Policy())
    assert (verdict.a.name, verdict.b.name, verdict.a.kind) == ("left", "right", "image")
    assert (verdict.a.digest, verdict.a.image_digest) == (A.digests.whole, A.digests.image)
    assert verdict.b.facts == 2


@pytest.mark.parametrize(
    ("kind", "properties", "told"),
    [
        (
            "image",
            {"id": "sha256:1", "digests": ["a/b@sha256:3", "b@sha256:2", "c@sha256:2"]},
            "run",
        ),
        ("image", {"id": "sha256:1", "digests": ["b@sha256:2"], "mode": "static"}, "read"),
        ("image", {"id": "sha256:1", "digest": "sha256:2", "mode": "static"}, "read"),
        ("container", {"image_id": "sha256:1", "digests": "sha256:2"}, None),
        ("directory", {"mode": "static"}, "read"),
        ("environment", {}, None),
        ("image", {"id": {"sha256:1": 1}, "digest": 2, "digests": [None], "mode": []}, "run"),
    ],
)
def test_a_side_says_which_image_it_is_and_how_it_was_looked_at(
    kind: str, properties: dict[str, Any], told: str | None
) -> None:
    target = Target(kind=kind, name="x", properties=properties)
    side = decide(compare(msgspec.structs.replace(A, target=target), B), [], Policy()).a
    assert side.mode == told
    assert side.image_id == ("sha256:1" if "sha256:1" in properties.values() else None)
    known_digests = [digest for digest in ("sha256:2", "sha256:3") if digest in str(properties)]
    wanted = known_digests if kind == "image" else []
    assert side.repo_digests == tuple(wanted)


def test_the_verdict_says_what_it_is_about() -> None:
    assert decide(CHANGED, [], Policy()).scopes == Scopes()
    image = decide(compare(A, B, ["image"]), [], Policy())
    assert image.scopes.compared == ("image",)
    assert list(image.scopes.left_out) == ["process", "host"]


def test_layers_in_common_are_counted_where_both_sides_say_theirs() -> None:
    layers = [Layer(digest=f"sha256:{digit * 64}") for digit in "abc"]
    left, right = (assemble(A.target, A.facts, layers=found) for found in (layers[:2], layers[1:]))
    assert decide(compare(left, right), [], Policy()).layers == Layers(shared=1, a=1, b=1)
    assert decide(compare(left, A), [], Policy()).layers is None


def test_the_same_image_is_told_from_the_image_scope_alone() -> None:
    assert not decide(CHANGED, [], Policy()).same_image
    other = manifest(known("python.package", "lib", "1"), setting("X", "2"))
    assert decide(compare(A, other), [], Policy()).same_image
