"""Stacks are compared service by service, and no service is silently missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repro.manifest import Component, Fact, Manifest, Target, assemble
from repro.policy import Policy
from repro.rules.catalog import load
from repro.rules.finding import Status
from repro.stack import SCHEMA, Stack
from repro.stack.facts import facts
from repro.survey.stacks import Named, compared
from tests.manifests import known
from tests.stack.test_facts import running

if TYPE_CHECKING:
    from repro.survey.model import Survey


def service(version: str = "0.13.2", **settings: str) -> Manifest:
    made: list[Fact] = [known("python.package", "tokenizers", version)]
    made += [known("setting", name, value=value) for name, value in settings.items()]
    return assemble(Target(kind="container", name="x"), made)


def named(name: str, lost: dict[str, str], **services: Manifest) -> Named:
    whole = facts([running(each) for each in (*services, *lost)], lost, {})
    made = assemble(Target(kind="stack", name=name), whole)
    stack = Stack(name=name, schema=SCHEMA, services=services, stack=made, unread=lost)
    return Named(name, stack)


def look(*stacks: Named, baseline: Named | None = None, **more: Any) -> Survey:
    return compared(stacks, load(), Policy(), baseline=baseline, **more)


def statuses(found: Survey) -> dict[str, Status]:
    return {group.name: group.status for group in found.groups}


A = named("a", {}, web=service(), db=service("0.13.2"))


def test_each_service_is_compared_with_its_own_kind() -> None:
    b = named("b", {}, web=service("0.13.3"), db=service("0.13.2"))
    found = look(b, baseline=A)
    assert statuses(found) == {
        "(stack)": Status.IDENTICAL,
        "web": Status.DIVERGENT,
        "db": Status.IDENTICAL,
    }
    assert (found.status, found.exit_code, found.between) == (Status.DIVERGENT, 1, ())


def test_alike_stacks_are_identical() -> None:
    assert look(A, baseline=A).status is Status.IDENTICAL


def test_a_service_that_is_missing_is_a_finding_on_whichever_side() -> None:
    less = named("b", {}, web=service())
    for one, other in ((A, less), (less, A)):
        found = look(one, baseline=other)
        assert statuses(found) == {"(stack)": Status.SUSPECT, "web": Status.IDENTICAL}
        assert found.exit_code == 1
        assert any("no counterpart" in note for note in found.notes)


def test_a_service_that_could_not_be_read_never_passes() -> None:
    dark = named("b", {"db": "it restarted while it was read"}, web=service())
    for one, other in ((A, dark), (dark, A), (dark, dark)):
        found = look(one, baseline=other)
        assert found.status is Status.INDETERMINATE
        assert found.exit_code == 3
        assert "it restarted while it was read" in [each.reason for each in found.unjudged]


def test_of_many_the_odd_one_out_is_named() -> None:
    odd = named("odd", {}, web=service("0.13.3"), db=service("0.13.2"))
    alike = [named(name, {}, **A.stack.services) for name in ("a", "b", "c")]
    found = look(*alike, odd)
    (group,) = (group for group in found.groups if group.name == "web")
    assert [cluster.names for cluster in group.clusters][-1] == ("web@odd",)


def test_names_of_services_are_no_patterns_and_replicas_are_apart() -> None:
    parts = {"w": service(), "w.b": service(), "w/2": service("0.13.3"), "2": service("0.13.2")}
    one = named("x/y@z", {}, **parts)
    assert set(statuses(look(one, baseline=one))) == {"(stack)", *parts}


def test_where_the_process_is_left_out_the_stack_is_and_that_is_said() -> None:
    found = look(A, baseline=A, scopes=("image",))
    assert set(statuses(found)) == {"web", "db"}
    assert "--scope leaves out the process" in found.notes[-1]


def test_less_known_of_a_stack_is_never_better() -> None:
    b = named("b", {}, web=service(), db=service("0.13.3"))
    full = look(b, baseline=A).status
    for fact in b.stack.stack.facts:
        assert isinstance(fact, Component)
        rest = assemble(b.stack.stack.target, [f for f in b.stack.stack.facts if f != fact])
        less = Named(
            "b", Stack(name="b", schema=SCHEMA, services=b.stack.services, stack=rest, unread={})
        )
        assert look(less, baseline=A).status.rank >= full.rank
