"""What the README shows is what the program does."""

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
SHOWN = 28
"""Lines of the report that the README has room for."""


def report(name: str) -> str:
    """Run the README's first command for one format."""
    command = [sys.executable, "-m", "repro", "diff", *PAIR, "-f", name]
    environment = {**os.environ, "COLUMNS": "100", "NO_COLOR": "1"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1, done.stderr
    return done.stdout


def excerpt(text: str) -> str:
    """Cut the report where the README does, with the tally that ends it."""
    lines = text.rstrip("\n").split("\n")
    return "\n".join([*lines[:SHOWN], "…", lines[-1]])


@pytest.mark.parametrize(
    ("name", "suffix"), [("text", "txt"), ("json", "json"), ("markdown", "md")]
)
def test_the_samples_are_what_the_program_writes(name: str, suffix: str) -> None:
    sample = ROOT / "reports" / f"demo.{suffix}"
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        sample.write_text(report(name), encoding="utf-8")

    assert sample.read_text(encoding="utf-8") == report(name)


def test_the_readme_shows_the_real_report() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    shown = re.compile(r"(\$ repro diff fixtures\S+ \S+\n)(.*?)(\n```)", re.DOTALL)
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        real = excerpt(report("text"))
        readme.write_text(shown.sub(lambda m: m[1] + real + m[3], text), encoding="utf-8")

    found = shown.search(readme.read_text(encoding="utf-8"))

    assert found
    assert found[2] == excerpt(report("text"))


def test_the_commands_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"\$ repro ([a-z]+)", text))

    assert used == {"snapshot", "diff", "show", "rules", "clean"}
    assert used <= set(main.cli.commands)


@pytest.mark.parametrize("document", ["README.md", "docs/cli.md"])
def test_exit_codes_are_told_as_they_are(document: str) -> None:
    rows = re.findall(r"^\| (\d+)", (ROOT / document).read_text(encoding="utf-8"), re.MULTILINE)

    assert [int(row) for row in rows][:5] == [0, 1, 2, 3, 70]
    assert {error.exit_code for error in ReproError.__subclasses__()} == {2}
    assert main.BUG == 70


def test_relative_links_lead_somewhere() -> None:
    for document in [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]:
        for target in re.findall(
            r"\]\((?!https?:|#)([^)#]+)", document.read_text(encoding="utf-8")
        ):
            assert (document.parent / target).exists(), f"{document.name} → {target}"


@pytest.mark.parametrize("name", PAIR)
def test_recorded_manifests_keep_loading(name: str) -> None:
    assert load(ROOT / name).facts
