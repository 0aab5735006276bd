"""Manifests made by hand, for tests of everything that reads them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from repro.diff import compare
from repro.manifest import Absent, Component, Fact, Manifest, Scope, Target, Unreadable, assemble
from repro.policy import Policy
from repro.rules.judge import judge
from repro.verdict import Verdict, decide

if TYPE_CHECKING:
    from repro.rules.catalog import Catalog

HOST = frozenset({"gpu.device", "gpu.driver", "cpu", "kernel", "runtime"})
PROCESS = frozenset(
    {"setting", "framework", "argument", "python.runtime", "gpu.libcuda", "canary", "canary.input"}
)


def scope_of(kind: str) -> Scope:
    """Say in which scope a kind lives."""
    if kind in HOST:
        return "host"
    return "process" if kind in PROCESS or kind.endswith((".call", ".loaded")) else "image"


def known(kind: str, name: str, version: str | None = None, **fields: Any) -> Component:
    """A component; `location` and `source` apart, the other keywords are its properties."""
    return Component(
        scope=fields.pop("scope", scope_of(kind)),
        kind=kind,
        name=name,
        version=version,
        source=fields.pop("source", "metadata"),
        location=fields.pop("location", None),
        properties=fields,
    )


def canary(name: str, results: dict[str, Any] | None = None, **more: Any) -> Component:
    """A canary's result; plain values stand for their own hashes."""
    entries = {
        case: value
        if isinstance(value, dict) and "hash" in value
        else {"hash": repr(value), "value": value}
        for case, value in (results or {}).items()
    }
    family = name.partition("/")[0]
    told = {"family": family, "impacts": ["numerics"], "covers": [], "edition": 1, **more}
    return known("canary", name, source="canary", results=entries, cases=len(entries), **told)


def absent(kind: str, name: str = "*", reason: str = "not there") -> Absent:
    return Absent(scope=scope_of(kind), kind=kind, name=name, reason=reason)


def unreadable(kind: str, name: str = "*", reason: str = "permission denied") -> Unreadable:
    return Unreadable(scope=scope_of(kind), kind=kind, name=name, reason=reason)


def setting(name: str, value: str) -> Component:
    return known("setting", name, source="environment", value=value)


def manifest(*facts: Fact, name: str = "example") -> Manifest:
    return assemble(Target(kind="image", name=name), facts)


def verdict(a: Manifest, b: Manifest, catalog: Catalog, policy: Policy | None = None) -> Verdict:
    """Compare and judge, as `repro diff` does."""
    comparison = compare(a, b)
    return decide(comparison, judge(comparison, catalog), policy or Policy())


def many(count: int = 1000, *, differing: int = 0, nested: bool = False) -> Manifest:
    """A manifest of packages, of which the first `differing` have another version and record."""
    return manifest(*(_package(index, index < differing, nested) for index in range(count)))


def _package(index: int, other: bool, nested: bool) -> Component:
    digest = f"sha256:{index + 10**6 * other:064x}"
    return known(
        ("python.package", "os.package")[index % 2],
        f"package-{index}",
        f"1.{index}.{int(other)}",
        location="/usr/lib/python3/dist-packages",
        environment="/usr",
        requires=["numpy>=1.2", "torch"],
        **({"files": {"one.json": digest, "two": {"b": index}}} if nested else {"record": digest}),
    )
