"""A finding: a change, or a known fault, with what it does to model outputs."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from repro.diff.change import Change
from repro.diff.origin import Origins
from repro.rules.evidence import Evidence


class Impact(StrEnum):
    """Which outputs move, worst first."""

    TOKENS = "tokens"
    PROMPT = "prompt"
    PREPROCESSING = "preprocessing"
    SAMPLING = "sampling"
    NUMERICS = "numerics"
    BITS = "bits"
    COMPAT = "compat"
    SPEED = "speed"
    NONE = "none"

    @property
    def material(self) -> bool:
        """Whether outputs change beyond the rounding of single operations."""
        return self in MATERIAL


MATERIAL = frozenset(
    {Impact.TOKENS, Impact.PROMPT, Impact.PREPROCESSING, Impact.SAMPLING, Impact.NUMERICS}
)


class Basis(StrEnum):
    """How the impact is known, surest first."""

    MEASURED = "measured"
    DOCUMENTED = "documented"
    INFERRED = "inferred"


class Status(StrEnum):
    """What one finding, or all of them together, says of two targets; better first."""

    IDENTICAL = "identical"
    EQUIVALENT = "equivalent"
    SUSPECT = "suspect"
    INDETERMINATE = "indeterminate"
    DIVERGENT = "divergent"

    @property
    def rank(self) -> int:
        """0 for the best."""
        return RANKS[self]


RANKS = {status: rank for rank, status in enumerate(Status)}


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """What one change, or one fault that both sides share, means."""

    code: str
    """A rule's code (TOK001), or the code of the inference that spoke where no rule did."""
    title: str
    status: Status
    """IDENTICAL for a fault on both sides: worth a warning, but no drift."""
    impact: Impact
    basis: Basis
    change: Change | None
    """None for a fault that both sides share."""
    subject: str
    """What it is about, for people: `tokenizers`, `cudnn`, `NVIDIA_TF32_OVERRIDE`."""
    old: str | None
    """The decisive value on side A, printed; None where there is none."""
    new: str | None
    why: str
    sources: tuple[str, ...] = ()
    advice: str = ""
    canary: str | None = None
    """The canary that could settle it."""
    origin: Origins | None = None
    """Which layers it comes from, where the manifests say so."""
    evidence: Evidence | None = None
    """What canaries showed, of a finding that was measured."""
