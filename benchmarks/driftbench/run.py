"""Build both sides of the pairs, run their workloads twice, and write down what came out."""

from __future__ import annotations

import argparse
import json
import subprocess
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Final

import msgspec

from benchmarks.driftbench.outcome import RANK, Outcome, judge
from benchmarks.driftbench.pairs import HERE, WORKLOADS, Pair, Set, Side, pairs, pins, sets
from benchmarks.driftbench.places import (
    ROOT,
    MissingPythonError,
    digest,
    environment,
    locked,
    model,
    variables,
)

if TYPE_CHECKING:
    from pathlib import Path

TRUTH: Final = HERE / "truth.json"
KEPT: Final = ROOT / "outputs"
SECONDS: Final = 900
"""A workload that takes longer has failed."""


def main() -> None:
    """Run the pairs that are named, or all, and merge what they say into `truth.json`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("pairs", nargs="*", help="ids (default: all)")
    parser.add_argument("--jobs", type=int, default=1)
    told = parser.parse_args()
    known = sets()
    every = pairs()
    chosen = [pair for pair in every if not told.pairs or pair.id in told.pairs]
    found = json.loads(TRUTH.read_text("utf-8")) if TRUTH.exists() else {}
    with ThreadPoolExecutor(told.jobs) as pool:
        for pair, answer in zip(chosen, pool.map(lambda p: attempt(p, known), chosen), strict=True):
            told_of = answer if isinstance(answer, str) else worst(answer)
            print(pair.id, pair.split, told_of, flush=True)
            if not isinstance(answer, str):
                found[pair.id] = msgspec.to_builtins(answer)
                _write({one.id: found[one.id] for one in every if one.id in found})


def _write(found: dict[str, Any]) -> None:
    text = json.dumps(dict(sorted(found.items())), indent=1, ensure_ascii=False)
    TRUTH.write_text(f"{text}\n", "utf-8")


def attempt(pair: Pair, known: dict[str, Set]) -> dict[str, Outcome] | str:
    """Return the truth about a pair, or why it cannot be had here."""
    try:
        return truth(pair, known)
    except MissingPythonError as error:
        return f"skipped: {error}"
    except subprocess.CalledProcessError as error:
        return f"not built: {error} {error.__notes__ if hasattr(error, '__notes__') else ''}"


def truth(pair: Pair, known: dict[str, Set], kept: Path = KEPT) -> dict[str, Outcome]:
    """Run each workload twice on both sides, and compare."""
    return {
        name: judge(*(outputs(side, name, known, kept) for side in (pair.a, pair.b)))
        for name in pair.workloads
    }


def worst(answer: dict[str, Outcome]) -> str:
    """Return the outcome that a pair has as a whole."""
    return max((found.outcome for found in answer.values()), key=RANK.index)


def outputs(side: Side, workload: str, known: dict[str, Set], kept: Path) -> list[dict[str, Any]]:
    """Return what a workload prints on a side, in two runs; kept, and run anew when it changes."""
    names = (f"{workload}.py", "corpus.py", "outputs.py")
    code = [(WORKLOADS / name).read_text("utf-8") for name in names]
    folder = model(side)
    made = (pins(side, known), side.python, side.patches, side.env, folder and folder.name)
    path = kept / f"{digest((code, made))}.json"
    with locked(path.with_suffix(".lock")):
        if not path.exists():
            interpreter = environment(side, known)
            runs = [run(interpreter, workload, variables(side, folder)) for _ in range(2)]
            path.write_text(json.dumps(runs), "utf-8")
    return list(json.loads(path.read_text("utf-8")))


def run(interpreter: str, workload: str, env: dict[str, str]) -> dict[str, Any]:
    """Run a workload once: its outputs, or the last line that it complained with."""
    command = [interpreter, str(WORKLOADS / f"{workload}.py")]
    env = {**env, "PYTHONPYCACHEPREFIX": str(ROOT / "compiled")}
    try:
        done = subprocess.run(
            command, env=env, cwd=WORKLOADS, capture_output=True, check=False, timeout=SECONDS
        )
    except subprocess.TimeoutExpired:
        return {"error": f"no answer in {SECONDS} s"}
    if done.returncode != 0:
        lines = done.stderr.decode("utf-8", "replace").strip().splitlines() or ["nothing"]
        return {"error": f"exit {done.returncode}: {lines[-1][:200]}"}
    return {"outputs": json.loads(done.stdout.splitlines()[-1])}


if __name__ == "__main__":
    main()
