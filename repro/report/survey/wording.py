"""What every report on many subjects says in the same words."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Final

from repro.manifest import SCOPES
from repro.report.wording import OUTCOME
from repro.rules.finding import Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.survey import Cluster, Group, Shown, Survey

UNJUDGED: Final = "unjudged"
CLAIM: Final = {
    Status.DIVERGENT: "outputs will differ on",
    Status.SUSPECT: "outputs may differ on",
    Status.INDETERMINATE: "this cannot be judged of",
    Status.EQUIVALENT: "something differs that changes no output, on",
}
SAID: Final = {"image": "image", "process": "run", "host": "host"}
"""Scopes in the words of a sentence."""


def clusters(survey: Survey) -> Iterator[Cluster]:
    """Yield the clusters of all groups, by number."""
    for group in survey.groups:
        yield from group.clusters


def tally(survey: Survey) -> dict[str, int]:
    """Count subjects by verdict, worst first, and those that could not be judged."""
    counts: Counter[Status] = Counter()
    for cluster in clusters(survey):
        counts[cluster.status] += len(cluster.names)
    worst_first = sorted(Status, key=lambda status: -status.rank)
    found = {status.value: counts[status] for status in worst_first}
    return {**found, UNJUDGED: len(survey.unjudged)}


def headline(survey: Survey) -> str:
    """Say what the survey found in one sentence without a full stop."""
    counts = tally(survey)
    if survey.status is Status.IDENTICAL:
        return f"{_all(survey)}: nothing differs in what was compared"
    count = counts[survey.status.value]
    if survey.status is Status.INDETERMINATE:
        count += counts[UNJUDGED]
    return f"{CLAIM[survey.status]} {count} of {subjects(survey.subjects)}"


def _all(survey: Survey) -> str:
    groups = len(survey.groups)
    where = f" in {groups} groups" if groups > 1 else ""
    return f"{subjects(survey.subjects)}{where}"


def subjects(count: int) -> str:
    """`1 subject`, `12 subjects`."""
    return f"{count:,} subject{'s' * (count != 1)}"


def axes(survey: Survey) -> str:
    """Tell the image and the host apart: how many subjects differ in which; empty for none."""
    counts: Counter[tuple[str, ...]] = Counter()
    for cluster in clusters(survey):
        if cluster.differs:
            counts[cluster.differs] += len(cluster.names)
    parts = [f"{count:,} in {_scopes(differs)}" for differs, count in _by_scopes(counts)]
    return "differ from the reference: " + "; ".join(parts) if parts else ""


def _by_scopes(counts: Counter[tuple[str, ...]]) -> list[tuple[tuple[str, ...], int]]:
    return sorted(
        counts.items(), key=lambda item: (len(item[0]), [_SCOPES.index(s) for s in item[0]])
    )


_SCOPES: Final[tuple[str, ...]] = SCOPES


def _scopes(differs: tuple[str, ...]) -> str:
    words = [SAID[scope] for scope in differs]
    if len(words) == 1:
        return f"the {words[0]} alone"
    return f"{', '.join(words[:-1])} and {words[-1]}"


def reference(group: Group) -> str:
    """Say with what a group is compared, and why with that."""
    if group.baseline:
        return "the baseline"
    alike = next((len(c.names) for c in group.clusters if c.reference), 1)
    others = f" and {alike - 1:,} more" if alike > 1 else ""
    return f"the most ordinary{others}: agrees with the most others in the most facts"


def differs(cluster: Cluster) -> str:
    """`image`, `run and host`; empty where nothing differs."""
    return " and ".join(SAID[scope] for scope in cluster.differs)


def shown(value: Shown) -> str:
    """A value of a row as it is printed."""
    if value.state == "unreadable":
        return "(unreadable)"
    if value.text is None:
        return "(none)" if value.state == "absent" else "(other)"
    return value.text


def tally_line(survey: Survey) -> str:
    """`FAIL [divergent:1 identical:59]`: subjects; what was not found is left out."""
    counts = " ".join(f"{word}:{count}" for word, count in tally(survey).items() if count)
    return f"{OUTCOMES[survey.exit_code]} [{counts or 'no subjects'}]"


OUTCOMES: Final = {**OUTCOME, 2: "INCOMPLETE"}


def exit_meaning(survey: Survey) -> str:
    """The exit code and what it stands for under this policy."""
    fail_on = survey.policy.fail_on
    meaning = {
        0: f"nothing that the threshold forbids (fail-on {fail_on})",
        1: f"drift at or over the threshold (fail-on {fail_on})",
        2: "some subjects could not be judged",
        3: "no verdict without what could not be read",
    }
    return f"exit {survey.exit_code}: {meaning[survey.exit_code]}"
