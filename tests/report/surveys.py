"""Surveys of fleets made by hand, one for each thing that their reports must be able to say."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from repro.diff.grouping import Grouping, criterion
from repro.manifest import Component, Manifest, Target, assemble
from repro.policy import Policy
from repro.rules.finding import Impact
from repro.survey import Baseline, Survey, Unjudged, survey
from tests.manifests import known, manifest, setting, unreadable
from tests.report.cases import HOSTILE
from tests.rules.making import catalog, rule

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.manifest import Fact
    from repro.rules.rule import Rule


def _rule(  # noqa: PLR0917  # a row of a table
    code: str, kind: str, name: str, title: str, advice: str, impact: Impact
) -> Rule:
    return msgspec.structs.replace(
        rule(code, kind, name, impact=impact, any=True), title=title, advice=advice
    )


RULES = catalog(
    _rule(
        "TOK001",
        "python.package",
        "tokenizers",
        "added tokens are split in another way",
        "Pin tokenizers to one version on all hosts.",
        Impact.TOKENS,
    ),
    _rule(
        "GPU001",
        "gpu.driver",
        "nvidia",
        "the driver compiles kernels",
        "Update the driver to that of the others.",
        Impact.BITS,
    ),
    _rule(
        "SET004",
        "setting",
        "NVIDIA_TF32_OVERRIDE",
        "TF32 is forced on one side",
        "Set the variable to the same value everywhere, or unset it.",
        Impact.NUMERICS,
    ),
)
"""Rules of these samples alone: the catalogue that ships may change with every release."""


def _gpu(model: str) -> Component:
    properties = {"name": model, "capability": "9.0"}
    return Component(
        scope="host", kind="gpu.device", name="gpu0", source="nvml", properties=properties
    )


def host(
    name: str,
    *gone_or_more: Fact,
    tokenizers: str = "0.20.3",
    driver: str = "550.54.15",
    **more: Any,
) -> tuple[str, Manifest]:
    """A host that serves."""
    unread = {fact.kind for fact in gone_or_more}
    facts: list[Fact] = [
        known("image", "image", layers=["sha256:" + "1" * 64]),
        known("python.package", "tokenizers", tokenizers, environment="/opt/venv"),
        known("python.package", "torch", "2.5.1", environment="/opt/venv"),
        known("python.package", "tqdm", more.get("tqdm", "4.66.4"), environment="/opt/venv"),
        _gpu(more.get("gpu", "NVIDIA H100 80GB HBM3")),
        known("gpu.driver", "nvidia", driver),
        known("kernel", "linux", more.get("kernel", "6.8.0-45")),
        *([setting("NVIDIA_TF32_OVERRIDE", more["tf32"])] if "tf32" in more else []),
        setting("LANG", "C"),
    ]
    kept = [fact for fact in facts if fact.kind not in unread]
    return name, assemble(Target(kind="container", name=f"serve on {name}"), [*kept, *gone_or_more])


def _hosts(count: int, first: int = 1, **fields: Any) -> list[tuple[str, Manifest]]:
    return [host(f"h100-{number:02}", **fields) for number in range(first, first + count)]


def fleet() -> list[tuple[str, Manifest]]:
    """Sixty hosts, of which some are odd in their image, their run or their host."""
    return [
        *_hosts(52),
        *_hosts(4, 53, tqdm="4.67.0"),
        host("h100-57", tokenizers="0.21.2"),
        host("h100-58", driver="535.104.05", kernel="5.15.0-122"),
        host("h100-59", unreadable("gpu.device", reason="NVML error 999: unknown")),
        host("h100-60", tf32="0"),
    ]


BAD = Unjudged(
    name="h100-61",
    reason="not a manifest: Input data was truncated",
    advice="Name a file that `repro snapshot` wrote, or a target such as an image.",
)


@cache
def odd() -> Survey:
    """A fleet with odd ones, one of which could not be read at all."""
    notes = ["fleet/h100-01.json was named twice and counts once"]
    return survey(fleet(), RULES, Policy(), unjudged=[BAD], notes=notes)


@cache
def alike() -> Survey:
    """A fleet without a difference."""
    return survey(_hosts(12), RULES, Policy())


@cache
def grouped() -> Survey:
    """Two groups that are meant to differ, and one host alone."""
    others = [host(f"a100-{number}", gpu="NVIDIA A100", driver="535.1") for number in range(3)]
    lone = host("l40-1", gpu="NVIDIA L40S")
    subjects = [*_hosts(4), *others, host("a100-3", gpu="NVIDIA A100", tokenizers="0.21.2"), lone]
    grouping = Grouping(by=(criterion("gpu.device@name"),))
    return survey(subjects, RULES, Policy(), grouping=grouping)


@cache
def based() -> Survey:
    """All against a baseline that none is like."""
    name, evaluated = host("evaluated", tokenizers="0.19.1")
    base = Baseline(name=name, manifest=evaluated)
    return survey(_hosts(3), RULES, Policy(fail_on="divergent"), baselines=[base])


@cache
def split() -> Survey:
    """Two alike in all, and three that are like each other in their tokenizers alone."""
    alike = [("0.20.3", "1", "1")] * 2
    rest = [("0.21.2", number, number) for number in "234"]
    subjects = [
        (
            f"host-{n}",
            manifest(
                known("python.package", "tokenizers", version),
                known("kernel", "linux", kernel),
                known("os.package", "sed", package),
            ),
        )
        for n, (version, kernel, package) in enumerate([*alike, *rest])
    ]
    return survey(subjects, RULES, Policy())


@cache
def many() -> Survey:
    """More clusters, facts and names than fit."""
    subjects = [
        (
            f"rack-{n:03}/a-host-with-a-long-name-{n:03}.example.net",
            manifest(
                *(known("python.package", f"package-{i}", str(n % (i + 2))) for i in range(45))
            ),
        )
        for n in range(90)
    ]
    return survey(subjects, RULES, Policy())


@cache
def hostile() -> Survey:
    """Names, versions, groups and reasons that want to be more than text."""
    text = HOSTILE.replace("\ud800", "")  # A manifest cannot hold it; the name of a file can.
    facts = [known("python.package", text, v, owner=text) for v in (text, f"{text}2")]
    subjects = [
        (f"{HOSTILE}{n}", assemble(Target(kind=text, name=text), [facts[n == 2]])) for n in range(3)
    ]
    bad = Unjudged(name=f"={HOSTILE}", reason=HOSTILE, advice=HOSTILE)
    by = Grouping(by=(criterion("python.package@owner"),))
    return survey(subjects, RULES, Policy(), unjudged=[bad], notes=[HOSTILE], grouping=by)


@cache
def nothing() -> Survey:
    """Nothing that could be judged."""
    return survey([host("alone")], RULES, Policy(), unjudged=[BAD])


CASES: dict[str, Callable[[], Survey]] = {
    "odd": odd,
    "alike": alike,
    "grouped": grouped,
    "based": based,
    "split": split,
    "many": many,
    "hostile": hostile,
    "nothing": nothing,
}
