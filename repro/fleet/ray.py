"""The nodes of a Ray cluster, and which of them can be asked: by what Ray says itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import msgspec

from repro.errors import EngineError, UsageError
from repro.fleet.plan import NAME, Job, Lost, Plan
from repro.target.ray import ADVICE, MARK, PYTHON, drive

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Node(msgspec.Struct, frozen=True):
    """A node, as repro/target/ray_driver.py lists it."""

    id: str
    alive: bool
    host: str
    address: str
    reason: str
    """Why it is dead."""
    left: bool
    """Whether it was meant to go: stopped, or idle and taken back (NodeDeathInfo, gcs.proto)."""


class Wanted(NamedTuple):
    """What a user says of the cluster."""

    address: str | None = None
    """As Ray writes it; None: the cluster that runs on this machine."""
    python: str | None = None
    options: tuple[str, ...] = ()
    """Of each `repro snapshot`."""


def parse(text: str) -> list[Node]:
    """Read what the driver said of all nodes; EngineError where that is not to be had."""
    try:
        return msgspec.json.decode((MARK.findall(text) or [""])[-1], type=list[Node])
    except (msgspec.DecodeError, RecursionError) as error:
        raise EngineError(f"Ray's list of nodes cannot be read: {error}", advice=ADVICE) from error


def listed(wanted: Wanted) -> list[Node]:
    """Ask a cluster for its nodes; TargetError where it does not answer."""
    said = drive(wanted.python or PYTHON, ["list"], 0, address=wanted.address or "")
    return parse(said.out.decode("utf-8", "replace"))


def plan(nodes: Iterable[Node], wanted: Wanted) -> Plan:
    """Plan a job for each node that lives; one that died is lost, one that was stopped is noted.

    UsageError where no node lives and none died.
    """
    nodes = list(nodes)
    living = [node for node in nodes if node.alive]
    dead = [node for node in nodes if not node.alive and not node.left]
    if not living and not dead:
        raise UsageError("Ray lists no nodes", advice="See `ray status`.")
    return Plan.of(
        [_job(_name(node, living), wanted) for node in living],
        [Lost(_name(node, nodes), _death(node), "See `ray list nodes`.") for node in dead],
        _notes(nodes),
    )


def _name(node: Node, among: Iterable[Node]) -> str:
    """Call a node by its host or address where that tells it apart and fits a file, else its ID."""
    others = {name.lower() for each in among if each is not node for name in _names(each)}
    fitting = (name for name in _names(node) if NAME.fullmatch(name) and "/" not in name)
    return next((name for name in fitting if name.lower() not in others), node.id)


def _names(node: Node) -> tuple[str, str]:
    return node.host, node.address


def _job(name: str, wanted: Wanted) -> Job:
    python = f":{wanted.python}" if wanted.python else ""
    where = (("RAY_ADDRESS", wanted.address),) if wanted.address else ()
    return Job(name, f"ray:{name}{python}", wanted.options, where)


def _death(node: Node) -> str:
    return f"Ray calls it dead{f': {node.reason}' if node.reason else ''}"


def _notes(nodes: Iterable[Node]) -> Iterator[str]:
    left = sum(node.left and not node.alive for node in nodes)
    if left:
        yield f"nodes that were stopped, or taken back while idle, not asked: {left}"
