"""The shapes of a survey: groups of clusters of subjects, and the facts in which they differ."""

from __future__ import annotations

from typing import Literal

import msgspec

from repro.manifest import Manifest, Scope
from repro.policy import Policy
from repro.rules.finding import Status
from repro.verdict import Verdict

State = Literal["known", "absent", "unreadable"]


class Baseline(msgspec.Struct, frozen=True, kw_only=True):
    """What the subjects of a group are compared with, and no subject itself."""

    name: str
    manifest: Manifest
    group: str | None = None
    """The group that it is for, as far as names decide; None where its own name says it."""


class Unjudged(msgspec.Struct, frozen=True, kw_only=True):
    """A subject of which nothing can be said; it makes a survey indeterminate."""

    name: str
    reason: str
    advice: str = ""


class Cluster(msgspec.Struct, frozen=True, kw_only=True):
    """Subjects whose manifests hold the same facts."""

    number: int
    """Counted from 1 through all groups: references first, then the largest."""
    names: tuple[str, ...]
    """Sorted."""
    verdict: Verdict
    """On the reference (A) and the first of the names (B)."""
    differs: tuple[Scope, ...]
    """The scopes in which something differs from the reference, or could not be read."""
    variants: dict[Scope, int]
    """Which of the survey's images, runs and hosts it has, the most frequent being 1; scopes that
    are not compared are left out."""
    reference: bool = False

    @property
    def status(self) -> Status:
        """What is to be said of each of its subjects."""
        return self.verdict.status


class Shown(msgspec.Struct, frozen=True, kw_only=True):
    """One value of a fact, and who has it."""

    text: str | None
    """As findings print it; None for what is not there, unreadable, or was not compared."""
    state: State
    count: int
    """Subjects, the reference's cluster among them."""
    clusters: tuple[int, ...]
    """Numbers, ascending."""
    status: Status
    """The worst of the findings about it; `identical` where there is none."""
    codes: tuple[str, ...]
    """Of these findings, worst first."""
    reference: bool = False
    majority: bool = False
    """Whether more than half of the group's subjects have it."""


class Row(msgspec.Struct, frozen=True, kw_only=True):
    """A fact in which subjects of a group differ from its reference."""

    scope: Scope
    kind: str
    name: str
    subject: str
    """Its name for people, as findings have it."""
    status: Status
    """The worst of its values'."""
    codes: tuple[str, ...]
    """Of the findings about it, worst first."""
    values: tuple[Shown, ...]
    """The reference's first, then the most frequent."""


class Group(msgspec.Struct, frozen=True, kw_only=True):
    """Subjects that are meant to be alike."""

    name: str
    """Empty where all are in one."""
    size: int
    """Its subjects."""
    status: Status
    """The worst of its clusters'."""
    reference: str
    """The name of the subject, or of the baseline, that all are compared with."""
    baseline: bool
    """Whether the reference was named; else it is the most ordinary subject."""
    clusters: tuple[Cluster, ...]
    """The reference's first, then the worst, then the largest."""
    rows: tuple[Row, ...]
    """The worst first."""


class Between(msgspec.Struct, frozen=True, kw_only=True):
    """What differs between the references of two groups: meant to, so it decides nothing."""

    a: str
    b: str
    verdict: Verdict


class Survey(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be said of many subjects."""

    status: Status
    """The worst of the groups'; `indeterminate` at best where a subject could not be judged."""
    subjects: int
    """All of them, those that could not be judged included."""
    groups: tuple[Group, ...]
    """By name."""
    unjudged: tuple[Unjudged, ...]
    """By name."""
    between: tuple[Between, ...]
    """The first group's reference against each of the others'."""
    policy: Policy
    notes: tuple[str, ...] = ()
    probed: dict[str, str] = {}
    """When each subject was taken, as its manifest says."""

    @property
    def exit_code(self) -> int:
        """As for two; where no drift counts, 2 for subjects that could not be judged."""
        code = self.policy.exit_code(self.status)
        return 2 if not code and self.unjudged else code
