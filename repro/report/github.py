"""The verdict as annotations on GitHub: workflow commands, which a job prints."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from repro.report import alerts, wording
from repro.report.plain import plain, prose
from repro.rules.finding import Status

if TYPE_CHECKING:
    from repro.verdict import Verdict

name: Final = "github"
suffixes: Final[tuple[str, ...]] = ()

LIMIT: Final = 10
"""Annotations of a level that GitHub shows of one step; it drops the others without a word
(https://github.com/actions/toolkit/blob/main/docs/problem-matchers.md, "Limitations")."""
LEVELS: Final = {
    Status.DIVERGENT: "error",
    Status.INDETERMINATE: "error",
    Status.SUSPECT: "warning",
    Status.EQUIVALENT: "notice",
    Status.IDENTICAL: "notice",
}


def render(verdict: Verdict) -> str:
    """Write the verdict's command, then one a finding, at most `LIMIT` of a level."""
    sides = f"{plain(verdict.a.name)} → {plain(verdict.b.name)}"
    tally = f"{wording.tally_line(verdict)} {wording.exit_meaning(verdict)}"
    said = " ".join([f"{wording.headline(verdict)} ({sides}).", *wording.notes(verdict), tally])
    by_level: dict[str, list[tuple[str, str]]] = defaultdict(list)
    by_level[LEVELS[verdict.status]].append((f"repro: {verdict.status}", prose(said)))
    for finding in alerts.alerts(verdict):
        headline = f"{plain(finding.code, 60)} {alerts.title(finding)}"
        by_level[LEVELS[finding.status]].append((headline, alerts.message(finding)))
    ordered = dict.fromkeys(LEVELS.values())
    return "".join(line for level in ordered for line in commands(level, by_level[level]))


def commands(level: str, said: list[tuple[str, str]]) -> list[str]:
    """Write a command for each title and text, as many as GitHub shows of a level."""
    shown, more = said, 0
    if len(said) > LIMIT:
        shown, more = said[: LIMIT - 1], len(said) - LIMIT + 1
    if more:
        shown = [*shown, (f"repro: {more} more", "The text and JSON reports list them all.")]
    return [f"::{level} title={_property(title)}::{_data(text)}\n" for title, text in shown]


def _data(text: str) -> str:
    """Escape as the runner reads it (actions/toolkit, packages/core/src/command.ts)."""
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
