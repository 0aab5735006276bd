"""The probe fits in one argument and runs from it on every Python that it promises."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from repro.target import pack
from repro.target.answer import Output, parse


def pythons() -> list[str]:
    """All the interpreters of this machine from 3.7 on."""
    named = [shutil.which(f"python3.{minor}") for minor in range(7, 16)]
    managed = sorted(Path.home().glob(".pyenv/versions/3.*/bin/python3"))
    found = [Path(name) for name in named if name] + managed
    return [str(path) for path in found if _version(path) >= (3, 7)] or [sys.executable]


def _version(path: Path) -> tuple[int, int]:
    code = "import sys; print(*sys.version_info[:2])"
    done = subprocess.run([path, "-c", code], capture_output=True, text=True, check=False)
    major, _, minor = done.stdout.strip().partition(" ")
    return (int(major), int(minor)) if minor else (0, 0)


def test_the_probe_fits_into_one_argument_with_room_for_growth() -> None:
    assert len(pack.program()) < pack.LIMIT * 3 / 4


def test_the_same_sources_make_the_same_argument() -> None:
    first = pack.program()
    pack.program.cache_clear()

    assert pack.program() == first


@pytest.mark.parametrize("python", pythons())
def test_the_packed_probe_answers(python: str) -> None:
    told = {
        "nonce": "n1",
        "frameworks": False,
        "entry_only": True,
        "executable": python,
        "timeout": 60,
    }

    done = subprocess.run([python, *pack.arguments(told)], capture_output=True, check=True)

    answer = parse(Output(done.stdout), "n1")
    failed = [f for f in answer.facts if "the collector failed" in getattr(f, "reason", "")]
    assert failed == []
    assert {"python.interpreter", "python.runtime", "cpu", "os.release"} <= {
        fact.kind for fact in answer.facts
    }
    assert done.stderr == b""


def test_the_packed_probe_leaves_no_file_behind(tmp_path: Path) -> None:
    told = {"nonce": "n1", "frameworks": False, "entry_only": True, "timeout": 60}
    environment = {**os.environ, "HOME": str(tmp_path), "TMPDIR": str(tmp_path)}

    subprocess.run(
        [sys.executable, *pack.arguments(told)],
        capture_output=True,
        check=True,
        cwd=tmp_path,
        env=environment,
    )

    assert list(tmp_path.iterdir()) == []


def test_an_old_python_is_told_apart_from_a_crash() -> None:
    code = pack.program().replace("sys.version_info < (3, 7)", "sys.version_info < (9, 0)")

    done = subprocess.run([sys.executable, "-c", code, "{}"], capture_output=True, check=False)

    assert b"@repro-old-python 3." in done.stderr
