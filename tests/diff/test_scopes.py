"""Which scopes are compared, and that nobody gets a pass by what was not looked at unawares."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from repro.diff import LeftOut, Scopes, compare
from repro.manifest import SCOPES, Fact, Manifest, Scope, Target, Unreadable, assemble
from repro.policy import Policy
from repro.rules import catalog as shipped
from repro.rules.finding import Status
from repro.rules.judge import judge
from repro.verdict import Verdict, decide
from tests.manifests import known, manifest, setting, unreadable
from tests.rules.making import catalog, rule
from tests.rules.random_cases import catalogs, manifests, pairs

if TYPE_CHECKING:
    from repro.rules.catalog import Catalog

lawful = settings(derandomize=True, max_examples=100, deadline=None, database=None)
REASON = "not run: only files were read"
PROCESS, HOST = ("setting", "framework", "cuda.library.loaded"), ("gpu", "cpu", "kernel")
PACKAGE = known("python.package", "lib", "1.0")


def static(*facts: Fact, reason: str = REASON, mode: str = "static") -> Manifest:
    """What is known of an image that was read and not run."""
    unread = [unreadable(kind, reason=reason) for kind in PROCESS]
    unread += [Unreadable(scope="host", kind=kind, name="*", reason=reason) for kind in HOST]
    held = [fact for fact in facts if fact.scope == "image"]
    target = Target(kind="image", name="static", properties={"mode": mode})
    return assemble(target, [*held, *unread])


def live(*facts: Fact) -> Manifest:
    return manifest(*facts, setting("LANG", "C"), known("cpu", "cpu"), name="live")


def verdict(a: Manifest, b: Manifest, table: Catalog | None = None, scopes: Any = None) -> Verdict:
    comparison = compare(a, b, scopes)
    return decide(comparison, judge(comparison, table or shipped.load()), Policy())


def not_taken(*sides: Any) -> Scopes:
    out = LeftOut(reason="not taken", sides=sides)
    return Scopes(compared=("image",), left_out={"process": out, "host": out})


@pytest.mark.parametrize(
    ("a", "b", "expected"),
    [
        (live(PACKAGE), live(PACKAGE), Scopes()),
        (live(PACKAGE), static(PACKAGE), not_taken("b")),
        (static(PACKAGE), live(PACKAGE), not_taken("a")),
        (static(PACKAGE), static(PACKAGE), not_taken("a", "b")),
    ],
    ids=["live", "B static", "A static", "both static"],
)
def test_what_a_side_was_not_taken_in_is_left_out_and_the_rest_passes(
    a: Manifest, b: Manifest, expected: Scopes
) -> None:
    found = verdict(a, b)
    assert found.scopes == compare(a, b).scopes == expected
    assert (found.status, found.exit_code) == (Status.IDENTICAL, 0)


def test_what_the_image_holds_is_judged_as_ever() -> None:
    other = known("python.package", "torch", "2.4.1"), known("python.package", "torch", "2.8.0")
    assert verdict(static(other[0]), static(other[1])).exit_code == 1
    assert verdict(live(other[0]), static(other[1])).exit_code == 1
    hidden = unreadable("python.package", "torch")
    assert verdict(static(other[0]), static(hidden)).exit_code == 3
    assert verdict(static(hidden), static(hidden)).exit_code == 3
    assert verdict(static(), static()).exit_code == 3, "nothing was read"


@pytest.mark.parametrize(
    "side",
    [
        static(PACKAGE, mode="live"),
        static(PACKAGE, reason="permission denied"),
        static(PACKAGE, reason="it was not run"),
        assemble(static().target, [*static(PACKAGE).facts, setting("X", "1"), known("cpu", "c")]),
        assemble(Target(kind="image", name="x"), static(PACKAGE).facts),
    ],
    ids=["of another mode", "for another reason", "in other words", "with a fact", "unsaid"],
)
def test_only_what_says_that_it_was_not_run_is_left_out(side: Manifest) -> None:
    assert compare(side, side).scopes == Scopes()
    assert verdict(side, side).exit_code == 3


def test_a_scope_with_one_fact_is_compared_and_the_other_is_not() -> None:
    half = assemble(static().target, [*static(PACKAGE).facts, setting("X", "1")])
    assert compare(half, half).scopes.compared == ("image", "process")
    assert verdict(half, half).exit_code == 3


def test_an_image_scope_that_was_not_taken_is_never_left_out() -> None:
    unread = Unreadable(scope="image", kind="python.package", name="*", reason=REASON)
    side = assemble(static().target, [*static().facts, unread])
    assert verdict(side, side).exit_code == 3


@pytest.mark.parametrize("asked", [("process",), ("host",), ("image", "process"), SCOPES])
@pytest.mark.parametrize("sides", [(live, static), (static, live), (static, static)])
def test_who_asks_for_a_scope_that_was_not_taken_gets_no_pass(asked: Any, sides: Any) -> None:
    found = verdict(sides[0](PACKAGE), sides[1](PACKAGE), scopes=asked)
    assert found.scopes.asked
    assert found.exit_code == 3


def test_the_reason_and_the_way_out_are_said() -> None:
    found = verdict(static(PACKAGE), static(PACKAGE), scopes=["process"])
    unread = [f for f in found.findings if f.code == "UNREAD"]
    assert unread
    assert all(f.advice.startswith("Only a run can tell") for f in unread if REASON in f.why)
    first, second = found.findings[:2]
    assert (first.code, first.title) == (second.code, second.title)
    assert (first.code, first.title) == ("NOTHING", "process was not taken")
    assert first.why == "A was read, not run, so nothing is known of its process."
    assert first.advice.endswith("or leave process out of --scope.")
    one = verdict(live(PACKAGE), static(PACKAGE), scopes=["process", "host"])
    assert (
        one.findings[0].why == "B was read, not run, so nothing is known of its process and host."
    )
    unheld = verdict(manifest(PACKAGE), live(PACKAGE), scopes=["process"])
    assert unheld.findings[0].why.startswith("A holds no fact of process that was read")
    denied = verdict(manifest(PACKAGE, unreadable("framework")), live(PACKAGE))
    assert any(f.advice.startswith("Make it readable") for f in denied.findings)


def test_scopes_that_are_asked_for_are_compared_and_the_others_are_named() -> None:
    a, b = (live(known("python.package", "torch", v), setting("X", v)) for v in ("1", "2"))
    for scope in SCOPES:
        comparison = compare(a, b, [scope])
        rest = {s: LeftOut(reason="not asked") for s in SCOPES if s != scope}
        assert comparison.scopes == Scopes(compared=(scope,), left_out=rest, asked=True)
        assert {change.scope for change in comparison.changes} <= {scope}
    assert verdict(a, b, scopes=["image"]).exit_code == 1
    assert verdict(a, b, scopes=["host"]).exit_code == 0
    everything = compare(a, b, ["host", "image", "process"])
    assert everything.scopes == Scopes(asked=True)
    assert everything.changes == compare(a, b).changes


@pytest.mark.parametrize("asked", [[], ["moon"], ["image", "moon"], ""])
def test_no_scope_and_one_that_there_is_not_are_refused(asked: Any) -> None:
    with pytest.raises(ValueError, match="one or more of image, process, host"):
        compare(live(), live(), asked)


def test_a_host_without_a_fact_is_no_host_that_is_the_same() -> None:
    side = manifest(PACKAGE)
    assert verdict(side, side).exit_code == 0
    assert verdict(side, side, scopes=["host"]).exit_code == 3
    assert verdict(side, side, scopes=["image", "host"]).exit_code == 3


def test_faults_of_what_is_not_compared_are_not_said() -> None:
    loaded = [
        known("cuda.library.loaded", "cudnn", version, location=f"/{version}")
        for version in ("8", "9")
    ]
    table = catalog(rule("XXX001", "cuda.library.loaded", "cudnn", copies=True))
    codes = [f.code for f in verdict(live(PACKAGE, *loaded), live(PACKAGE), table).findings]
    assert "XXX001" in codes
    assert verdict(live(PACKAGE, *loaded), static(PACKAGE), table).exit_code == 0
    image_alone = verdict(live(PACKAGE, *loaded), live(PACKAGE), table, ["image"])
    assert (image_alone.exit_code, image_alone.findings) == (0, ())


def test_what_an_image_declares_is_judged_where_no_process_is_compared() -> None:
    sides = [
        live(known("image.env", "VLLM_ATTENTION_BACKEND", value=value), setting("X", "1"),
             setting("VLLM_ATTENTION_BACKEND", "TRITON_ATTN"))
        for value in ("TRITON_ATTN", "FLASHINFER")
    ]  # fmt: skip
    one, other = sides
    read_one, read_other = (static(*side.facts) for side in sides)
    assert [f.code for f in verdict(one, other).findings] == ["DECLARED"]
    read = verdict(read_one, read_other)
    codes = {f.code for f in read.findings}
    assert codes
    assert "DECLARED" not in codes
    assert read.exit_code == 1
    for a, b in ((one, read_other), (read_one, other)):
        assert {f.code for f in verdict(a, b).findings} == codes
    assert {f.code for f in verdict(one, other, scopes=["image"]).findings} == codes


def test_one_image_read_and_run_is_the_same_image() -> None:
    facts = (PACKAGE, known("image.env", "X", value="1"))
    found = verdict(live(*facts), static(*facts))
    assert (found.status, found.same_image) == (Status.IDENTICAL, True)


def as_static(side: Manifest) -> Manifest:
    return static(*side.facts)


asked = st.sets(st.sampled_from(SCOPES), min_size=1)


@lawful
@given(pairs(), catalogs(), asked, st.integers(0, 1))
def test_law_who_asks_for_what_was_not_taken_never_passes(
    sides: tuple[Manifest, Manifest], table: Catalog, scopes: set[Scope], index: int
) -> None:
    assume(scopes & {"process", "host"})
    read = [as_static(s) if n == index else s for n, s in enumerate(sides)]
    assert verdict(read[0], read[1], table, scopes).exit_code != 0


@lawful
@given(pairs(), catalogs(), asked, st.data())
def test_law_within_the_scopes_asked_for_what_becomes_unreadable_betters_nothing(
    sides: tuple[Manifest, Manifest], table: Catalog, scopes: set[Scope], data: st.DataObject
) -> None:
    assume(verdict(*sides, table, scopes).exit_code != 0)
    index = data.draw(st.integers(0, 1))
    components = [f for f in sides[index].facts if not isinstance(f, Unreadable)]
    assume(components)
    fact = data.draw(st.sampled_from(components))
    scope, kind, name = fact.key
    hidden = Unreadable(scope=scope, kind=kind, name=name, reason=REASON)
    target = Target(kind="image", name="x", properties={"mode": "static"})
    less = assemble(target, [*(f for f in sides[index].facts if f != fact), hidden])
    pair = [less if n == index else s for n, s in enumerate(sides)]
    assert verdict(pair[0], pair[1], table, scopes).exit_code != 0


@lawful
@given(manifests, manifests, catalogs())
def test_law_what_is_left_out_is_named(a: Manifest, b: Manifest, table: Catalog) -> None:
    for left, right in ((as_static(a), b), (a, as_static(b)), (as_static(a), as_static(b))):
        found = verdict(left, right, table)
        assert set(found.scopes.compared) | set(found.scopes.left_out) == set(SCOPES)
        assert set(found.scopes.left_out) == {"process", "host"}
        scopes = {finding.change.scope for finding in found.findings if finding.change}
        assert scopes <= {"image"}
