"""A target judged against a baseline, as a policy demands."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING

from repro.demands import unmet
from repro.errors import UsageError
from repro.rules.catalog import load
from repro.rules.judge import judge
from repro.verdict import decide

if TYPE_CHECKING:
    from repro.cli.gate_policy import Demanded
    from repro.diff.change import Comparison
    from repro.verdict import Verdict


def baseline(given: str | None, demanded: Demanded) -> str:
    """Return the baseline that was named, else the policy's; UsageError where there is none."""
    chosen = given or demanded.baseline
    if chosen is None:
        raise UsageError(
            "the policy names no baseline",
            advice='Say baseline = "FILE" in it, or --baseline FILE.',
        )
    return chosen


def judged(comparison: Comparison, demanded: Demanded) -> Verdict:
    """Judge a target by its baseline, and put what the policy demands of the target first."""
    found = judge(comparison, load(), demanded.roots)
    policy, today = demanded.policy, datetime.now(UTC).date()
    return decide(comparison, [*unmet(comparison.b, policy), *found], policy, today)
