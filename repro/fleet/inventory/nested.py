"""Inventories of Ansible as nested groups (YAML), and as `ansible-inventory --list` prints them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
import yaml

from repro.fleet.inventory.groups import Inventory, InventoryError
from repro.fleet.inventory.patterns import expanded
from repro.fleet.plan import Lost

if TYPE_CHECKING:
    from collections.abc import Iterator

META: Final = "_meta"
ADVICE: Final = "Mend that part of the inventory."


def from_yaml(text: str) -> Inventory:
    """Read groups in groups; InventoryError for what is no YAML, or no groups."""
    try:
        tree = yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader))  # noqa: S506
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        raise InventoryError(f"it is no YAML: {str(error)[:300]}") from error
    found = Inventory()
    seen: set[tuple[str, int]] = set()
    waiting = list(_table(tree, "it").items())
    while waiting:
        name, node = waiting.pop()
        if (str(name), id(node)) in seen:
            continue  # An alias: once is enough, and a circle ends.
        seen.add((str(name), id(node)))
        group = found.group(str(name))
        try:
            table = _table(node, f"group {name}")
            group.variables |= _table(table.get("vars"), f"vars of {name}")
            for pattern, said in _table(table.get("hosts"), f"hosts of {name}").items():
                _add(found, str(name), str(pattern), said)
            children = _table(table.get("children"), f"children of {name}")
        except InventoryError as error:
            found.lost.append(Lost(str(name)[:200], str(error), ADVICE))
            continue
        group.children |= set(map(str, children))
        waiting.extend(children.items())
    return found


def _add(found: Inventory, group: str, pattern: str, said: object) -> None:
    try:
        variables = _table(said, "its variables")
        for host in expanded(pattern):
            found.group(group).hosts.setdefault(host, {}).update(variables)
    except InventoryError as error:
        found.lost.append(Lost(pattern[:200], str(error), ADVICE))


def _table(node: object, what: str) -> dict[Any, Any]:
    """Take a table; nothing is an empty one. InventoryError for anything else."""
    if node is None:
        return {}
    if not isinstance(node, dict):
        raise InventoryError(f"{what}: a table was expected")
    return node


class _Listed(msgspec.Struct):
    """A group in the output of `ansible-inventory --list`."""

    hosts: list[str] = []
    children: list[str] = []
    vars: dict[str, Any] = {}


class _Meta(msgspec.Struct):
    hostvars: dict[str, dict[str, Any]] = {}


def from_json(text: str) -> Inventory:
    """Read what `ansible-inventory --list` printed; InventoryError for anything else."""
    try:
        raw = msgspec.json.decode(text, type=dict[str, msgspec.Raw])
        meta = msgspec.json.decode(raw.pop(META, b"{}"), type=_Meta)
    except (msgspec.DecodeError, RecursionError) as error:
        raise InventoryError(
            f"it is not what `ansible-inventory --list` prints: {error}"
        ) from error
    found = Inventory()
    for name, data in raw.items():
        group = found.group(name)
        for listed in _listed(found, name, data):
            group.hosts = {host: meta.hostvars.get(host, {}) for host in listed.hosts}
            group.children, group.variables = set(listed.children), listed.vars
    return found


def _listed(found: Inventory, name: str, data: msgspec.Raw) -> Iterator[_Listed]:
    try:
        yield msgspec.json.decode(data, type=_Listed)
    except (msgspec.DecodeError, RecursionError) as error:
        found.lost.append(Lost(name[:200], f"group {name[:80]}: {error}", ADVICE))
