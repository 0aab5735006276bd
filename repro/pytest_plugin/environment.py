"""The environment of a test run: taken once, and compared with a baseline."""

from __future__ import annotations

import fcntl
import sys
from typing import TYPE_CHECKING, Any

from repro.diff import compare
from repro.manifest import decode, encode, load
from repro.policy import Policy
from repro.report import wording
from repro.report.plain import plain
from repro.rules.catalog import load as load_rules
from repro.rules.judge import judge
from repro.target import local
from repro.target.options import Options
from repro.verdict import decide

if TYPE_CHECKING:
    from pathlib import Path

    from repro.manifest import Manifest
    from repro.verdict import Verdict


def compared(baseline: Path, fail_on: Any) -> tuple[Manifest, Verdict]:
    """Take the environment and judge it beside a baseline; raises ReproError."""
    before = load(baseline)
    now = taken()
    comparison = compare(before, now)
    found = judge(comparison, load_rules(), frozenset())
    return now, decide(comparison, found, Policy(fail_on=fail_on))


def taken() -> Manifest:
    """Take a snapshot of the environment of the interpreter that runs the tests."""
    return local.snapshot(sys.executable, Options())


def shared(folder: Path) -> Manifest:
    """Return the snapshot that lies in a folder, or take it: the first process to come does."""
    file = folder / "repro-environment.json"
    with (folder / "repro-environment.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not file.exists():
            data = encode(taken())
            file.write_bytes(data)
    return load(file)


def decoded(data: bytes) -> Manifest:
    """Read the snapshot that another process took."""
    return decode(data, name="the environment of the run")


def header(verdict: Verdict) -> str:
    """Say in a line which environment it is, and what the verdict is."""
    digest = verdict.b.digest.partition(":")[2][:12]
    beside = f"beside {plain(verdict.a.name)} {verdict.a.digest.partition(':')[2][:12]}"
    return f"repro: environment {digest}, {beside}: {verdict.status}, {wording.headline(verdict)}"


def properties(environment: Manifest, verdict: Verdict) -> dict[str, str]:
    """Return what a test report is to keep of the environment."""
    digests = environment.digests
    return {
        "repro.environment": digests.whole,
        "repro.environment.image": digests.image,
        "repro.environment.process": digests.process,
        "repro.environment.host": digests.host,
        "repro.baseline": verdict.a.digest,
        "repro.verdict": str(verdict.status),
        "repro.summary": f"{wording.headline(verdict)} {wording.tally_line(verdict)}",
        "repro.exit_code": str(verdict.exit_code),
    }
