"""The policy: which statuses forbid, and with what exit code."""

from __future__ import annotations

import pytest

from repro.policy import FailOn, Policy
from repro.rules.finding import Impact, Status


@pytest.mark.parametrize(
    ("fail_on", "codes"),
    [
        ("divergent", [0, 0, 0, 3, 1]),
        ("suspect", [0, 0, 1, 3, 1]),
        ("any", [0, 1, 1, 3, 1]),
        ("never", [0, 0, 0, 0, 0]),
    ],
)
def test_the_threshold_decides_what_fails(fail_on: FailOn, codes: list[int]) -> None:
    policy = Policy(fail_on=fail_on)
    assert [policy.exit_code(status) for status in Status] == codes


def test_by_default_suspicion_fails_and_every_impact_counts() -> None:
    assert Policy().fail_on == "suspect"
    assert Policy().impacts == frozenset(Impact)
