"""What every report on many subjects says in the same words."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING, Final

import msgspec

from repro.manifest import SCOPES
from repro.report.wording import OUTCOME
from repro.rules.finding import Finding, Impact, Status

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.survey import Cluster, Group, Row, Shown, Survey

IMPACTS: Final = list(Impact)
NAMED: Final = 4
"""Facts that an explanation names; the others are counted."""


class Reason(msgspec.Struct, frozen=True, kw_only=True):
    """A rule that speaks of clusters of a group, said once."""

    finding: Finding
    """The worst of its findings."""
    subjects: tuple[str, ...]
    """What they are about, and how many more there are."""
    count: int
    """Subjects that it is about."""


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
    return "from the reference: " + "; ".join(parts) if parts else ""


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
    alike = next((len(c.names) for c in group.clusters if c.reference), 0)
    if group.baseline:
        if group.size == 1:
            return f"the baseline; the subject holds {'the same' if alike else 'other'} facts"
        return f"the baseline; of {group.size:,} subjects {alike:,} {_hold(alike)} the same facts"
    return f"the most ordinary of {group.size:,}; {subjects(alike)} {_hold(alike)} the same facts"


def _hold(count: int) -> str:
    return "holds" if count == 1 else "hold"


def differs(cluster: Cluster) -> str:
    """`image`, `run and host`; empty where nothing differs."""
    return " and ".join(SAID[scope] for scope in cluster.differs)


def shown(value: Shown) -> str:
    """A value of a row as it is printed."""
    if value.state == "unreadable":
        return "(unreadable)"
    if value.text is not None:
        return value.text
    compared = value.reference or value.codes or value.state == "absent"
    return "(none)" if compared else "(not compared)"


def cells(row: Row) -> list[str]:
    """The values of a row for a table: without the name of a field that all of them have."""
    texts = [shown(value) for value in row.values]
    fields = {text.partition("=")[0] for text in texts if not text.startswith("(")}
    if len(fields) != 1:
        return texts
    prefix = f"{fields.pop()}="
    return [text.removeprefix(prefix) or text for text in texts]


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


def reasons(group: Group) -> list[Reason]:
    """List the rules that say more than that a difference is harmless, worst first."""
    found: dict[tuple[str, Status, str], list[tuple[Finding, Cluster]]] = defaultdict(list)
    for cluster in group.clusters:
        for finding in cluster.verdict.findings:
            if finding.status is not Status.EQUIVALENT:
                found[finding.code, finding.status, finding.title].append((finding, cluster))
    return sorted(map(_reason, found.values()), key=_severity)


def _reason(told: list[tuple[Finding, Cluster]]) -> Reason:
    clusters = {cluster.number: len(cluster.names) for _, cluster in told}
    names = list(dict.fromkeys(finding.subject for finding, _ in told))
    more = [f"{len(names) - NAMED} more"] if len(names) > NAMED else []
    return Reason(
        finding=told[0][0], subjects=(*names[:NAMED], *more), count=sum(clusters.values())
    )


def _severity(reason: Reason) -> tuple[int, int, int, str]:
    finding = reason.finding
    return -finding.status.rank, IMPACTS.index(finding.impact), -reason.count, finding.code


def left_out(survey: Survey) -> str:
    """Say what was not compared, and of how many subjects; empty where all was."""
    counts: Counter[str] = Counter()
    for cluster in clusters(survey):
        for scope in cluster.verdict.scopes.left_out:
            counts[scope] += len(cluster.names)
    total = sum(group.size for group in survey.groups)
    alike: dict[int, list[str]] = defaultdict(list)
    for name, count in counts.items():
        alike[count].append(SAID[name])
    parts = (f"{' and '.join(words)} of {count:,} of {total:,}" for count, words in alike.items())
    return f"not {'; not '.join(parts)} subjects" if alike else ""
