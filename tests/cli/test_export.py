"""`repro export`, as a user calls it."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
MANIFEST = ROOT / "fixtures" / "demo" / "v1.json"


def export(*arguments: str, data: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    command = [sys.executable, "-m", "repro", "export", *arguments]
    return subprocess.run(command, cwd=ROOT, input=data, capture_output=True, check=False)


def test_a_bill_goes_to_standard_output_or_to_a_file(tmp_path: Path) -> None:
    file = tmp_path / "v1.cdx.json"

    printed = export(str(MANIFEST))
    written = export(str(MANIFEST), "-f", "cyclonedx", "-o", str(file))

    assert (printed.returncode, printed.stderr) == (0, b"")
    assert json.loads(printed.stdout)["bomFormat"] == "CycloneDX"
    assert (written.returncode, written.stdout) == (0, b"")
    assert b"cyclonedx" in written.stderr
    assert file.read_bytes() == printed.stdout
    assert export("-", data=MANIFEST.read_bytes()).stdout == printed.stdout


def test_what_is_no_manifest_is_refused() -> None:
    done = export("-", data=b"{}")

    assert done.returncode == 2
    assert done.stdout == b""


def test_an_unknown_form_is_told_the_known_one() -> None:
    done = export(str(MANIFEST), "-f", "spdx")

    assert done.returncode == 2
    assert b"cyclonedx" in done.stderr
