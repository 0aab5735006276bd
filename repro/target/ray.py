"""A node of a Ray cluster: a small driver lets Ray run the probe there, in a task of its own."""

from __future__ import annotations

import re
from importlib import resources
from typing import TYPE_CHECKING, Final

from repro.errors import TargetError, UsageError
from repro.manifest import Manifest, Target
from repro.target.about import About
from repro.target.carried import run
from repro.target.snapshot import probe_options, take

if TYPE_CHECKING:
    from repro.target.answer import Output
    from repro.target.canaries import Ask
    from repro.target.options import Options
    from repro.target.progress import Progress, Watch

NODE: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,254}", re.ASCII)
PYTHON: Final = "python3"
MARK: Final = re.compile(r"^@repro-ray (.*)$", re.MULTILINE)
"""How repro/target/ray_driver.py begins the line that counts."""
APART: Final = "import sys\nsys.path[:] = filter(None, sys.path)\n"
"""A file ray.py of the working directory is not Ray; -I would leave out a user's own packages."""
PATIENCE: Final = 90
"""Seconds for the way there: to find the cluster, and for a node to start a worker."""
ADVICE: Final = "--address or RAY_ADDRESS names the cluster, --python the Python that has its Ray."


def snapshot(text: str, options: Options, progress: Progress | None = None) -> Manifest:
    """Run the probe on `NODE[:PYTHON]`; UsageError for what is no node.

    NODE is the ID that Ray has for it, its host's name or its address. PYTHON is the one here that
    has Ray; on the node, the one that runs Ray's workers is asked.
    """
    node, _, python = text.partition(":")
    if not NODE.fullmatch(node) or python.startswith("-"):
        raise UsageError(
            f"ray:{text} names no node",
            advice="For example ray:10.0.0.7, or ray:10.0.0.7:/venv/bin/python; see `ray status`.",
        )
    return take(
        Target(kind="environment", name=f"ray:{node}", properties={"node": node}),
        _asking(node, python or PYTHON),
        probe_options(options, entry_only=True),
        options,
        lambda: ((), About([], host=node)),
        progress=progress,
    )


def drive(
    python: str,
    words: list[str],
    seconds: float,
    watch: Watch | None = None,
    *,
    address: str = "",
) -> Output:
    """Let a Python that has Ray do something in the cluster; TargetError where it cannot.

    Without an address it is the one of RAY_ADDRESS, or the one that runs on this machine.
    """
    code = APART + resources.files("repro.target").joinpath("ray_driver.py").read_text("utf-8")
    done = run([python, "-c", code, address, *words], seconds + PATIENCE, watch, what="Ray")
    if done.code:
        said = done.output.err.decode("utf-8", "replace").strip()
        why = MARK.findall(said) or [said.rpartition("\n")[2][:300] or "its driver failed"]
        raise TargetError(why[-1], advice=ADVICE)
    return done.output


def _asking(node: str, python: str) -> Ask:
    def ask(arguments: list[str], seconds: int, watch: Watch | None) -> Output:
        return drive(python, ["run", node, str(seconds), *arguments], seconds, watch)

    return ask
