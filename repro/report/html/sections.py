"""Which findings stand where on the page, and by what they can be sorted out."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.report import alerts, layers, wording
from repro.rules.finding import Basis, Impact, Status

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from repro.diff.origin import LayerOrigin
    from repro.rules.finding import Finding

ABOUT: Final = {
    Impact.TOKENS: "Which tokens the model is given",
    Impact.PROMPT: "What text the model is asked",
    Impact.PREPROCESSING: "How images, sound and features are prepared",
    Impact.SAMPLING: "Which token is drawn",
    Impact.NUMERICS: "What the arithmetic gives",
    Impact.BITS: "The last digits alone, which can flip a near-tie",
    Impact.COMPAT: "Whether it runs",
    Impact.SPEED: "How fast it is",
    Impact.NONE: "No output",
}
"""What each impact is, for people who read the word for the first time."""
WORDS: Final = {status: word for word, status in wording.COUNTED.items()}
"""Statuses in the words of the tally."""


class Row(NamedTuple):
    """One finding of a block: what differs from the others in it."""

    id: str
    finding: Finding
    sides: tuple[str, ...]
    layer: str
    """`B4`: the layer that brought it; empty where none is known."""
    where: str = ""
    """On which of many it is; empty of two."""


class Block(NamedTuple):
    """Findings of which all but subject and values is the same."""

    first: Finding
    rows: tuple[Row, ...]
    settles: str
    layers: list[tuple[str, LayerOrigin]]


class Section(NamedTuple):
    """Findings under one heading."""

    key: str
    title: str
    about: str
    status: Status
    """The worst of them."""
    blocks: tuple[Block, ...]

    @property
    def size(self) -> int:
        """How many findings there are in it."""
        return sum(len(block.rows) for block in self.blocks)


class Told(NamedTuple):
    """All sections of a page."""

    heavy: tuple[Section, ...]
    """Drift that matters by what it moves, and what could not be read; the worst first."""
    light: Section | None
    """Drift without effect, by its reason."""
    shared: Section | None
    """Faults on both sides."""


class Facet(NamedTuple):
    """One thing to sort out by."""

    name: str
    title: str
    choices: tuple[tuple[str, str, int], ...]
    """Value, its word, and how many findings have it."""


def tell(findings: Sequence[Finding], where: Sequence[str] = ()) -> Told:
    """Put findings under headings, each with a word on where it is if that is given."""
    rows = dict(zip(map(id, findings), _rows(findings, where), strict=True))
    heavy: dict[str, list[Finding]] = {}
    apart: dict[Status, list[Finding]] = {Status.EQUIVALENT: [], Status.IDENTICAL: []}
    for finding in findings:
        unread = finding.status is Status.INDETERMINATE
        key = "unreadable" if unread else finding.impact.value
        apart.get(finding.status, heavy.setdefault(key, [])).append(finding)
    found = [_section(key, alike, rows) for key, alike in heavy.items() if alike]
    light, shared = (apart[status] for status in (Status.EQUIVALENT, Status.IDENTICAL))
    return Told(
        heavy=tuple(sorted(found, key=_severity)),
        light=_light(light, rows) if light else None,
        shared=_section("shared", shared, rows) if shared else None,
    )


def facets(findings: Iterable[Finding]) -> tuple[Facet, ...]:
    """List by what findings can be sorted out, with the values that occur."""
    found = list(findings)
    statuses = Counter(finding.status for finding in found)
    impacts = Counter(finding.impact for finding in found)
    bases = Counter(finding.basis for finding in found)
    return (
        Facet(
            "status", "verdict", tuple((s, w, statuses[s]) for s, w in WORDS.items() if statuses[s])
        ),
        Facet("impact", "output", tuple((i, i, impacts[i]) for i in Impact if impacts[i])),
        Facet("basis", "known by", tuple((b, b, bases[b]) for b in Basis if bases[b])),
    )


def _rows(findings: Sequence[Finding], where: Sequence[str]) -> Iterable[Row]:
    marks = alerts.fingerprints(findings)
    places = where or [""] * len(findings)
    for finding, mark, place in zip(findings, marks, places, strict=True):
        yield Row(f"f-{mark[:12]}", finding, wording.sides(finding), _layer(finding), place)


def _layer(finding: Finding) -> str:
    place = layers.bringer(finding)
    return f"{place[0]}{place[1].layer}" if place else ""


def _section(key: str, findings: list[Finding], rows: dict[int, Row]) -> Section:
    title, about = {
        "unreadable": ("Could not be read", "Facts without which this cannot be judged"),
        "shared": ("On both sides", "Known faults that both have, so no drift"),
    }.get(key, (key.capitalize(), ABOUT.get(Impact(key), "") if key in list(Impact) else ""))
    worst = max((finding.status for finding in findings), key=lambda status: status.rank)
    blocks = tuple(_block(alike, rows) for alike in wording.alike(findings))
    return Section(key, title, about, worst, blocks)


def _light(findings: list[Finding], rows: dict[int, Row]) -> Section:
    """Put what has no effect under its reasons."""
    groups: dict[tuple[str, str, str], list[Finding]] = {}
    for finding in findings:
        key = (finding.why or finding.title, finding.impact, finding.basis)
        groups.setdefault(key, []).append(finding)
    blocks = tuple(_block(alike, rows) for alike in groups.values())
    about = "Differences that change no output"
    return Section("light", "No effect on outputs", about, Status.EQUIVALENT, blocks)


def _block(alike: list[Finding], rows: dict[int, Row]) -> Block:
    first = alike[0]
    own = tuple(rows[id(finding)] for finding in alike)
    return Block(first, own, wording.settles(first), layers.places(first.origin))


def _severity(section: Section) -> tuple[int, int]:
    known = list(Impact)
    place = known.index(Impact(section.key)) if section.key in known else -1
    return -section.status.rank, place
