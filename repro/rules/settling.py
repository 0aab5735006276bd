"""Equal canaries settle what rules only suspect: measured, no change seen."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Final

import msgspec

from repro.diff.measure import KIND
from repro.diff.measured import Pair, pairs
from repro.manifest import Component, Unreadable
from repro.rules.device import Devices
from repro.rules.finding import Basis, Finding, Status
from repro.rules.measured import NOUNS, family

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.diff.change import Change, Comparison
    from repro.manifest import Fact

OUTPUTS: Final = "own"
"""The family of canaries that run the user's own model: they speak for `model`."""
PACKAGE: Final = "python.package"
LOADED: Final = ".loaded"
MAPS: Final = "maps of "
"""How the probe names the library whose process mapped a shared object."""
INFERRED: Final = "INFER"
"""The code of a finding that no rule stands behind."""
ENOUGH: Final = 20
"""Cases from which on the outputs of a model settle anything: a handful proves nothing."""


class Witness(msgspec.Struct, frozen=True, kw_only=True):
    """One canary that ran on both sides."""

    name: str
    family: str
    covers: tuple[str, ...]
    environments: tuple[str | None, str | None]
    device: str | None
    """`cpu` or `cuda`, of a library that can compute on both; None where there is no choice."""
    cases: int
    equal: bool

    @property
    def stem(self) -> str:
        """Its name without that of what it looks at: `text/transformers`."""
        return self.name.partition(":")[0]


class Settling:
    """Knows the canaries of a comparison, and changes findings that they settle."""

    def __init__(self, comparison: Comparison) -> None:
        self._witnesses = [_witness(each) for each in pairs(comparison)]
        self._doubtful = _doubtful(comparison)
        self._devices = Devices(comparison)

    def __call__(self, finding: Finding) -> Finding:
        """Return the finding, or what it becomes when all its canaries saw no change.

        Every canary of its family that exercises the component has to have run on both sides,
        in the same environment, with the same results; one that failed leaves the doubt. Where no
        rule speaks, all canaries that exercise the component are its canaries.
        """
        if finding.status not in (Status.SUSPECT, Status.DIVERGENT):
            return finding
        if not finding.canary and finding.code != INFERRED:
            return finding
        if finding.change is None or finding.basis is Basis.MEASURED:
            return finding
        found = self._speaking(finding.canary, finding.change)
        if not found or not all(witness.equal for witness in found):
            return finding
        cases = sum(witness.cases for witness in found)
        names = ", ".join(sorted(w.name for w in found)[:3]) + (" and others" if found[3:] else "")
        return msgspec.structs.replace(
            finding,
            status=Status.EQUIVALENT,
            basis=Basis.MEASURED,
            why=f"Measured: no change seen in {cases} cases ({names}). {finding.why}",
        )

    def _speaking(self, wanted: str | None, change: Change) -> list[Witness]:
        """List the canaries that speak for a family and a component; none where one failed.

        One that is wanted by its name speaks whatever it covers; without it nobody does.
        """
        family, _, name = (wanted or "").partition("/")
        families = {family, OUTPUTS} if family == "model" else {family} if family else set(NOUNS)
        if families & self._doubtful:
            return []
        found = [
            witness
            for witness in self._witnesses
            if witness.family in families
            and (witness.stem == wanted or any(_covers(each, change) for each in witness.covers))
            and self._applies(witness, change)
        ]
        return found if not name or any(witness.stem == wanted for witness in found) else []

    def _applies(self, witness: Witness, change: Change) -> bool:
        """Tell whether a canary ran where the component is, on what computes there, and enough."""
        return (
            _same_place(witness, change)
            and not (witness.device == "cpu" and self._devices.may_use(witness.name))
            and (witness.family != OUTPUTS or witness.cases >= ENOUGH)
        )


def _covers(pattern: str, change: Change) -> bool:
    kind, _, name = pattern.partition(":")
    return any(
        fnmatchcase(each, kind) and fnmatchcase(one, name or "*")
        for each, one in _exercised(change)
    )


def _exercised(change: Change) -> Iterator[tuple[str, str]]:
    """Yield what is run when a component is: what a library reports of itself and maps, it uses."""
    yield change.kind, change.name
    if change.kind == "framework":
        yield PACKAGE, change.name
    sources = {fact.source for fact in (change.old, change.new) if isinstance(fact, Component)}
    if change.kind.endswith(LOADED) and len(sources) == 1:
        yield PACKAGE, sources.pop().removeprefix(MAPS)


def _same_place(witness: Witness, change: Change) -> bool:
    """Tell whether a canary ran, on each side, in the environment that a component is in there."""
    sides = zip((change.old, change.new), witness.environments, strict=True)
    return all(_within(fact, place) for fact, place in sides)


def _within(fact: Fact | None, place: str | None) -> bool:
    own = fact.properties.get("environment") if isinstance(fact, Component) else None
    return own is None or place is None or own == place


def _witness(each: Pair) -> Witness:
    covers = each.canary.properties.get("covers")
    return Witness(
        name=each.canary.name,
        family=family(each.canary),
        covers=tuple(c for c in covers if isinstance(c, str)) if isinstance(covers, list) else (),
        environments=each.environments,
        device=each.canary.properties.get("device"),
        cases=each.measurement.cases if each.measurement else 0,
        equal=each.measurement.equal if each.measurement else False,
    )


def _doubtful(comparison: Comparison) -> set[str]:
    """Name the families of which a canary failed or was not run: the rest is not all of them."""
    facts = [fact for side in (comparison.a, comparison.b) for fact in side.facts]
    lost = [fact.name for fact in facts if fact.kind == KIND and isinstance(fact, Unreadable)]
    return set(NOUNS) if "*" in lost else {name.partition("/")[0] for name in lost}
