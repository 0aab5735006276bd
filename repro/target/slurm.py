"""A node of a Slurm cluster: `srun` carries the probe there, in a job step of its own."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Final

from repro.errors import UsageError
from repro.manifest import Manifest, Target
from repro.target.about import About
from repro.target.carried import PROGRAMS, asking
from repro.target.snapshot import probe_options, take

if TYPE_CHECKING:
    from repro.target.options import Options
    from repro.target.progress import Progress

NODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*", re.ASCII)
QUEUE: Final = 86_400
"""Seconds that a job may wait for its node: --host-timeout of a fleet, or Ctrl-C, ends that."""
IMAGE: Final = "--container-image"
"""The option that Pyxis adds to srun (NVIDIA/pyxis, README)."""


def snapshot(text: str, options: Options, progress: Progress | None = None) -> Manifest:
    """Run the probe on `NODE[:PYTHON]`; UsageError for what is no node.

    Inside of an allocation it is a step of that, which shares what other steps use; else srun
    asks for an allocation.
    """
    node, _, python = text.partition(":")
    if not NODE.fullmatch(node) or python.startswith("-"):
        raise UsageError(
            f"slurm:{text} names no node",
            advice="For example slurm:n1, or slurm:n1:/venv/bin/python",
        )
    further = words(options.srun)
    image = _image(further)
    return take(
        Target(
            kind="container" if image else "environment",
            name=f"slurm:{text}",
            properties={"node": node, **({"image": image} if image else {})},
        ),
        asking(
            [*_srun(node), *further],
            f"node {node}",
            programs=(python,) if python else PROGRAMS,
            patience=QUEUE,
        ),
        # A container is looked through; of a node, only what its Python sees.
        probe_options(options) if image else probe_options(options, entry_only=True),
        options,
        lambda: ((), About([], host=node)),
        progress=progress,
    )


def words(text: str) -> list[str]:
    """Split further arguments of srun as a shell does; UsageError where a quote is not closed."""
    try:
        return shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--srun {text!r}: {error}", advice="Quote it as for a shell.") from error


def _srun(node: str) -> list[str]:
    """Return srun(1) for one task; `--overlap` lets a step share what others of its job hold."""
    shared = ["--overlap"] if os.environ.get("SLURM_JOB_ID") else []
    one = ["--nodes=1", "--ntasks=1", f"--nodelist={node}", "--input=none"]
    return ["srun", "--job-name=repro", *one, *shared]


def _image(further: list[str]) -> str | None:
    """Find the image that Pyxis is told to run."""
    for at, word in enumerate(further):
        if word.startswith(f"{IMAGE}="):
            return word.partition("=")[2]
        if word == IMAGE:
            return "".join(further[at + 1 : at + 2])
    return None
