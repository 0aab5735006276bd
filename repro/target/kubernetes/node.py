"""What a node is said to be: facts that are declared, beside those that the probe saw."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from repro.errors import EngineError
from repro.manifest import Absent, Component, Fact, Unreadable
from repro.target.about import About
from repro.target.kubernetes import api, kubectl

if TYPE_CHECKING:
    from collections.abc import Iterator

KIND: Final = "node.label"
LABELS: Final = re.compile(
    r"nvidia\.com/(gpu\.(product|family|machine|count|memory|compute\..+|replicas|mode|"
    r"sharing-strategy|multiprocessors|slices\..+|engines\..+)|cuda\.(driver|runtime).*|mig\..+|mps\.capable|vgpu\..+)"
)
"""Those that say what GPUs and drivers are there (NVIDIA/k8s-device-plugin, GPU Feature Discovery);
nvidia.com/gfd.timestamp is never the same twice, and others tell where a node is in a roll-out."""


def about(name: str | None, context: str | None) -> About:
    """Ask the API for a node. Whoever may not read nodes still gets the rest: it is Unreadable."""
    if name is None:
        return About([_unread("the pod names no node")])
    try:
        words = ("get", "node", "--output=json", name)
        found = api.parse(kubectl.read(kubectl.command(context, *words)), api.Node)
    except EngineError as error:
        return About([_unread(error.message[:500])], name)
    return About(facts(found), name)


def facts(found: api.Node) -> list[Fact]:
    """Return what a node's labels declare, and its software."""
    return [*_labels(found), *_runtimes(found.status.node_info)]


def _unread(reason: str) -> Fact:
    return Unreadable(scope="host", kind=KIND, name="*", reason=reason)


def _labels(node: api.Node) -> Iterator[Fact]:
    found = {key: value for key, value in node.metadata.labels.items() if LABELS.fullmatch(key)}
    for key, value in found.items():
        yield Component(
            scope="host",
            kind=KIND,
            name=key,
            source="kubernetes",
            version=value,
            properties={"certainty": "declared"},
        )
    if not found:
        reason = "the node has no label of GPU Feature Discovery"
        yield Absent(scope="host", kind=KIND, name="nvidia.com/gpu.product", reason=reason)


def _runtimes(info: api.NodeInfo) -> Iterator[Fact]:
    name, _, version = info.container_runtime_version.partition("://")
    for what, found in ((name, version), ("kubelet", info.kubelet_version)):
        if what and found:
            yield Component(
                scope="host", kind="runtime", name=what[:100], source="kubernetes", version=found
            )
