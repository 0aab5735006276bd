"""A survey as annotations on GitHub: workflow commands, which a job prints."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from repro.report.github import LEVELS, commands
from repro.report.plain import plain, prose
from repro.report.survey import wording
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.survey import Survey

name: Final = "github"
suffixes: Final[tuple[str, ...]] = ()

NAMED: Final = 10
"""Subjects that an annotation names; the others are counted."""


def render(survey: Survey) -> str:
    """Write the survey's command, then one a cluster that differs, and one a subject not judged."""
    by_level: dict[str, list[tuple[str, str]]] = defaultdict(list)
    tally = f"{wording.tally_line(survey)} {wording.exit_meaning(survey)}"
    said = " ".join([f"{wording.headline(survey)}.", *survey.notes, tally])
    by_level[LEVELS[survey.status]].append((f"repro: {survey.status}", prose(said)))
    for cluster in wording.clusters(survey):
        if cluster.status.rank > Status.EQUIVALENT.rank:
            title = f"{cluster.status}: {_some(cluster.names)}"
            about = [f for f in cluster.verdict.findings if f.status is cluster.status]
            text = ", ".join(dict.fromkeys(f"{f.code} {f.subject}" for f in about))
            by_level[LEVELS[cluster.status]].append((title, prose(text)))
    for each in survey.unjudged:
        text = f"{each.reason} {each.advice}"
        by_level[LEVELS[Status.INDETERMINATE]].append(
            (f"not judged: {plain(each.name)}", prose(text))
        )
    ordered = dict.fromkeys(LEVELS.values())
    return "".join(line for level in ordered for line in commands(level, by_level[level]))


def _some(names: tuple[str, ...]) -> str:
    more = f" and {len(names) - NAMED:,} more" if len(names) > NAMED else ""
    return ", ".join(plain(each, 80) for each in names[:NAMED]) + more
