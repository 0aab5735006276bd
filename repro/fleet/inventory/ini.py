"""Inventories of Ansible as INI: sections of hosts, of variables, and of groups in groups."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, Any, Final

from repro.fleet.inventory.groups import UNGROUPED, Inventory, InventoryError
from repro.fleet.inventory.patterns import expanded
from repro.fleet.plan import Lost

if TYPE_CHECKING:
    from collections.abc import Callable

SECTION: Final = re.compile(r"\[([^\]:\s]+)(?::(children|vars|hosts))?\]\s*(?:[#;].*)?")
PORT: Final = re.compile(r"([^:]*[^:\]]|.*\]):(\d{1,5})")
"""A host with a port; the brackets of a range hold colons, too."""
ADVICE: Final = "Mend that line of the inventory."


def parse(text: str) -> Inventory:
    """Read an inventory; a line that makes no sense is lost, and the others count.

    InventoryError where most make none: then it is another file, whose words are no hosts.
    """
    found = Inventory()
    name, kind = UNGROUPED, "hosts"
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith(("#", ";")):
            continue
        if section := SECTION.fullmatch(bare):
            name, kind = section[1], section[2] or "hosts"
            found.group(name)
            continue
        try:
            READERS[kind](found, name, bare)
        except ValueError as error:
            first = bare.split(maxsplit=1)[0]
            found.lost.append(Lost(first[:200], f"line {number}: {error}", ADVICE))
    if len(found.lost) > sum(len(group.hosts) for group in found.groups.values()):
        raise InventoryError(f"it is no inventory: {found.lost[0].reason}")
    return found


def _host(found: Inventory, group: str, line: str) -> None:
    pattern, *words = shlex.split(line, comments=True)
    variables: dict[str, Any] = dict(_pair(word) for word in words)
    if port := PORT.fullmatch(pattern):
        pattern, variables = port[1], {"ansible_port": port[2], **variables}
    for host in expanded(pattern):
        found.group(group).hosts.setdefault(host, {}).update(variables)


def _variable(found: Inventory, group: str, line: str) -> None:
    name, value = _pair(line)
    words = shlex.split(value, comments=True)
    found.group(group).variables[name] = words[0] if len(words) == 1 else value


def _child(found: Inventory, group: str, line: str) -> None:
    (child,) = shlex.split(line, comments=True)
    found.group(child)
    found.group(group).children.add(child)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not equals or not name.strip():
        raise InventoryError(f"{text[:80]!r} is no NAME=VALUE")
    return name.strip(), value.strip()


READERS: Final[dict[str, Callable[[Inventory, str, str], None]]] = {
    "hosts": _host,
    "vars": _variable,
    "children": _child,
}
