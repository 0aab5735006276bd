"""What a canary that came out otherwise means: here nothing has to be guessed."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.diff.measure import Measurement, measure
from repro.manifest import Absent, Component
from repro.rules.diverging import divergences, tell
from repro.rules.evidence import Evidence, evidence, shown
from repro.rules.finding import Basis, Finding, Impact, Status
from repro.rules.printing import short

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from repro.diff.change import Change, Comparison
    from repro.diff.measure import CaseChange
    from repro.manifest import Value

CODES: Final = {
    "MEASURED": "A fixed computation was run on both sides, and gave another result.",
    "ROUNDING": "A fixed computation was run on both sides; its bits differ by rounding alone.",
    "UNSTABLE": "A fixed computation does not give the same result each time in one place.",
    "INVALID": "Text with lone surrogates, which no valid input has, is taken otherwise.",
    "BROKEN": "A library that gave results on one side cannot be imported on the other.",
    "UNPAIRED": "A fixed computation, or some of it, ran on one side only, or in two editions.",
}
"""Codes of findings about canaries."""
NOUNS: Final = {
    "text": "texts tokenize differently",
    "template": "prompts are rendered differently",
    "random": "draws are different",
    "numerics": "computations give other results",
    "preprocessing": "inputs are prepared differently",
    "retrieval": "searches find other things",
    "model": "generations diverge",
    "own": "outputs diverge",
}
"""By family of canary: what is to be said of cases that changed."""
ADVICE: Final = "Pin what differs beside it, or accept the new result and take a new baseline."
SAME_BITS: Final = "same_bits"
"""Key of a value about two ways to one result; repro/probe/canary/record.py writes it."""
WITHOUT_EFFECT: Final = "Only texts with lone surrogates differ: UTF-8 cannot carry them."
BROKEN: Final = "cannot be imported"
"""How the reason of a canary begins whose library is there and fails: probe/canary/work.py."""
SHOWN: Final = 3
"""Cases that a finding shows."""


def measured(change: Change, comparison: Comparison) -> Iterator[Finding]:
    """Say what it means that a canary came out otherwise, or on one side only."""
    if not (isinstance(change.old, Component) and isinstance(change.new, Component)):
        yield _alone(change)
        return
    found = measure(change.old, change.new, comparison.a, comparison.b)
    if not found.comparable:
        why = "The sides ran two editions of this canary; take both snapshots with one release."
        yield _harmless(change, "UNPAIRED", "not comparable", why)
        return
    valid = [case for case in found.changed if case.valid]
    real, rounding, unsized = _sorted(valid)
    if len(valid) < len(found.changed):
        yield _harmless(change, "INVALID", "text that is none is taken otherwise", WITHOUT_EFFECT)
    if real:
        yield _differs(change, found, real)
    if rounding:
        yield _rounds(change, found, rounding)
    if unsized:
        yield _unsized(change, found, unsized)
    if found.unsettled:
        yield _unsettled(change, found.unsettled)
    if found.left_out:
        yield _left_out(change, found)
    if not (found.changed or found.unsettled or found.left_out):
        why = f"All {found.cases} cases gave the same; what is said of the canary itself differs."
        yield _harmless(change, "MEASURED", "the same result", why)


def _alone(change: Change) -> Finding:
    """Say of a canary with a result on one side only why the other has none."""
    reasons = [fact.reason for fact in (change.old, change.new) if isinstance(fact, Absent)]
    if not any(reason.startswith(BROKEN) for reason in reasons):
        return _harmless(change, "UNPAIRED", "run on one side only", "Nothing to compare it with.")
    return _finding(
        change,
        code="BROKEN",
        title="a library that works on one side only",
        status=Status.SUSPECT,
        impact=Impact.COMPAT,
        why=reasons[0],
        values=(None, None),
    )


def _sorted(cases: Sequence[CaseChange]) -> tuple[list[CaseChange], ...]:
    """Sort cases into other results, rounding and unknown sizes: once each, of 100,000 maybe."""
    real: list[CaseChange] = []
    rounding: list[CaseChange] = []
    unsized: list[CaseChange] = []
    for case in cases:
        if case.size is not None and not case.size.differing:
            unsized.append(case)
        else:
            (rounding if _is_rounding(case) else real).append(case)
    return real, rounding, unsized


def _is_rounding(case: CaseChange) -> bool:
    if case.size is not None:
        return case.size.rounding
    if all(_bits_alone(side.told.get("value")) for side in (case.old, case.new)):
        return True
    return all(d.rounding for d in found) if (found := divergences([case])) else False


def _bits_alone(value: object) -> bool:
    """Tell whether a value says no more than whether two ways to one result give the same bits."""
    return isinstance(value, dict) and value.keys() == {SAME_BITS}


def _differs(change: Change, found: Measurement, cases: Sequence[CaseChange]) -> Finding:
    noun = NOUNS.get(family(change.old), "cases gave another result")
    told = divergences(cases)
    telling = sorted(cases, key=_obscure)
    why = tell(told) if told else "; ".join(_case(case) for case in telling[:SHOWN])
    more = len(cases) - SHOWN
    texts = {case.text_name for case in cases} - {None}
    return _finding(
        change,
        code="MEASURED",
        title=f"{len(texts) or len(cases)} of {found.texts if texts else found.cases} {noun}",
        status=Status.DIVERGENT,
        impact=impact(change),
        why=why + (f"; and {more} more" if more > 0 and not told else "") + ".",
        values=shown(telling[0]),
        evidence=evidence(found, telling),
    )


def _obscure(case: CaseChange) -> tuple[bool, bool]:
    """Put cases first of which the text and both results can be shown."""
    return (None in shown(case), case.text is None)


def _rounds(change: Change, found: Measurement, cases: Sequence[CaseChange]) -> Finding:
    worst = min(cases, key=_distance)
    return _finding(
        change,
        code="ROUNDING",
        title=f"{len(cases)} of {found.cases} computations differ by rounding",
        status=Status.SUSPECT,
        impact=Impact.BITS,
        why=f"The most: {_case(worst)}. A near-tie can flip a token.",
        values=(None, None),
        evidence=evidence(found, sorted(cases, key=_distance)),
    )


def _distance(case: CaseChange) -> float:
    """Put the farthest first."""
    return -case.size.relative if case.size else 0.0


def _unsized(change: Change, found: Measurement, cases: Sequence[CaseChange]) -> Finding:
    """Say of arrays that differ only in values that were not kept: by how much, nobody knows."""
    names = ", ".join(case.name for case in cases[:SHOWN])
    return _finding(
        change,
        code="MEASURED",
        title=f"{len(cases)} of {found.cases} differ outside of the values that were kept",
        status=Status.SUSPECT,
        impact=impact(change),
        why=f"{names}: the bits differ, by how much is not known.",
        values=(None, None),
        evidence=evidence(found, cases),
    )


def _unsettled(change: Change, names: Sequence[str]) -> Finding:
    listed = ", ".join(names[:SHOWN]) + (f" and {len(names) - SHOWN} more" if names[SHOWN:] else "")
    return _finding(
        change,
        code="UNSTABLE",
        title="not the same each time, or not there, on one side",
        status=Status.SUSPECT,
        impact=impact(change),
        why=f"{listed}: one side has no one result to compare, while the other has.",
        values=(None, None),
    )


def _left_out(change: Change, found: Measurement) -> Finding:
    """Say of texts that one side's corpus has not that they were not compared: nobody knows."""
    count = len({name.partition("/")[2] for name in found.left_out})
    title = f"{count} texts not compared"
    why = (
        f"One side's corpus has not all of the other's texts; {found.cases} cases were compared, "
        "and the canary settles nothing. Take both snapshots with one release."
    )
    return _harmless(change, "UNPAIRED", title, why)


def _harmless(change: Change, code: str, title: str, why: str) -> Finding:
    return _finding(
        change,
        code=code,
        title=title,
        status=Status.EQUIVALENT,
        impact=Impact.NONE,
        why=why,
        values=(None, None),
    )


def _case(case: CaseChange) -> str:
    """Say of one case what went in and what came out: `'ſ s' (ids): [1, 2] → [3]`."""
    aspect, _, _ = case.name.partition("/")
    name = case.name if case.text is None else f"{short(case.text)!r} ({aspect})"
    if case.size is not None:
        return f"{name}: {distance(case)}"
    values = shown(case)
    return name if None in values else f"{name}: {values[0]} → {values[1]}"


def distance(case: CaseChange) -> str:
    """Say how far two arrays are apart: `2 ulp at most`, `3e-03 relative: beyond rounding`."""
    size = case.size
    if size is None or not size.differing:
        return "the bits differ outside of the values that were kept"
    if not size.floating:
        return f"{size.differing} of {size.values} values differ"
    ulps = f"{size.ulps} ulp at most, " if size.ulps is not None and size.rounding else ""
    beyond = "" if size.rounding else ": beyond rounding"
    return f"{ulps}{size.relative:.0e} relative in {size.differing} of {size.values}{beyond}"


def family(fact: object) -> str:
    """The family of a canary: `text`, `numerics`, …; empty where it says none."""
    properties = fact.properties if isinstance(fact, Component) else {}
    return str(properties.get("family", ""))


def impact(change: Change) -> Impact:
    """The worst impact that a canary says, on either side, that it can settle; else numerics."""
    sides = [fact for fact in (change.old, change.new) if isinstance(fact, Component)]
    said = [name for fact in sides for name in _listed(fact.properties.get("impacts"))]
    known = [Impact(name) for name in said if name in list(Impact)]
    return min(known, key=list(Impact).index, default=Impact.NUMERICS)


def _listed(value: Value) -> list[Value]:
    return value if isinstance(value, list) else []


def _finding(
    change: Change,
    *,
    code: str,
    title: str,
    status: Status,
    impact: Impact,
    why: str,
    values: tuple[str | None, str | None],
    evidence: Evidence | None = None,
) -> Finding:
    return Finding(
        code=code,
        title=title,
        status=status,
        impact=impact,
        basis=Basis.MEASURED,
        change=change,
        subject=f"{change.name} (canary)",
        old=values[0],
        new=values[1],
        why=why,
        advice=ADVICE if status.rank > Status.EQUIVALENT.rank else "",
        evidence=evidence,
    )
