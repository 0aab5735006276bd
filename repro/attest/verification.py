"""Whether what is attached to an image is enough, and why not."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from repro.attest.judging import none_counts, too_old

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from repro.attest.judging import Judged


class Lack(NamedTuple):
    """Why it is not enough."""

    code: int
    """1: what was said forbids it; 3: nothing that counts says it."""
    why: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Wanted:
    """What has to be attached to an image besides its manifest."""

    gate: bool = True
    """The result of a gate; where it is not wanted, none is looked at: deleting one never helps."""
    policy: str | None = None
    """The digest of the policy that the gate has to have had."""
    max_age: int | None = None
    """Seconds."""


def lacks(found: Judged, wanted: Wanted, now: datetime) -> list[Lack]:
    """Say what is missing or forbids an image; nothing where it is verified."""
    return [*_manifest(found, wanted, now), *(_gate(found, wanted, now) if wanted.gate else ())]


def exit_code(lacking: list[Lack]) -> int:
    """0 verified, 1 forbidden, 3 nothing that counts; what forbids outranks what is missing."""
    codes = {lack.code for lack in lacking}
    return 1 if 1 in codes else 3 if codes else 0


def _manifest(found: Judged, wanted: Wanted, now: datetime) -> Iterator[Lack]:
    if found.manifest is None:
        yield Lack(3, f"no manifest counts: {none_counts(found)}")
    elif why := too_old(found.manifest, wanted.max_age, now):
        yield Lack(1, f"the manifest is too old: {why}")


def _gate(found: Judged, wanted: Wanted, now: datetime) -> Iterator[Lack]:
    gate = found.gate
    if gate is None:
        yield Lack(3, "no result of a gate counts; --no-gate asks for none")
        return
    if gate.what.result == "FAILED":
        yield Lack(1, f"the gate did not let it pass: {gate.what.verdict}")
    if why := too_old(gate, wanted.max_age, now):
        yield Lack(1, f"the result of the gate is too old: {why}")
    if wanted.policy not in (None, gate.what.policy):
        yield Lack(1, "the gate had another policy")
