"""Small catalogues for tests of the engine: a rule of each way to fire."""

from __future__ import annotations

from typing import Any

from repro.rules.catalog import Bystander, Catalog, Kind
from repro.rules.finding import Basis, Impact
from repro.rules.rule import Condition, Example, Match, Rule, When


def rule(
    code: str = "XXX001",
    kind: str = "python.package",
    name: str | tuple[str, ...] = "lib",
    *,
    impact: Impact = Impact.TOKENS,
    basis: Basis = Basis.DOCUMENTED,
    requires: tuple[Condition, ...] = (),
    canary: str | None = None,
    **when: Any,
) -> Rule:
    """A rule that fires as `when` says; with nothing said, on another version."""
    return Rule(
        code=code,
        title="another version",
        impact=impact,
        basis=basis,
        match=Match(kind=kind, name=name),
        when=When(**(when or {"version": True})),
        requires=requires,
        why="It decides.",
        sources=("https://example.org/notes",),
        advice="Pin it.",
        canary=canary,
        example=(Example(fires=True),),
    )


KINDS = (
    Kind(kind="python.package", impact=Impact.NUMERICS, why="It may compute.", required=True),
    Kind(kind="os.package", impact=Impact.NONE, why="It computes nothing."),
    Kind(kind="setting", impact=Impact.NUMERICS, why="It may matter.", required=True),
    Kind(kind="cpu", impact=Impact.BITS, why="Kernels are chosen by it."),
    Kind(kind="kernel", impact=Impact.NONE, why="It has no part in arithmetic."),
    Kind(kind="gpu", impact=Impact.BITS, why="It computes.", required=True),
    Kind(kind="image.env", impact=Impact.NUMERICS, why="It may matter."),
    Kind(kind="cuda.library", impact=Impact.BITS, why="It computes.", required=True),
)


def catalog(*rules: Rule, kinds: tuple[Kind, ...] = KINDS, bystander: str = "tqdm") -> Catalog:
    """A catalogue of these rules, with a few kinds and one bystander."""
    return Catalog(rules, kinds, [Bystander(name=bystander, reason="It draws progress.")])
