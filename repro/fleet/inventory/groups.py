"""Groups of hosts with variables, whatever file they come from: who is in which, with what."""

from __future__ import annotations

from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Any, Final

from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.fleet.plan import Lost

ALL: Final = "all"
"""The group that every host is in."""
UNGROUPED: Final = "ungrouped"
"""The group of those that are in no other one."""
DEEPEST: Final = 100
"""Groups in groups; more are a circle."""


class InventoryError(ValueError):
    """Something in an inventory makes no sense."""


@dataclass(slots=True)
class Group:
    """What a file says of a group."""

    hosts: dict[str, dict[str, Any]] = field(default_factory=dict)
    children: set[str] = field(default_factory=set)
    variables: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Inventory:
    """All groups by name, what could not be read of the file, and what is to be said of it."""

    groups: dict[str, Group] = field(default_factory=dict)
    lost: list[Lost] = field(default_factory=list)

    def group(self, name: str) -> Group:
        """Return a group, a new one where there is none of that name yet."""
        return self.groups.setdefault(name, Group())

    def resolved(self) -> dict[str, tuple[dict[str, Any], frozenset[str]]]:
        """Give each host its variables and the groups that it is in.

        A nearer group has precedence over one around it, and the host over all of them; of equals
        the last by name counts (Ansible, "Using variables": how variables are merged).
        """
        depth = {ALL: 0, **self._depths()}
        around = _around(self.groups)
        members: dict[str, set[str]] = {}
        for name, group in self.groups.items():
            for host in group.hosts:
                members.setdefault(host, set()).add(name)
        found = {}
        for host, own in sorted(members.items()):
            names = own.union({ALL}, *(around[name] for name in own))
            names |= set() if own - {ALL} else {UNGROUPED}
            merged: dict[str, Any] = {}
            for name in sorted(names & set(self.groups), key=lambda each: (depth[each], each)):
                merged |= self.groups[name].variables
            for name in sorted(own):
                merged |= self.groups[name].hosts[host]
            found[host] = (merged, frozenset(names))
        return found

    def _depths(self) -> dict[str, int]:
        """Say how many groups are around each, at most; InventoryError for a circle."""
        depths = dict.fromkeys(self.groups, 1)
        for _ in range(DEEPEST):
            before = dict(depths)
            for name, group in self.groups.items():
                for child in group.children & set(depths) if name != ALL else ():
                    depths[child] = max(depths[child], depths[name] + 1)
            if depths == before:
                return depths
        raise InventoryError("it has groups that are within themselves")


def _around(groups: dict[str, Group]) -> dict[str, set[str]]:
    """Name all groups that each group is in, directly or not."""
    found: dict[str, set[str]] = {name: set() for name in groups}
    changed = True
    while changed:
        changed = False
        for name, group in groups.items():
            for child in group.children & set(found):
                wanted = {name} | found[name]
                changed |= not wanted <= found[child]
                found[child] |= wanted
    return found


def limited(hosts: dict[str, frozenset[str]], limits: Iterable[str]) -> list[str]:
    """Choose hosts by names or groups, with wildcards; UsageError for one that fits nothing."""
    patterns = [part.strip() for text in limits for part in text.split(",") if part.strip()]
    chosen: set[str] = set()
    for pattern in patterns:
        if pattern.startswith(("!", "&", "~", "@")):
            raise UsageError(
                f"--limit {pattern!r}", advice="Names of hosts or groups, with * and ? in them."
            )
        fitting = {
            host
            for host, groups in hosts.items()
            if any(fnmatchcase(name, pattern) for name in (host, *groups))
        }
        if not fitting:
            raise UsageError(
                f"--limit {pattern!r}: no host and no group has that name",
                advice="Is it a typo?",
            )
        chosen |= fitting
    return [host for host in hosts if host in chosen or not patterns]
