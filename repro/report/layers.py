"""Which layers brought the findings, and what was compared: said alike in every report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.report import wording
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.diff.origin import LayerOrigin, Origins
    from repro.diff.scopes import Reason
    from repro.manifest import Scope
    from repro.rules.finding import Finding
    from repro.verdict import Verdict

HELD: Final[dict[Scope, str]] = {
    "image": "what the image holds",
    "process": "what the process sees",
    "host": "what the host is",
}


WHY: Final[dict[Reason, tuple[str, str]]] = {
    "not taken": ("was read, not run", "were read, not run"),
    "not seen": ("is a server that was asked", "are servers that were asked"),
    "host alone": ("is a host alone", "are hosts alone"),
}
"""Why a scope is left out: of one side, of both."""


class Brought(NamedTuple):
    """What one layer brought."""

    side: str
    """`A` or `B`."""
    layer: LayerOrigin
    findings: list[Finding]


def compared(verdict: Verdict) -> str:
    """Say what was compared and what was not; empty where nothing was left out."""
    scopes = verdict.scopes
    if not scopes.left_out:
        return ""
    servers = all(out.reason == "not seen" and out.sides[1:] for out in scopes.left_out.values())
    names = HELD | ({"process": "what the servers say"} if servers else {})
    held = _list(names[scope] for scope in scopes.compared) or "nothing"
    reasons: dict[str, list[str]] = {}
    for scope, out in scopes.left_out.items():
        sides = [side.upper() for side in out.sides]
        one, many = WHY.get(out.reason, ("", ""))
        why = f"{_list(sides)} {many if len(sides) > 1 else one}" if sides else ""
        reasons.setdefault(why, []).append(scope)
    return "; ".join([held, *(_left_out(why, names) for why, names in reasons.items())])


def _left_out(why: str, scopes: list[str]) -> str:
    were = "were" if len(scopes) > 1 else "was"
    return f"{_list(scopes)} {were} {f'not taken: {why}' if why else 'not asked for'}"


def _list(names: Iterable[str]) -> str:
    found = list(names)
    return " and ".join(filter(None, [", ".join(found[:-1]), *found[-1:]]))


def shared(verdict: Verdict) -> str:
    """Say how many layers the images share; empty where that is not known, or they are the same."""
    layers = verdict.layers
    if layers is None or verdict.same_image:
        return ""
    if not layers.a and not layers.b:
        return f"layers: all {layers.shared} shared"
    more = [f"{side} has {n} more" for side, n in (("A", layers.a), ("B", layers.b)) if n]
    return ", ".join([f"layers: {layers.shared} shared", *more])


def places(origin: Origins | None) -> list[tuple[str, LayerOrigin]]:
    """List the layers of a finding with the letters of their sides."""
    sides = (("A", origin.a), ("B", origin.b)) if origin else ()
    return [(side, layer) for side, layer in sides if layer]


def brought(findings: Iterable[Finding]) -> tuple[list[Brought], int]:
    """Group drift by the layer that brought it, the worst first; count what has no known layer."""
    groups: dict[tuple[str, int], Brought] = {}
    unknown = 0
    for finding in findings:
        if finding.status is Status.IDENTICAL:
            continue
        if not (found := bringer(finding)):
            unknown += 1
            continue
        side, layer = found
        group = groups.setdefault((side, layer.layer), Brought(side, layer, []))
        group.findings.append(finding)
    return sorted(groups.values(), key=_weight), unknown


def bringer(finding: Finding) -> tuple[str, LayerOrigin] | None:
    """Name the layer that brought a finding, with its side; None where none is known.

    That is the layer which the other image does not have: B's if both have one of their own, since
    B is what A is compared with.
    """
    found = places(finding.origin)[::-1]
    return min(found, key=lambda place: place[1].shared) if found else None


def tally(group: Brought) -> str:
    """`5 findings (2 divergent, 1 suspect)`; those without effect are in the count alone."""
    counts = Counter(finding.status for finding in group.findings)
    heavy = [(word, counts[status]) for word, status in wording.COUNTED.items()]
    named = [f"{n} {word}" for word, n in heavy if n and word not in ("equivalent", "shared")]
    total = f"{len(group.findings)} finding{'s' * (len(group.findings) != 1)}"
    return f"{total} ({', '.join(named)})" if named else total


def _weight(group: Brought) -> tuple[list[int], str, int]:
    counts = Counter(finding.status for finding in group.findings)
    worst = [-counts[status] for status in reversed(Status)]
    return worst, group.side, -group.layer.layer
