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
"""Of images that were run: what reports/demo.* are made from."""
IMAGES = tuple(f"oci-archive:fixtures/images/app-v{tag}.oci.tar" for tag in (1, 2))
"""What the README's first command reads."""
SHOWN = 22
"""Lines of the report's head that the README has room for; its end is shown from LAST on."""
LAST = "brought by layers"
SHOW = re.compile(r"(\$ repro diff oci-archive:\S+ \S+\n)(.*?)(```)", re.DOTALL)


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


def excerpt(text: str) -> str:
    """Cut the report where the README does: its head, and its end."""
    lines = text.rstrip("\n").split("\n")
    last = next(number for number, line in enumerate(lines) if line.startswith(LAST))
    return "\n".join([*lines[:SHOWN], "…", *lines[last:], ""])


@pytest.mark.parametrize(
    ("name", "suffix"),
    [("text", "txt"), ("json", "json"), ("markdown", "md"), ("html", "html")],
)
def test_the_samples_are_what_the_program_writes(name: str, suffix: str) -> None:
    sample = ROOT / "reports" / f"demo.{suffix}"
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        sample.write_text(report(name, *PAIR), encoding="utf-8")

    assert sample.read_text(encoding="utf-8") == report(name, *PAIR)


def test_the_readme_shows_what_its_first_command_really_says() -> None:
    readme = ROOT / "README.md"
    text = readme.read_text(encoding="utf-8")
    real = excerpt(report("text", *IMAGES))
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        readme.write_text(SHOW.sub(lambda m: m[1] + real + m[3], text), encoding="utf-8")

    text = readme.read_text(encoding="utf-8")
    found = SHOW.search(text)

    assert found
    assert found[1] == f"$ repro diff {' '.join(IMAGES)}\n"
    assert found[2] == real
    assert text.index("$ repro") == found.start(), "it is the first command"


def test_the_commands_of_the_readme_exist() -> None:
    text = (ROOT / "README.md").read_text(encoding="utf-8")
    used = set(re.findall(r"\$ repro ([a-z]+)", text))

    assert used == {"attach", "snapshot", "diff", "fleet", "show", "rules", "clean", "verify"}
    assert used <= set(main.NAMES)


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
