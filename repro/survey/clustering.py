"""The subjects of a group judged against its reference, those alike together."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

import msgspec

from repro.diff import compare
from repro.manifest import SCOPES, Scope
from repro.rules.judge import judge
from repro.survey.model import Cluster
from repro.verdict import Verdict, decide

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from repro.diff.many import Fold
    from repro.manifest import Manifest
    from repro.policy import Policy
    from repro.rules.catalog import Catalog

Digests = tuple[tuple[Scope, str], ...]
"""Of the scopes that are compared."""


class Judge:
    """What is asked for in all comparisons of a survey alike."""

    def __init__(
        self,
        catalog: Catalog,
        policy: Policy,
        scopes: tuple[Scope, ...] | None,
        roots: frozenset[str],
    ) -> None:
        self._catalog, self._policy, self._asked, self._roots = catalog, policy, scopes, roots
        self.scopes = SCOPES if scopes is None else scopes

    def __call__(self, a: Manifest, b: Manifest) -> tuple[Verdict, tuple[Scope, ...]]:
        """Return the verdict on two, and the scopes in which anything differs."""
        comparison = compare(a, b, self._asked)
        findings = judge(comparison, self._catalog, self._roots)
        differs = {change.scope for change in comparison.changes}
        return decide(comparison, findings, self._policy), tuple(s for s in SCOPES if s in differs)


class _Judged(msgspec.Struct, kw_only=True):
    """Folds that are equal in all that is compared, and of which the same is to be said."""

    folds: list[int]
    names: list[str]
    digests: Digests
    verdict: Verdict
    differs: tuple[Scope, ...]
    reference: bool = False


class Clustering:
    """Makes clusters and numbers them, through all the groups of a survey."""

    def __init__(self, judge: Judge, manifests: Iterable[Manifest]) -> None:
        self._judge = judge
        self._ranks = _ranks(manifests)
        self._number = 0

    def __call__(
        self, folds: Sequence[Fold], reference: Manifest
    ) -> tuple[tuple[Cluster, ...], dict[int, int]]:
        """Judge folds; return clusters, the reference's first, and the cluster of each fold."""
        clusters: list[Cluster] = []
        numbers: dict[int, int] = {}
        found = self._judged(folds, reference)
        for each in sorted(found, key=_order):
            self._number += 1
            numbers.update(dict.fromkeys(each.folds, self._number))
            clusters.append(
                Cluster(
                    number=self._number,
                    names=tuple(sorted(each.names)),
                    verdict=each.verdict,
                    differs=each.differs,
                    variants={scope: self._ranks[scope, text] for scope, text in each.digests},
                    reference=each.reference,
                )
            )
        return tuple(clusters), numbers

    def _judged(self, folds: Sequence[Fold], reference: Manifest) -> list[_Judged]:
        found: dict[Digests, list[_Judged]] = {}
        for index, each in enumerate(folds):
            verdict, differs = self._judge(reference, each.manifest)
            held = each.manifest.digests
            digests = tuple((scope, getattr(held, scope)) for scope in verdict.scopes.compared)
            alike = found.setdefault(digests, [])
            same = next((a for a in alike if a.verdict.findings == verdict.findings), None)
            if same is None:
                same = _Judged(
                    folds=[], names=[], digests=digests, verdict=verdict, differs=differs
                )
                alike.append(same)
            same.folds.append(index)
            same.names += each.names
            same.reference |= _same(each.manifest, reference)
        return [judged for alike in found.values() for judged in alike]


def _same(a: Manifest, b: Manifest) -> bool:
    """Tell whether two manifests hold the same facts, and were taken in the same way."""
    modes = (side.target.properties.get("mode") for side in (a, b))
    return a.digests.whole == b.digests.whole and len(set(map(str, modes))) == 1


def _order(judged: _Judged) -> tuple[bool, int, int, Digests, list[str]]:
    """Put the reference first, then the worst, then the largest."""
    rank, size = judged.verdict.status.rank, len(judged.names)
    return not judged.reference, -rank, -size, judged.digests, sorted(judged.names)


def _ranks(manifests: Iterable[Manifest]) -> dict[tuple[Scope, str], int]:
    """Number the images, runs and hosts that there are, the most frequent first."""
    counts: dict[Scope, Counter[str]] = {scope: Counter() for scope in SCOPES}
    for manifest in manifests:
        for scope, counter in counts.items():
            counter[getattr(manifest.digests, scope)] += 1
    return {
        (scope, digest): rank
        for scope, counter in counts.items()
        for rank, (digest, _) in enumerate(
            sorted(counter.items(), key=lambda item: (-item[1], item[0])), 1
        )
    }
