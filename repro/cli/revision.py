"""The policy of a Git revision, and its baseline: what is checked cannot have changed them."""

from __future__ import annotations

import os.path
import subprocess
from typing import TYPE_CHECKING, Final

import msgspec

from repro.cli import gate_policy
from repro.cli.config import OWN, SHARED
from repro.errors import UsageError
from repro.manifest.codec import LIMIT

if TYPE_CHECKING:
    from pathlib import Path

    from repro.cli.gate_policy import Demanded

SECONDS: Final = 60
"""Time for one question to Git: what it is asked for lies on this disk."""


def demanded(revision: str, place: str | None, folder: Path) -> Demanded:
    """Read the policy of a revision, with its baseline and keys, into a folder.

    `place` is the policy's path from the working directory; else the project's file is taken.
    UsageError where the revision, the policy, or a file that it names in it is missing.
    """
    commit = _commit(revision)
    names = (place,) if place else (OWN, SHARED)
    found = [name for name in names if _save(commit, name, folder)]  # Both, to refuse both.
    if not found:
        raise UsageError(
            f"{revision} has no {' or '.join(names)}",
            advice="Name a policy that it has with --policy, or leave --base out.",
        )
    said = gate_policy.load(folder / place if place else None, folder)
    _save_keys(said, commit, revision, folder)
    return _with_baseline(said, commit, revision, os.path.dirname(place or ""), folder)  # noqa: PTH120


def _save_keys(said: Demanded, commit: str, revision: str, folder: Path) -> None:
    """Put the revision's keys where its policy says: those here are what is checked."""
    for key in said.trust.keys:
        name = os.path.relpath(key, folder)
        if not _save(commit, name, folder):
            raise UsageError(
                f"the key {name} is no file of {revision}",
                advice="Commit it there, or name another key with --key.",
            )


def _with_baseline(
    said: Demanded, commit: str, revision: str, beside: str, folder: Path
) -> Demanded:
    """Put the revision's baseline into the folder; what is no file is a target, and stays."""
    named = said.baseline
    if named is None:
        return said
    name = os.path.normpath(os.path.join(beside, named))  # noqa: PTH118  # A name in Git, no path here.
    if _save(commit, name, folder):
        return msgspec.structs.replace(said, baseline=str(folder / name))
    if named.endswith(".json") or named.startswith((".", "/")) or os.path.exists(named):  # noqa: PTH110
        raise UsageError(
            f"the baseline {named} is no file of {revision}",
            advice="Commit it there, or name another manifest with --baseline.",
        )
    return said


def _save(commit: str, name: str, folder: Path) -> bool:
    """Write a file of a commit under its name; tell whether there is one."""
    name = os.path.normpath(name)
    if os.path.isabs(name) or name.startswith("..") or "\0" in name:  # noqa: PTH117
        return False
    # `./` counts from the working directory, not from the top (gitrevisions(7)).
    blob = _git("rev-parse", "--verify", "--quiet", f"{commit}:./{name}", may_fail=True)
    if not blob or _git("cat-file", "-t", blob) != "blob":
        return False
    if int(_git("cat-file", "-s", blob)) > LIMIT:
        raise UsageError(f"{name} is larger than {LIMIT >> 20} MiB", advice="Is it the right file?")
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(_run("cat-file", "blob", blob).stdout)
    return True


def _commit(revision: str) -> str:
    if revision.startswith("-"):
        raise UsageError(f"{revision!r} is no revision", advice="For example origin/main.")
    found = _git("rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}", may_fail=True)
    if not found:
        raise UsageError(
            f"Git knows no revision {revision!r} here",
            advice="Fetch it first: git fetch --depth=1 origin REVISION",
        )
    return found


def _git(*arguments: str, may_fail: bool = False) -> str:
    """Return the line that Git prints; UsageError with its message where it fails."""
    done = _run(*arguments)
    # With --quiet, 1 is its answer that there is no such thing; anything else is trouble.
    if done.returncode and not (may_fail and done.returncode == 1):
        said = done.stderr.decode("utf-8", "replace").strip() or f"exit code {done.returncode}"
        raise UsageError(f"git: {said}", advice="--base needs a Git repository around it.")
    return done.stdout.decode("utf-8", "replace").strip()


def _run(*arguments: str) -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", *arguments], capture_output=True, timeout=SECONDS, check=False
        )
    except FileNotFoundError as error:
        raise UsageError("git is not installed", advice="--base asks it for files.") from error
    except subprocess.TimeoutExpired as error:
        raise UsageError(
            f"git gave no answer in {SECONDS} s", advice="Is the repository whole?"
        ) from error
