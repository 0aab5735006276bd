"""What a user would compare two environments with instead, each as its own help says."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Final

from benchmarks.driftbench.pairs import Set, Side, pins
from benchmarks.driftbench.places import (
    ROOT,
    digest,
    environment,
    locked,
    model,
    once,
    python,
    run_uv,
    variables,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SILENT, ALARM, UNSURE, FAILED = "silent", "alarm", "unsure", "failed"
PINS: Final = {"mlenv": "mlenv-cli==0.2.0", "venv_match": "venv-match==0.2.1"}
WORK: Final = ROOT / "rivals" / "work"
CETERIS: Final = "ceteris==0.4.1"
START: Final = (
    "import sys; from importlib import import_module; place = sys.argv.pop(1); "
    "sys.path.insert(0, place); modules = [import_module(m) for m in sys.argv.pop(1).split()]; "
    "sys.path.remove(place); sys.path.append(place); sys.exit(modules[0].{}())"
)
"""A rival is imported with what it needs; then it sees the environment's own packages first."""
MODULES: Final = {
    "mlenv": "mlenv.cli mlenv.models mlenv.collect pydantic rich.console rich.table",
    "venv_match": "venv_match.cli",
    "ceteris": "ceteris.cli",
}


def opinions(a: Side, b: Side, known: dict[str, Set]) -> dict[str, str]:
    """Ask every rival about two sides; a rival that cannot run there has failed."""
    asked = {
        "pip freeze, diff": _freeze,
        "mlenv-cli, high (--check)": lambda *told: _mlenv(*told, floor=("high",)),
        "mlenv-cli, from medium": lambda *told: _mlenv(*told, floor=("high", "med", "medium")),
        "venv-match, from medium": _venv_match,
        "ceteris with a lock file": _ceteris,
    }
    found = {}
    for name, ask in asked.items():
        try:
            found[name] = ask(a, b, known)
        except subprocess.CalledProcessError:
            found[name] = FAILED
    return found


def _freeze(a: Side, b: Side, known: dict[str, Set]) -> str:
    one, two = (run_uv("pip", "freeze", "--python", environment(side, known)) for side in (a, b))
    return SILENT if one == two else ALARM


def _mlenv(a: Side, b: Side, known: dict[str, Set], *, floor: tuple[str, ...]) -> str:
    files = [_captured("mlenv", side, known, ("snapshot", "-o")) for side in (a, b)]
    text = _call("mlenv", a, known, ("diff", "--json", *map(str, files))).stdout
    risks = [change["risk"] for change in _changes(json.loads(text))]
    return ALARM if any(risk in floor for risk in risks) else SILENT


def _changes(told: object) -> list[dict[str, str]]:
    return list(told["changes"]) if isinstance(told, dict) else list(told)  # type: ignore[call-overload]


def _venv_match(a: Side, b: Side, known: dict[str, Set]) -> str:
    files = [_captured("venv_match", side, known, ("capture", "-o")) for side in (a, b)]
    told = ("compare", "--min-severity", "medium", *map(str, files))
    code = _call("venv_match", a, known, told, codes=(0, 1)).returncode
    return ALARM if code else SILENT


def _ceteris(a: Side, b: Side, known: dict[str, Set]) -> str:
    """Give it what it asks for: a lock file beside the code, whose own place is waived."""
    files = [_captured("ceteris", side, known, ("capture", "-o")) for side in (a, b)]
    waived = ("--waive", "deps.container_image:none is used", "--vary", "source.*")
    told = ("compare", *waived, *map(str, files))
    code = _call("ceteris", a, known, told, codes=(0, 1, 2)).returncode
    return {0: SILENT, 1: ALARM}.get(code, UNSURE)


def _captured(rival: str, side: Side, known: dict[str, Set], told: tuple[str, ...]) -> Path:
    """Let a rival look at a side once; its lock file lies where it is called."""
    folder = model(side)
    key = (rival, pins(side, known), side.python, side.patches, side.env, folder and folder.name)
    place = ROOT / "rivals" / "captured" / f"{digest(key)}.json"
    with locked(WORK.with_suffix(".lock")):
        if place.exists():
            return place
        place.parent.mkdir(parents=True, exist_ok=True)
        WORK.mkdir(parents=True, exist_ok=True)
        (WORK / "requirements.txt").write_text("\n".join(pins(side, known)), "utf-8")
        _call(rival, side, known, (*told, str(place)))
    return place


def _call(
    rival: str,
    side: Side,
    known: dict[str, Set],
    told: tuple[str, ...],
    codes: tuple[int, ...] = (0,),
) -> subprocess.CompletedProcess[str]:
    start = "entrypoint" if rival == "mlenv" else "main"
    interpreter, place = environment(side, known), _there(rival, side)
    command = [interpreter, "-c", START.format(start), str(place), MODULES[rival]]
    env: Mapping[str, str] = variables(side, model(side))
    done = subprocess.run(
        [*command, *told],
        cwd=WORK,
        env=env,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode not in codes:
        raise subprocess.CalledProcessError(done.returncode, command, done.stdout, done.stderr)
    return done


def _there(rival: str, side: Side) -> Path:
    """Install a rival once for a minor version of Python."""
    pin = PINS.get(rival, CETERIS)

    def build(folder: Path) -> None:
        run_uv("pip", "install", "--python", python(side.python), "--target", str(folder), pin)

    return once("rivals", (pin, side.python), build)
