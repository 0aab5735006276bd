"""Judge every pair with repro and its rivals, and score the verdicts against the truth."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any, Final

import msgspec

from benchmarks.driftbench import rivals
from benchmarks.driftbench.pairs import HERE, Pair, Set, Side, pairs, pins, sets
from benchmarks.driftbench.places import (
    ROOT,
    MissingPythonError,
    copy,
    digest,
    environment,
    locked,
    model,
    variables,
)
from benchmarks.driftbench.run import TRUTH
from benchmarks.driftbench.scoring import Opinion, table, tally, wanted

RESULTS: Final = HERE / "results.json"
README: Final = HERE / "README.md"
OURS: Final = str(Path(sys.executable).with_name("repro"))
REPRO: Final = os.environ.get("DRIFTBENCH_REPRO", OURS)
"""The program that is scored: ours, or one that does not change meanwhile."""
MODES: Final = {"repro, rules alone": "--no-canary", "repro, with canaries": "--canaries"}
ASKED: Final = "--impact"
"""Added to a mode's name where only the impacts of the workloads are asked for."""
MEANING: Final = {
    "identical": rivals.SILENT,
    "equivalent": rivals.SILENT,
    "suspect": rivals.ALARM,
    "divergent": rivals.ALARM,
    "indeterminate": rivals.UNSURE,
}


def main() -> None:
    """Judge the pairs that are named, or all, and write `results.json` and the README's tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="*", help="ids (default: all)")
    parser.add_argument("--no-rivals", action="store_true", help="keep what they said before")
    parser.add_argument("--jobs", type=int, default=1)
    told = parser.parse_args()
    known, every = sets(), pairs()
    found = json.loads(RESULTS.read_text("utf-8")) if RESULTS.exists() else {}
    chosen = [pair for pair in every if not told.pairs or pair.id in told.pairs]
    with ThreadPoolExecutor(told.jobs) as pool:
        answers = pool.map(lambda pair: asked(pair, known, rival=not told.no_rivals), chosen)
        for pair, answer in zip(chosen, answers, strict=True):
            said = {name: one.verdict or one.said for name, one in answer.items()}
            print(pair.id, said or "skipped: a Python is missing", flush=True)
            if answer:
                found[pair.id] = {**found.get(pair.id, {}), **msgspec.to_builtins(answer)}
                _write(found, every)


def asked(pair: Pair, known: dict[str, Set], *, rival: bool) -> dict[str, Opinion]:
    """Collect all opinions of a pair; none where a Python that it needs is missing."""
    try:
        found = judged(pair, known)
        said = rivals.opinions(pair.a, pair.b, known) if rival else {}
    except MissingPythonError:
        return {}
    return found | {name: Opinion(said=answer) for name, answer in said.items()}


def _write(found: dict[str, Any], every: tuple[Pair, ...]) -> None:
    kept = {pair.id: found[pair.id] for pair in every if pair.id in found}
    RESULTS.write_text(json.dumps(dict(sorted(kept.items())), indent=1) + "\n", "utf-8")
    truths = json.loads(TRUTH.read_text("utf-8"))
    opinions = msgspec.convert(kept, dict[str, dict[str, Opinion]])
    lines = [table(tally(every, truths, opinions, split), split) for split in ("tune", "test")]
    begin, end = "<!-- results: begin -->", "<!-- results: end -->"
    text = README.read_text("utf-8")
    head, tail = text[: text.index(begin) + len(begin)], text[text.index(end) :]
    README.write_text("\n\n".join([head, *lines, tail]), "utf-8")


def judged(pair: Pair, known: dict[str, Set]) -> dict[str, Opinion]:
    """Let repro compare both sides in each of its modes, asked for everything and for less."""
    found = {}
    for name, option in MODES.items():
        sides = [str(snapshot(side, option, known)) for side in (pair.a, pair.b)]
        found[name] = compared(sides)
        found[f"{name}, {ASKED}"] = compared([*sides, ASKED, ",".join(sorted(wanted(pair)))])
    return found


def compared(arguments: list[str]) -> Opinion:
    """Run `repro diff`, and take its opinion."""
    command = [REPRO, "diff", *arguments, "-f", "json", "--fail-on", "never"]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    return opinion(json.loads(done.stdout))


def opinion(report: dict[str, Any]) -> Opinion:
    """Take from a JSON report what is scored: the verdict, and what moved it."""
    status = report["status"]
    heard = MEANING[status] != rivals.SILENT
    leading = [f for f in report["findings"] if heard and f["status"] == status]
    return Opinion(
        said=MEANING[status],
        verdict=status,
        impacts=tuple(sorted({f["impact"] for f in leading if f["impact"] != "none"})),
        codes=tuple(sorted({f["code"] for f in leading})),
    )


@cache
def version() -> str:
    """Tell one state of the probe from another: manifests are kept for one alone."""
    from repro.target.pack import program  # noqa: PLC0415  # The one that is installed here.

    return digest([program("probe"), program("canary")]) if REPRO == OURS else REPRO


def snapshot(side: Side, option: str, known: dict[str, Set]) -> Path:
    """Take a side's manifest with its model where every side's lies, as in a container."""
    folder = model(side)
    made = (pins(side, known), side.python, side.patches, side.env, folder and folder.name)
    path = ROOT / "manifests" / f"{digest((option, version(), made))}.json"
    interpreter, place = environment(side, known), ROOT / "place" / side.model
    with locked(ROOT / "place" / f"{side.model}.lock"):
        if not path.exists():
            if folder:
                shutil.rmtree(place, ignore_errors=True)
                copy(folder, place)
            path.parent.mkdir(exist_ok=True)
            at = ["--path", str(place)] if folder else []
            told = ["snapshot", f"python:{interpreter}", option, *at]
            env = variables(side, place if folder else None)
            subprocess.run(
                [REPRO, *told, "-o", str(path)], env=env, check=True, capture_output=True
            )
    return path


if __name__ == "__main__":
    main()
