"""What a real Bash completes when the tabulator key is pressed."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import pytest

from repro.cli import targets
from repro.target import resolve

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

BASH: Final = shutil.which("bash")
QUIET: Final = """\
bind 'set bell-style none' 'set enable-bracketed-paste off' 2>/dev/null
bind 'set enable-bracketed-paste off'
bind 'set show-all-if-ambiguous on'
PS1='READY> '
"""
PATIENCE: Final = 20.0
"""Seconds for what takes a tenth: other work may keep the machine busy."""


@contextmanager
def bash(folder: Path) -> Iterator[Callable[[str, str], str]]:
    """Start an interactive Bash; what is yielded types keys, and waits for what they bring."""
    programs = folder / "bin"
    programs.mkdir()
    (programs / "repro").write_text(f'#!/bin/sh\nexec {sys.executable} -m repro "$@"\n')
    (programs / "repro").chmod(0o755)
    path = f"{programs}{os.pathsep}{os.environ['PATH']}"
    variables = {**os.environ, "PATH": path, "TERM": "dumb", "PYTHONPATH": str(Path.cwd())}
    script = subprocess.run(
        [sys.executable, "-m", "repro", "completion", "bash"],
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    (folder / "rc").write_text(script + QUIET)
    ours, theirs = pty.openpty()
    shell = subprocess.Popen(
        [str(BASH), "--noprofile", "--rcfile", str(folder / "rc"), "-i"],
        cwd=folder,
        env=variables,
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
    )
    os.close(theirs)

    def keys(typed: str, wanted: str) -> str:
        os.write(ours, typed.encode())
        shown, deadline = "", time.monotonic() + PATIENCE
        while not re.search(wanted, shown):
            assert time.monotonic() < deadline, shown
            if select.select([ours], [], [], 0.1)[0]:
                shown += os.read(ours, 65536).decode("utf-8", "replace")
        return shown

    try:
        keys("", "READY> ")
        yield keys
    finally:
        shell.kill()
        shell.wait()
        os.close(ours)


@pytest.mark.skipif(BASH is None, reason="there is no Bash")
@pytest.mark.parametrize(
    ("typed", "wanted"),
    [
        ("repro snapshot oci-a\tZ", r"oci-archive:Z"),
        ("repro diff one.json docker-a\tZ", r"docker-archive:Z"),
        ("repro diff oci-archive:on\t", r"oci-archive:one\.json "),
        ("repro diff one.json oci-dir:su\tZ", r"oci-dir:sub/Z"),
        ("repro show on\t", r"show one\.json "),
        ("repro snapshot do\t\t", r"docker:\s+docker-archive:\s+docs\.json"),
        ("repro snapshot lo\t", r"snapshot local "),
        ("repro diff docker:on\tZ", r"docker:onZ"),
    ],
)
def test_bash_completes_schemes_and_the_files_after_them(
    typed: str, wanted: str, tmp_path: Path
) -> None:
    (tmp_path / "one.json").touch()
    (tmp_path / "docs.json").touch()
    (tmp_path / "sub").mkdir()
    with bash(tmp_path) as keys:
        keys(typed, wanted)


def test_every_scheme_is_completed_and_no_other() -> None:
    assert set(targets.COMPLETES) == {*resolve.STORED, *resolve.OTHERS}


def completed(text: str) -> list[tuple[str, Any]]:
    command = click.Command("x")
    parameter = click.Argument(["target"])
    found = targets.complete(click.Context(command), parameter, text)
    return [(item.type, item.value) for item in found]


def test_nothing_typed_completes_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert completed("") == [("file", "")]
    assert completed("v1") == [("file", "v1")]
    assert completed("docker:app") == []
    assert completed("dir:/et") == [("dir", "dir:/et")]
    Path("production.json").touch()
    assert completed("p") == [
        ("plain", "podman:"),
        ("plain", "python:"),
        ("plain", "production.json"),
    ]
