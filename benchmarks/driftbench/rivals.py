"""What a user would compare two environments with instead, each as its own help says."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Final

from benchmarks.driftbench.pairs import Set, Side, pins
from benchmarks.driftbench.places import ROOT, environment, model, once, python, run_uv, variables

if TYPE_CHECKING:
    from collections.abc import Mapping

SILENT, ALARM, UNSURE, FAILED = "silent", "alarm", "unsure", "failed"
PINS: Final = {"mlenv": "mlenv-cli==0.2.0", "venv_match": "venv-match==0.2.1"}
CETERIS: Final = "ceteris==0.4.1"
START: Final = (
    "import sys; sys.path.append(sys.argv.pop(1)); from importlib import import_module; "
    "module = import_module(sys.argv.pop(1)); sys.exit(module.{}())"
)
"""The environment's own distributions come first: a rival is not to hide what it looks at."""


def opinions(a: Side, b: Side, known: dict[str, Set]) -> dict[str, str]:
    """Ask every rival about two sides; a rival that cannot run there has failed."""
    asked = {
        "pip freeze | diff": _freeze,
        "mlenv-cli --check": lambda *sides: _mlenv(*sides, floor=("high",)),
        "mlenv-cli, from medium": lambda *sides: _mlenv(*sides, floor=("high", "med", "medium")),
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
    folder = ROOT / "rivals" / "work"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "requirements.txt").write_text("\n".join(pins(side, known)), "utf-8")
    place = folder / f"{rival}-{Path(environment(side, known)).parents[1].name}.json"
    _call(rival, side, known, (*told, str(place)))
    return place.rename(place.with_suffix(f".{len(list(folder.iterdir()))}.json"))


def _call(
    rival: str,
    side: Side,
    known: dict[str, Set],
    told: tuple[str, ...],
    codes: tuple[int, ...] = (0,),
) -> subprocess.CompletedProcess[str]:
    module, start = (f"{rival}.cli", "entrypoint" if rival == "mlenv" else "main")
    command = [
        environment(side, known),
        "-c",
        START.format(start),
        str(_there(rival, side)),
        module,
    ]
    env: Mapping[str, str] = variables(side, model(side))
    done = subprocess.run(
        [*command, *told],
        cwd=ROOT / "rivals" / "work",
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
