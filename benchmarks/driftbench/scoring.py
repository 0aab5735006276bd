"""How opinions of pairs are counted: misses, false alarms, and whether the impact was right."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec

from benchmarks.driftbench.outcome import RANK

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from benchmarks.driftbench.pairs import Pair

TOKENS: Final = frozenset({"tokens"})
PROMPT: Final = frozenset({"prompt"})
PIXELS: Final = frozenset({"preprocessing"})
NUMBERS: Final = frozenset({"numerics"})
TEXT: Final = frozenset({"preprocessing", "prompt", "tokens"})
EXPECTED: Final[Mapping[str, frozenset[str]]] = {
    **dict.fromkeys(("tokenize_rust", "tokenize_auto", "tokenize_clip", "pieces", "ranks"), TOKENS),
    **dict.fromkeys(("chat_auto", "mistral_chat"), PROMPT | TOKENS),
    **dict.fromkeys(("prompts", "schemas", "process", "web"), PROMPT | TOKENS),
    **dict.fromkeys(("papers", "pages", "splits"), TEXT),
    **dict.fromkeys(("pictures", "opencv", "tones", "speech"), PIXELS),
    **dict.fromkeys(("sums", "signals", "forward", "search"), NUMBERS),
    **dict.fromkeys(("learned", "boosted", "leaves", "frames"), NUMBERS | PIXELS),
    "embed": NUMBERS | TOKENS,
    "draws": frozenset({"sampling", "numerics"}),
    "transforms": frozenset({"numerics", "sampling", "tokens"}),
}
"""The impacts that are right for a workload whose outputs changed."""


MEASURED: Final = frozenset({"MEASURED", "ROUNDING", "UNSTABLE"})
"""Codes of findings that a canary stands behind."""


class Opinion(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What one contender says of a pair."""

    said: str
    """`silent`, `alarm`, `unsure` (it says that it cannot tell) or `failed` (it does not run)."""
    verdict: str = ""
    """In repro's own words."""
    impacts: tuple[str, ...] = ()
    codes: tuple[str, ...] = ()


class Tally(msgspec.Struct, kw_only=True):
    """One contender's counts on one split; each row of the truth is `[told, of how many]`."""

    misses: int = 0
    changed: int = 0
    false_alarms: int = 0
    measured: int = 0
    """False alarms of which a canary saw a difference, though the workloads did not."""
    identical: int = 0
    exact: int = 0
    heard: int = 0
    """Changed pairs that raised an alarm, of a contender that names impacts."""
    rounding_told: int = 0
    rounding: int = 0
    errors_told: int = 0
    errors: int = 0
    unsure: int = 0
    failed: int = 0


def worst(answer: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the outcome that a pair has as a whole."""
    return max((str(found["outcome"]) for found in answer.values()), key=RANK.index)


def tally(
    every: Iterable[Pair],
    truths: Mapping[str, Mapping[str, Any]],
    opinions: Mapping[str, Mapping[str, Opinion]],
    split: str,
) -> dict[str, Tally]:
    """Count every contender's opinions of the pairs of one split."""
    found: dict[str, Tally] = {}
    for pair in every:
        if pair.split == split and pair.id in truths and pair.id in opinions:
            for name, opinion in opinions[pair.id].items():
                count(found.setdefault(name, Tally()), truths[pair.id], opinion)
    return found


def count(into: Tally, truth: Mapping[str, Mapping[str, Any]], opinion: Opinion) -> None:
    """Add one opinion of one pair."""
    alarm = opinion.said == "alarm"
    into.unsure += opinion.said == "unsure"
    into.failed += opinion.said == "failed"
    match worst(truth):
        case "identical":
            into.identical += 1
            into.false_alarms += alarm
            into.measured += alarm and bool(MEASURED & set(opinion.codes))
        case "rounding":
            into.rounding += 1
            into.rounding_told += alarm
        case "error":
            into.errors += 1
            into.errors_told += alarm
        case _:
            into.changed += 1
            into.misses += opinion.said in ("silent", "failed")
            if alarm and opinion.verdict:
                into.heard += 1
                into.exact += bool(set(opinion.impacts) & right(truth))


def wanted(pair: Pair) -> frozenset[str]:
    """Collect the impacts that somebody asks for whose program is the pair's workloads."""
    return frozenset().union(*(EXPECTED[name] for name in pair.workloads))


def right(truth: Mapping[str, Mapping[str, Any]]) -> frozenset[str]:
    """Collect the impacts that are right for the workloads that changed."""
    changed = (EXPECTED[name] for name, found in truth.items() if found["outcome"] == "changed")
    return frozenset().union(*changed)


def table(tallies: Mapping[str, Tally], split: str) -> str:
    """Write the counts of one split as a Markdown table."""
    head = (
        f"| {split} | missed | false alarms | of these measured | impact right | rounding told "
        "| errors told | unsure |"
    )
    lines = [head, "|---|---|---|---|---|---|---|---|"]
    for name, one in tallies.items():
        exact = _share(one.exact, one.heard) if one.heard else "–"
        cells = (
            _share(one.misses, one.changed),
            _share(one.false_alarms, one.identical),
            f"{one.measured}" if one.measured else "–",
            exact,
            _share(one.rounding_told, one.rounding),
            _share(one.errors_told, one.errors),
            f"{one.unsure}" + (f" (+{one.failed} failed)" if one.failed else ""),
        )
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _share(part: int, whole: int) -> str:
    return f"{part}/{whole} ({100 * part / whole:.0f} %)" if whole else "–"
