"""What a user demands of a verdict: the threshold that fails, and the impacts that count."""

from __future__ import annotations

from typing import Literal

import msgspec

from repro.rules.finding import Impact, Status

FailOn = Literal["divergent", "suspect", "any", "never"]


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """Which statuses forbid, looking at which impacts."""

    fail_on: FailOn = "suspect"
    impacts: frozenset[Impact] = frozenset(Impact)

    def exit_code(self, status: Status) -> int:
        """0 nothing forbidden, 1 drift at or over the threshold, 3 indeterminate."""
        if self.fail_on == "never":
            return 0
        if status is Status.INDETERMINATE:
            return 3
        floor = {"divergent": Status.DIVERGENT, "suspect": Status.SUSPECT, "any": Status.EQUIVALENT}
        return int(status.rank >= floor[self.fail_on].rank)
