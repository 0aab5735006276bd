"""Write a set of pins as a resolver would have chosen it on a day (into `sets.toml`)."""

from __future__ import annotations

import argparse
import json
import tempfile
from pathlib import Path

from benchmarks.driftbench.pairs import HERE
from benchmarks.driftbench.places import run_uv


def main() -> None:
    """Append one set: `python -m benchmarks.driftbench.resolve NAME DAY REQUIREMENT...`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("name")
    parser.add_argument("until", help="releases after this day are not looked at (YYYY-MM-DD)")
    parser.add_argument("asked", nargs="+", help="requirements, as for pip")
    parser.add_argument("--python", default="3.11")
    told = parser.parse_args()
    found = resolved(told.asked, told.until, told.python)
    text = f"\n[set.{told.name}]\nasked = {json.dumps(told.asked)}\nuntil = {told.until!r}\n"
    lines = "".join(f'    "{pin}",\n' for pin in found)
    with (HERE / "sets.toml").open("a", encoding="utf-8") as file:
        file.write(f"{text}pins = [\n{lines}]\n".replace("'", '"'))


def resolved(asked: list[str], until: str, python: str) -> list[str]:
    """Ask uv for all that is needed, as of a day."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "asked.in")
        file.write_text("\n".join(asked), "utf-8")
        options = ("--exclude-newer", until, "--python-version", python, "--no-annotate")
        printed = run_uv(
            "pip", "compile", *options, "--no-header", "--only-binary", ":all:", str(file)
        )
    return [line.split(" ;")[0] for line in printed.splitlines() if "==" in line]


if __name__ == "__main__":
    main()
