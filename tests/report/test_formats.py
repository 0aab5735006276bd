"""The registry, the rendered samples, and what reports may import."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from repro.report import FORMATS
from tests.report import cases, measuring

ROOT = Path(__file__).parents[2]
SAMPLES = {"sample": cases.divergent, "static": cases.static, "measured": measuring.measured}
SUFFIXES = {
    "text": "txt",
    "json": "json",
    "markdown": "md",
    "sarif": "sarif",
    "junit": "junit.xml",
    "github": "github.txt",
    "github-summary": "github.md",
    "gitlab": "codequality.json",
    "html": "html",
}


RENDERED = [
    *((name, sample) for name in FORMATS for sample in ("sample", "static")),
    ("html", "measured"),
]


@pytest.mark.parametrize(("name", "sample"), RENDERED)
def test_the_rendered_sample_is_what_the_format_writes(name: str, sample: str) -> None:
    path = ROOT / "reports" / f"{sample}.{SUFFIXES[name]}"
    text = FORMATS[name].render(SAMPLES[sample]())
    if os.environ.get("REPRO_UPDATE_GOLDEN") == "1":
        path.write_text(text, encoding="utf-8")
    assert path.read_text(encoding="utf-8") == text


def test_formats_are_registered_under_their_own_names_with_suffixes_of_their_own() -> None:
    assert list(FORMATS) == [
        "text",
        "json",
        "markdown",
        "sarif",
        "junit",
        "github",
        "github-summary",
        "gitlab",
        "html",
    ]
    assert all(name == found.name for name, found in FORMATS.items())
    suffixes = [suffix for found in FORMATS.values() for suffix in found.suffixes]
    assert len(set(suffixes)) == len(suffixes)


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize("case", cases.CASES)
def test_every_format_writes_every_case_the_same_twice(name: str, case: str) -> None:
    text = FORMATS[name].render(cases.CASES[case]())
    assert text == FORMATS[name].render(cases.CASES[case]())
    assert text.endswith("\n")
    text.encode()


def test_only_the_page_imports_rich_and_no_report_imports_what_is_above_it() -> None:
    found: dict[str, set[str]] = {}
    for path in (ROOT / "repro" / "report").glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom):
                found.setdefault(str(node.module), set()).add(path.name)
            elif isinstance(node, ast.Import):
                for alias in node.names:
                    found.setdefault(alias.name, set()).add(path.name)
    rich = {name for module, names in found.items() if module.startswith("rich") for name in names}
    assert rich == {"page.py"}
    above = ("click", "docker", "repro.cli", "repro.target", "repro.probe")
    assert not [module for module in found if module.startswith(above)]


def test_reports_are_imported_without_rich() -> None:
    code = "import repro.report, repro.report.manifest, sys; print('rich' in sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, text=True
    )
    assert done.stdout == "False\n"
