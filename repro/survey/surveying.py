"""Many manifests in, a survey out: each group judged against its reference."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, NamedTuple

from repro.diff.grouping import Grouping, UnplacedError, place
from repro.diff.many import Agreement, Fold, fold
from repro.errors import UsageError
from repro.manifest import Manifest, Scope
from repro.rules.finding import Status
from repro.survey.clustering import Clustering, Judge
from repro.survey.model import Baseline, Between, Group, Survey, Unjudged
from repro.survey.rows import Table

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from repro.policy import Policy
    from repro.rules.catalog import Catalog

Named = tuple[str, Manifest]
NO_GROUPS = Grouping()


def survey(
    subjects: Iterable[Named],
    catalog: Catalog,
    policy: Policy,
    *,
    baselines: Iterable[Baseline] = (),
    grouping: Grouping = NO_GROUPS,
    scopes: tuple[Scope, ...] | None = None,
    roots: Collection[str] = (),
    unjudged: Iterable[Unjudged] = (),
    notes: Iterable[str] = (),
    between: bool = True,
) -> Survey:
    """Judge each subject against the baseline of its group, else against its most ordinary subject.

    Names are unique. A subject that is alone, or whose group cannot be told, is not judged. The
    order of the subjects has no say in the result. `between`: whether the groups' references are
    compared with each other, too. UsageError for two baselines of one group.
    """
    judge = Judge(catalog=catalog, policy=policy, scopes=scopes, roots=frozenset(roots))
    every = list(subjects)
    placed, lost = _placed(every, grouping)
    given = _given(baselines, grouping)
    compared = {name: each for name, each in placed.items() if len(each) > 1 or name in given}
    lost += [_alone(each[0][0], name) for name, each in placed.items() if name not in compared]
    without = sorted([*unjudged, *lost], key=lambda each: (each.name, each.reason))
    clustering = Clustering(judge, [m for each in compared.values() for _, m in each])
    sides = {name: _sides(members, given.get(name), judge) for name, members in compared.items()}
    groups = tuple(_group(name, side, clustering) for name, side in sorted(sides.items()))
    return Survey(
        status=_worst([*(g.status for g in groups), *(Status.INDETERMINATE for _ in without)]),
        subjects=sum(group.size for group in groups) + len(without),
        groups=groups,
        unjudged=tuple(without),
        between=tuple(_between(sides, judge)) if between else (),
        policy=policy,
        notes=(*notes, *_unused(given, placed)),
        probed={name: at for name, manifest in every if (at := _probed(manifest))},
    )


def _probed(manifest: Manifest) -> str:
    at = manifest.volatile.get("probed_at")
    return at if isinstance(at, str) else ""


class _Sides(NamedTuple):
    """The folds of a group, and the one that is its reference."""

    folds: tuple[Fold, ...]
    agreement: Agreement
    """Of the folds, and of a baseline, which counts for nobody."""
    reference: Fold
    own: int
    """The reference's place in the agreement."""
    baseline: bool


def _sides(members: list[Named], baseline: Baseline | None, judge: Judge) -> _Sides:
    folds = fold(members)
    if baseline:
        outside = Fold(names=(), manifest=baseline.manifest)
        agreement = Agreement([*folds, outside], judge.scopes)
        reference = Fold(names=(baseline.name,), manifest=baseline.manifest)
        return _Sides(folds, agreement, reference, len(folds), baseline=True)
    agreement = Agreement(folds, judge.scopes)
    own = agreement.ordinary()
    return _Sides(folds, agreement, folds[own], own, baseline=False)


def _group(name: str, sides: _Sides, clustering: Clustering) -> Group:
    clusters, numbers = clustering(sides.folds, sides.reference.manifest)
    table = Table(sides.agreement, sides.own, sides.folds, numbers)
    return Group(
        name=name,
        size=sum(each.size for each in sides.folds),
        status=_worst(cluster.status for cluster in clusters),
        reference=sides.reference.names[0],
        baseline=sides.baseline,
        clusters=clusters,
        rows=table.rows(clusters),
    )


def _placed(
    subjects: Iterable[Named], grouping: Grouping
) -> tuple[dict[str, list[Named]], list[Unjudged]]:
    found: dict[str, list[Named]] = defaultdict(list)
    lost = []
    for name, manifest in subjects:
        try:
            found[place(name, manifest, grouping)].append((name, manifest))
        except UnplacedError as error:
            reason = f"what decides about its group could not be read: {error}"
            lost.append(
                Unjudged(
                    name=name, reason=reason, advice="Make it readable, or group by another fact."
                )
            )
    return dict(found), lost


def _given(baselines: Iterable[Baseline], grouping: Grouping) -> dict[str, Baseline]:
    """Find the group of each baseline; UsageError where it has none, or another one is there."""
    found: dict[str, Baseline] = {}
    for each in baselines:
        try:
            group = place(each.name, each.manifest, grouping, each.group)
        except UnplacedError as error:
            raise UsageError(
                f"baseline {each.name}: what decides about its group could not be read: {error}",
                advice="Name another baseline, or group by another fact.",
            ) from error
        if group in found:
            where = f" of the group {group}" if group else ""
            raise UsageError(
                f"two baselines{where}: {found[group].name} and {each.name}",
                advice="Name one for each group.",
            )
        found[group] = each
    return found


def _unused(given: Iterable[str], placed: Collection[str]) -> Iterator[str]:
    for group in sorted(set(given) - set(placed)):
        yield f"there is a baseline for the group {group}, and no subject in it"


def _alone(name: str, group: str) -> Unjudged:
    where = f"in the group {group}" if group else "here"
    return Unjudged(
        name=name,
        reason=f"it is alone {where}, so there is nothing to compare it with",
        advice="Name a manifest that it should be like: --baseline FILE.",
    )


def _between(sides: dict[str, _Sides], judge: Judge) -> Iterator[Between]:
    ordered = sorted(sides.items())
    for name, side in ordered[1:]:
        first, reference = ordered[0]
        verdict, _ = judge(reference.reference.manifest, side.reference.manifest)
        yield Between(a=first, b=name, verdict=verdict)


def _worst(statuses: Iterable[Status]) -> Status:
    """Take the worst; to compare nothing is not to find nothing."""
    return max(statuses, key=lambda status: status.rank, default=Status.INDETERMINATE)
