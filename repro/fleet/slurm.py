"""The nodes of a Slurm cluster, and which of them can be asked: by what Slurm says itself."""

from __future__ import annotations

import os
import re
import shlex
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.errors import EngineError, UsageError
from repro.fleet.plan import Job, Lost, Plan
from repro.target.carried import run

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

SECONDS: Final = 60
"""How long the controller may take for an answer."""
FIELDS: Final = "%N|%T|%P|%E"
"""sinfo(1): node, state in full, partition (the default one with a star), reason."""
FLAGS: Final = "*~#!%$@^-+"
"""What sinfo(1) puts behind a state; a star is a node that does not respond."""
IDLE: Final = frozenset({"idle", "mixed", "allocated", "completing", "reserved", "planned"})
"""States in which a node takes a job, or will."""
HELD: Final = IDLE | {"draining", "drained", "maint"}
"""Those in which it takes a step of a job that has it already."""
REASON: Final = 300


class Node(NamedTuple):
    """A node, as sinfo lists it."""

    name: str
    state: str
    partition: str
    reason: str


class Wanted(NamedTuple):
    """What a user says of the nodes."""

    partition: str | None = None
    nodes: str | None = None
    """As Slurm writes them: n[1-8,12]."""
    python: str | None = None
    srun: Sequence[str] = ()
    options: tuple[str, ...] = ()
    """Of each `repro snapshot`."""


def plan(wanted: Wanted) -> Plan:
    """Plan a job for each node: of this allocation, else of the list, else of all partitions.

    EngineError where Slurm does not answer, UsageError where no node fits.
    """
    held = os.environ.get("SLURM_JOB_NODELIST") if os.environ.get("SLURM_JOB_ID") else None
    listed = wanted.nodes or held
    names = _asked("scontrol", "show", "hostnames", listed).split() if listed else None
    chosen = (f"--partition={wanted.partition}",) if wanted.partition else ()
    known = parse(_asked("sinfo", "--noheader", "--Node", f"--format={FIELDS}", *chosen))
    if not known:
        raise UsageError("Slurm knows no such node", advice="See `sinfo --Node`.")
    jobs, lost = [], []
    for name in dict.fromkeys(names or sorted(known)):
        found = known.get(name)
        refused = _refused(found, inside=held is not None)
        if found is None or refused:
            lost.append(Lost(name, refused, f"See `scontrol show node {name}`."))
        else:
            jobs.append(_job(found, wanted, inside=held is not None))
    return Plan.of(jobs, lost, _notes(os.environ))


def parse(text: str) -> dict[str, Node]:
    """Read what sinfo printed: a line a node and partition, of which the default one is kept."""
    found: dict[str, Node] = {}
    for line in text.splitlines():
        name, state, partition, reason, *_ = [*line.strip().split("|", 3), "", "", ""]
        if name and (name not in found or partition.endswith("*")):
            found[name] = Node(name, state, partition.removesuffix("*"), reason[:REASON])
    return found


def _refused(node: Node | None, *, inside: bool) -> str:
    """Say why a node cannot be asked; nothing where it can."""
    if node is None:
        return "Slurm knows no such node here"
    state = node.state.rstrip(FLAGS).lower()
    why = f": {node.reason}" if node.reason not in ("", "none", "(null)") else ""
    if "*" in node.state:
        return f"Slurm calls it {node.state}, which does not respond{why}"
    return "" if state in (HELD if inside else IDLE) else f"Slurm calls it {state}{why}"


def _job(node: Node, wanted: Wanted, *, inside: bool) -> Job:
    # A node outside of the default partition is refused without its partition's name.
    where = [] if inside else [f"--partition={node.partition}"]
    words = shlex.join([*where, *wanted.srun])
    told = (f"--srun={words}",) if words else ()
    python = f":{wanted.python}" if wanted.python else ""
    return Job(node.name, f"slurm:{node.name}{python}", (*wanted.options, *told))


def _notes(variables: Mapping[str, str]) -> Iterator[str]:
    size = variables.get("SLURM_HET_SIZE", "")
    if re.fullmatch(r"\d+", size) and int(size) > 1:
        yield f"of this heterogeneous job's {size} components the first alone was asked"


def _asked(*words: str) -> str:
    """Ask Slurm; EngineError with its own last line where it refuses."""
    done = run(words, SECONDS, what=words[0])
    if done.code:
        said = done.output.err.decode("utf-8", "replace").strip().rpartition("\n")[2]
        raise EngineError(
            f"{words[0]}: {said or 'it failed'}",
            advice="Is this a machine from which jobs are submitted?",
        )
    return done.output.out.decode("utf-8", "replace")
