"""The README and the samples are what the program does; tests/docs runs what pages show."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from repro.cli import main
from repro.errors import ReproError
from repro.manifest import load

ROOT = Path(__file__).parents[1]
PAIR = ("fixtures/demo/v1.json", "fixtures/demo/v2.json")
"""Of images that were run: what reports/demo.* are made from."""


def report(name: str, *sides: str) -> str:
    """Compare two sides, where there is no engine and no network, and return the report."""
    command = [sys.executable, "-m", "repro", "diff", *sides, "-f", name]
    nowhere = {"DOCKER_HOST": "unix:///missing.sock", "ALL_PROXY": "http://127.0.0.1:9"}
    environment = {**os.environ, **nowhere, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("text", "txt"), ("json", "json"), ("markdown", "md"), ("html", "html")],
)
def test_the_samples_are_what_the_program_writes(name: str, suffix: str) -> None:
    sample = ROOT / "reports" / f"demo.{suffix}"
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        sample.write_text(report(name, *PAIR), encoding="utf-8")

    assert sample.read_text(encoding="utf-8") == report(name, *PAIR)


@pytest.mark.parametrize("document", ["README.md", "docs/cli.md"])
def test_exit_codes_are_told_as_they_are(document: str) -> None:
    rows = re.findall(r"^\| (\d+)", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)

    assert [int(row) for row in rows][:5] == [0, 1, 2, 3, 70]
    assert {error.exit_code for error in ReproError.__subclasses__()} == {2}
    assert main.BUG == 70


def test_relative_links_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        for target in re.findall(
            r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")
        ):
            assert (document.parent / target).exists(), f"{document.name} → {target}"


@pytest.mark.parametrize("name", PAIR)
def test_recorded_manifests_keep_loading(name: str) -> None:
    assert load(ROOT / name).facts
