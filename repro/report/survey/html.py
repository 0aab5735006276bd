"""A survey as one page that needs no network: who is the odd one out, and in what."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, NamedTuple

from repro.manifest.model import canonical
from repro.report.survey import wording
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.rules.finding import Finding
    from repro.survey import Cluster, Group, Row, Shown, Survey

name: Final = "html"
suffixes: Final = (".html", ".htm")

COLUMNS: Final = 40
"""Clusters of a group that the table has."""
ROWS: Final = 400
"""Facts of a group that the table has."""
CLUSTERS: Final = 200
"""Clusters of a group that are listed."""
NAMED: Final = 12
"""Subjects of a cluster that are named."""
FINDINGS: Final = 5_000
"""Findings that are told; the others are counted."""


class Drawn(NamedTuple):
    """A group as the page has it."""

    of: Group
    columns: list[Cluster]
    rows: list[tuple[Row, dict[int, Shown]]]
    clusters: tuple[Cluster, ...]
    more: str
    """What is left out, in a sentence; empty for nothing."""


def render(survey: Survey) -> str:
    """Write the page; nothing in it is fetched, and nothing that an image says acts in it."""
    from repro.report.html import sections  # noqa: PLC0415 - Jinja costs what `--help` can do without
    from repro.report.html.rendering import page  # noqa: PLC0415

    found = list(_findings(survey))
    told = [finding for finding, _ in found[:FINDINGS]]
    return page(
        "survey.html.j2",
        survey=survey,
        wording=wording,
        named=NAMED,
        groups=[_drawn(group) for group in survey.groups],
        told=sections.tell(told, [where for _, where in found[:FINDINGS]]),
        facets=sections.facets(told),
        total=len(told),
        left=len(found) - len(told),
    )


def _drawn(group: Group) -> Drawn:
    heavy = [row for row in group.rows if row.status is not Status.EQUIVALENT]
    rows = [(row, _cells(row)) for row in heavy[:ROWS]]
    odd = [c for c in group.clusters if any(c.number in found for _, found in rows)]
    counts = {
        "facts without effect on outputs": len(group.rows) - len(heavy),
        "further facts": len(heavy) - len(rows),
        "clusters in the table": len(odd) - COLUMNS,
        "clusters in the list": len(group.clusters) - CLUSTERS,
    }
    left = ", ".join(f"{count:,} {what}" for what, count in counts.items() if count > 0)
    more = f"{left}." if left else ""
    return Drawn(group, odd[:COLUMNS], rows, group.clusters[:CLUSTERS], more)


def _cells(row: Row) -> dict[int, Shown]:
    """Find the value of each cluster that has another than the reference.

    Where the reference could not be read, nobody is known to be like it.
    """
    other = [shown for shown in row.values if not shown.reference or shown.status.rank]
    return {number: shown for shown in other for number in shown.clusters}


def _findings(survey: Survey) -> Iterator[tuple[Finding, str]]:
    """Yield each finding once, with the clusters that it is about."""
    told: dict[bytes, tuple[Finding, list[Cluster]]] = {}
    for cluster in wording.clusters(survey):
        for finding in cluster.verdict.findings:
            told.setdefault(canonical(finding), (finding, []))[1].append(cluster)
    for finding, clusters in told.values():
        yield finding, _where(clusters)


def _where(clusters: list[Cluster]) -> str:
    numbers = ", ".join(f"{cluster.number}" for cluster in clusters[:NAMED])
    more = f" and {len(clusters) - NAMED} more" if len(clusters) > NAMED else ""
    count = wording.subjects(sum(len(cluster.names) for cluster in clusters))
    return f"{count}, cluster{'s' * (len(clusters) > 1)} {numbers}{more}"
