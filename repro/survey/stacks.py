"""Stacks in, a survey out: each service is compared with the one of its name."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from repro.diff.grouping import Grouping, Pattern
from repro.stack import WHOLE, Stack
from repro.survey.model import Baseline, Survey, Unjudged
from repro.survey.surveying import survey

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from repro.manifest import Manifest, Scope
    from repro.policy import Policy
    from repro.rules.catalog import Catalog

UNREAD = "Take the snapshot of the stack again, when all of it runs."


class Named(NamedTuple):
    """A stack, as whoever compares it calls it."""

    name: str
    stack: Stack

    def of(self, service: str) -> str:
        """Name a service of it; no service has an `@` in its name."""
        return f"{service}@{self.name}"

    @property
    def parts(self) -> dict[str, Manifest]:
        """Its services, and itself."""
        return {WHOLE: self.stack.stack, **self.stack.services}


def compared(
    stacks: Iterable[Named],
    catalog: Catalog,
    policy: Policy,
    *,
    baseline: Named | None = None,
    scopes: tuple[Scope, ...] | None = None,
    roots: Collection[str] = (),
    unjudged: Iterable[Unjudged] = (),
    notes: Iterable[str] = (),
) -> Survey:
    """Judge each service against the same one of the baseline, else against the most ordinary.

    A service that only one stack has is a finding about the stack: it is compared with nothing.
    """
    several = list(stacks)
    every = [*several, baseline] if baseline else several
    left = _left_out(scopes)
    shared = _shared(several, baseline) - left
    lost = [Unjudged(name=n, reason=r, advice=UNREAD) for each in every for n, r in _unread(each)]
    subjects = [
        (each.of(service), manifest)
        for each in several
        for service, manifest in each.parts.items()
        if service in shared
    ]
    return survey(
        subjects,
        catalog,
        policy,
        baselines=_baselines(baseline, shared) if baseline else (),
        grouping=Grouping(patterns=tuple(Pattern(name=n, match=(f"{n}@*",)) for n in shared)),
        scopes=scopes,
        roots=roots,
        unjudged=[*unjudged, *lost],
        notes=[*notes, *_alone(every, shared | left), *_said(left)],
        between=False,
    )


def _unread(each: Named) -> Iterator[tuple[str, str]]:
    yield from ((each.of(service), why) for service, why in each.stack.unread.items())


def _shared(stacks: list[Named], baseline: Named | None) -> set[str]:
    """Name what has a counterpart: in the baseline, else in another stack."""
    counts: dict[str, int] = {}
    for each in stacks:
        for part in each.parts:
            counts[part] = counts.get(part, 0) + 1
    if baseline:
        return {part for part in counts if part in baseline.parts}
    return {part for part, count in counts.items() if count > 1}


def _baselines(baseline: Named, shared: Collection[str]) -> list[Baseline]:
    return [
        Baseline(name=baseline.of(service), manifest=manifest, group=service)
        for service, manifest in baseline.parts.items()
        if service in shared
    ]


def _left_out(scopes: tuple[Scope, ...] | None) -> set[str]:
    """Leave out how a stack holds together where what runs was not asked for."""
    return {WHOLE} if scopes is not None and "process" not in scopes else set()


def _said(left: Collection[str]) -> Iterator[str]:
    if left:
        yield "how the services hold together was not compared: --scope leaves out the process"


def _alone(every: list[Named], known: Collection[str]) -> Iterator[str]:
    for each in every:
        for service in sorted(set(each.parts) - set(known)):
            yield f"{each.of(service)} has no counterpart that it could be compared with"
