"""What a user demands: the threshold that fails, what must be known, what is pinned or waived."""

from __future__ import annotations

from datetime import date
from fnmatch import fnmatchcase
from typing import Literal

import msgspec

from repro.rules.finding import Finding, Impact, Status

FailOn = Literal["divergent", "suspect", "any", "never"]


class Waiver(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Drift that somebody answers for, until a day."""

    code: str
    """Of the findings that it is about."""
    subject: str = "*"
    """What they are about: a name, or a pattern."""
    owner: str
    reason: str
    expires: date
    """The last day on which it holds."""

    def covers(self, finding: Finding) -> bool:
        """Tell whether it is about a finding; what no policy may waive is about nobody."""
        named = fnmatchcase(finding.subject, self.subject)
        return finding.code == self.code and named and finding.code not in UNWAIVABLE


class Pin(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A component that must be of certain versions, or have a certain value."""

    kind: str
    name: str
    versions: str | None = None
    """A specifier (PEP 440): `==9.10.*`, `>=550,<600`."""
    value: str | None = None
    """The text of the component's value: of a setting, for example."""


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Which statuses forbid, looking at which impacts; and what else a gate demands."""

    fail_on: FailOn = "suspect"
    impacts: frozenset[Impact] = frozenset(Impact)
    require: tuple[str, ...] = ()
    """Facts that the target must have been read in: `kind`, or `kind:name`, with patterns."""
    pins: tuple[Pin, ...] = ()
    waivers: tuple[Waiver, ...] = ()

    def exit_code(self, status: Status) -> int:
        """0 nothing forbidden, 1 drift at or over the threshold, 3 indeterminate."""
        if self.fail_on == "never":
            return 0
        if status is Status.INDETERMINATE:
            return 3
        floor = {"divergent": Status.DIVERGENT, "suspect": Status.SUSPECT, "any": Status.EQUIVALENT}
        return int(status.rank >= floor[self.fail_on].rank)


UNWAIVABLE = frozenset({"REQUIRED", "PIN", "NOTHING"})
"""Codes of findings that the policy itself makes, or without which there is no comparison."""
