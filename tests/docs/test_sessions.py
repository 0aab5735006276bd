"""Sessions that pages show run as they are shown: each page's in a folder of its own.

`REPRO_UPDATE_GOLDEN=1` writes what really comes out; lines that a page leaves out stay left out.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from tests.docs.showing import ROOT, WRITTEN, Block, blocks, name

if TYPE_CHECKING:
    from lab.registry import ThrowawayRegistry

ANY: Final = "…"
REGISTRY: Final = "ghcr.io"
"""What pages call the registry: a throwaway one takes its place."""
SECONDS: Final = 60
ENVIRONMENT: Final = {
    "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
    "COLUMNS": "100",
    "NO_COLOR": "1",
    "REPRO_KEY_PASSWORD": "of a test",
    "GIT_CONFIG_GLOBAL": "/dev/null",
    **{f"GIT_{who}_NAME": "reader" for who in ("AUTHOR", "COMMITTER")},
    **{f"GIT_{who}_EMAIL": "reader@example.org" for who in ("AUTHOR", "COMMITTER")},
    # Nobody needs an engine or a network for what pages show.
    "DOCKER_HOST": "unix:///missing.sock",
    "ALL_PROXY": "http://127.0.0.1:9",
}
SHOWN: Final = {page: blocks(page.read_text("utf-8")) for page in WRITTEN}
SESSIONS: Final = [
    page for page, found in SHOWN.items() if any(b.commands for b in found if b.is_run)
]


def typed(command: str, folder: Path) -> str:
    """Run a command as somebody types it; return what a terminal shows, without progress."""
    done = subprocess.run(
        ["bash", "-c", command],
        cwd=folder,
        env={**os.environ, **ENVIRONMENT, "HOME": str(folder)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=SECONDS,
    )
    lines = done.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if not line.endswith(" …\n"))


def parts(session: str) -> list[tuple[str, str]]:
    """Split a session into commands and what is shown below each."""
    return re.findall(r"^\$ (.*)\n((?:(?!\$ ).*\n)*)", session, re.MULTILINE)


def fits(shown: str, real: str) -> bool:
    """Tell whether a page may show this for that."""
    lines = shown.splitlines(keepends=True)
    pattern = "".join(
        r"(?:.*\n)*?" if line == f"{ANY}\n" else ".*".join(map(re.escape, line.split(ANY)))
        for line in lines
    )
    return re.fullmatch(pattern, real) is not None


def as_shown(shown: str, real: str) -> str:
    """Leave out of what really came out what the page left out: as many lines stay as before."""
    head, found, tail = shown.partition(f"{ANY}\n")
    lines = real.splitlines(keepends=True)
    first, last = head.count("\n"), tail.count("\n")
    if not found or len(lines) <= first + last:
        return real
    return "".join([*lines[:first], found, *lines[len(lines) - last :]])


def played(block: Block, folder: Path, host: str) -> str:
    """Do what a block says, and return it with what really came out where that does not fit."""
    if block.title:
        with (folder / block.title).open("a", encoding="utf-8") as file:
            file.write(block.text)
        return block.text
    made = ""
    for command, shown in parts(block.text):
        real = typed(command.replace(REGISTRY, host), folder).replace(host, REGISTRY)
        made += f"$ {command}\n{shown if fits(shown, real) else as_shown(shown, real)}"
    return made


@pytest.fixture
def host(request: pytest.FixtureRequest) -> str:
    """The address of a registry with two tags of an application, where a page names one."""
    page: Path = request.getfixturevalue("page")
    if not any(REGISTRY in block.text for block in SHOWN[page] if block.is_run):
        return REGISTRY
    registry: ThrowawayRegistry = request.getfixturevalue("registry")
    for tag in ("v1", "v2"):
        registry.push(f"oci-archive:{ROOT}/fixtures/images/app-{tag}.oci.tar", f"owner/app:{tag}")
    return registry.host


@pytest.mark.parametrize("page", SESSIONS, ids=name)
def test_a_session_runs_as_it_is_shown(page: Path, host: str, tmp_path: Path) -> None:
    (tmp_path / "fixtures").symlink_to(ROOT / "fixtures")
    run = [block for block in SHOWN[page] if block.is_run]
    real = [played(block, tmp_path, host) for block in run]
    if os.environ.get("REPRO_UPDATE_GOLDEN"):
        text = page.read_text("utf-8")
        for block, made in zip(run, real, strict=True):
            text = text.replace(block.text, made)
        page.write_text(text, encoding="utf-8")
    else:
        assert "".join(real) == "".join(block.text for block in run)


@pytest.mark.parametrize(
    ("shown", "real", "expected"),
    [
        ("a\n", "a\n", True),
        ("a\n", "a\nb\n", False),
        ("a\n…\n", "a\nb\nc\n", True),
        ("a\n…\nd\n", "a\nd\n", True),
        ("a\n…\nd\n", "a\nb\n", False),
        ("on … by\n", "on Monday by\n", True),
        ("on … by\n", "on Monday\nby\n", False),
        ("", "an error\n", False),
    ],
)
def test_what_is_left_out_is_said(shown: str, real: str, expected: bool) -> None:
    assert fits(shown, real) is expected
