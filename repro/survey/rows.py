"""The facts in which subjects differ: which values there are, and who has them."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

import msgspec

from repro.rules.finding import Finding, Impact, Status
from repro.survey.model import Row, Shown, State

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from repro.diff.many import Agreement, Fold, Key, Value
    from repro.survey.model import Cluster

IMPACTS = list(Impact)
Found = dict[int, list[Finding]]
"""What is to be said of one fact, by the numbers of clusters."""


def _findings(clusters: Iterable[Cluster]) -> dict[Key, Found]:
    """Sort findings by what they are about, those that are waived among them."""
    found: dict[Key, Found] = defaultdict(lambda: defaultdict(list))
    for cluster in clusters:
        waived = (each.finding for each in cluster.verdict.waived)
        for finding in (*cluster.verdict.findings, *waived):
            if change := finding.change:
                found[change.scope, change.kind, change.name][cluster.number].append(finding)
    return found


class Table:
    """Knows who has what."""

    def __init__(
        self,
        agreement: Agreement,
        own: int,
        folds: Sequence[Fold],
        numbers: Mapping[int, int],
    ) -> None:
        """Take the place of the reference in the agreement, and the cluster of each fold."""
        self._agreement, self._own = agreement, own
        self._folds, self._numbers = folds, numbers
        self._subjects = sum(each.size for each in folds)

    def rows(self, clusters: Iterable[Cluster]) -> tuple[Row, ...]:
        """List each fact that differs in a cluster."""
        found = [self._row(key, told) for key, told in _findings(clusters).items()]
        return tuple(sorted(found, key=_severity))

    def _row(self, key: Key, told: Found) -> Row:
        own = self._agreement.value(self._own, key)
        values = sorted(self._values(key, told, own), key=_place)
        every = sorted((f for each in told.values() for f in each), key=_worst_first)
        return Row(
            scope=key[0],
            kind=key[1],
            name=key[2],
            subject=every[0].subject,
            status=every[0].status,
            codes=_codes(every),
            values=tuple(values),
        )

    def _values(self, key: Key, told: Found, own: Value | None) -> Iterable[Shown]:
        who: dict[Value | None, list[int]] = {own: []}
        for value, held in self._agreement.values(key).items():
            # A baseline is in the agreement, and is no subject: what it has is told all the same.
            if found := [index for index in held if index < len(self._folds)]:
                who[value] = found
        alike: dict[tuple[object, ...], Shown] = {}
        for value, folds in who.items():
            shown = self._shown(value, folds, told, reference=value == own)
            said = (shown.reference, shown.state, shown.text, shown.status, shown.codes)
            # What is said of two values in the same words is one value for a reader.
            alike[said] = self._joined(alike[said], shown) if said in alike else shown
        return alike.values()

    def _joined(self, one: Shown, other: Shown) -> Shown:
        count = one.count + other.count
        return msgspec.structs.replace(
            one,
            count=count,
            clusters=tuple(sorted({*one.clusters, *other.clusters})),
            majority=one.state != "unreadable" and 2 * count > self._subjects,
        )

    def _shown(
        self, value: Value | None, folds: list[int], told: Found, *, reference: bool
    ) -> Shown:
        clusters = sorted({self._numbers[index] for index in folds})
        count = sum(self._folds[index].size for index in folds)
        about = sorted((f for n in clusters for f in told.get(n, ())), key=_worst_first)
        said = (
            (f.old for each in told.values() for f in each) if reference else (f.new for f in about)
        )
        return Shown(
            text=None if value is None else _joined(said),
            state=_state(value),
            count=count,
            clusters=tuple(clusters),
            status=about[0].status if about else Status.IDENTICAL,
            codes=_codes(about),
            reference=reference,
            majority=value is not None and 2 * count > self._subjects,
        )


def _joined(texts: Iterable[str | None]) -> str | None:
    known = dict.fromkeys(text for text in texts if text is not None)
    return ", ".join(sorted(known)) or None


def _codes(findings: Iterable[Finding]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(finding.code for finding in findings))


def _state(value: Value | None) -> State:
    if value is None:
        return "unreadable"
    return "known" if value else "absent"


def _place(shown: Shown) -> tuple[bool, int, str, tuple[int, ...]]:
    return not shown.reference, -shown.count, shown.text or "", shown.clusters


def _worst_first(finding: Finding) -> tuple[int, int, str, str]:
    return -finding.status.rank, IMPACTS.index(finding.impact), finding.code, finding.subject


def _severity(row: Row) -> tuple[int, int, str, str, str]:
    return -row.status.rank, -row.values[0].count, row.scope, row.kind, row.name
