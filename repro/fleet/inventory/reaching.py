"""How a host of an inventory is reached: by its variables, as Ansible would."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

from repro.fleet.engines import Engine
from repro.fleet.inventory.groups import InventoryError
from repro.fleet.plan import Lost

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

SAFE: Final = re.compile(r"[A-Za-z0-9_][A-Za-z0-9._-]{0,252}", re.ASCII)
"""A host or user that no program takes for an option or a second field of a URL."""
SSH: Final = frozenset({"ssh", "smart", "paramiko", "paramiko_ssh", "ansible.builtin.ssh"})
LOCAL: Final = frozenset({"local", "ansible.builtin.local"})
OURS: Final = ("ansible_ssh_private_key_file", "ansible_ssh_common_args", "ansible_ssh_extra_args")
"""What Ansible would tell ssh, and repro does not."""


def engine(host: str, variables: Mapping[str, Any]) -> Engine | Lost:
    """Return the engine of a host: `docker_host` of community.docker, this machine's, or by ssh."""
    try:
        if url := _said(variables, "docker_host"):
            return Engine(name=host, engine=url)
        return Engine(name=host, engine=_url(host, variables))
    except InventoryError as error:
        return Lost(host, str(error), "ansible-inventory --list prints what Ansible makes of it.")


def notes(variables: Iterable[Mapping[str, Any]]) -> Iterator[str]:
    """Say what of the inventory was left aside."""
    found = {name for each in variables for name in OURS if each.get(name)}
    for name in sorted(found):
        yield f"{name} of the inventory was not used: ssh goes by its own configuration"


def _url(host: str, variables: Mapping[str, Any]) -> str:
    connection = _said(variables, "ansible_connection") or "ssh"
    if connection in LOCAL:
        return "unix:///var/run/docker.sock"
    if connection not in SSH:
        raise InventoryError(f"ansible_connection is {connection!r}, which leads to no engine")
    where = _said(variables, "ansible_host", "ansible_ssh_host") or host
    user = _said(variables, "ansible_user", "ansible_ssh_user")
    port = _said(variables, "ansible_port", "ansible_ssh_port")
    for value in (where, user or where):
        if not SAFE.fullmatch(value):
            raise InventoryError(f"{value[:80]!r} is nothing that ssh could be told")
    if port and not (re.fullmatch(r"[0-9]{1,5}", port) and 0 < int(port) < 65536):
        raise InventoryError(f"ansible_port is {port[:80]!r}")
    return "ssh://" + (f"{user}@" if user else "") + where + (f":{port}" if port else "")


def _said(variables: Mapping[str, Any], *names: str) -> str:
    """Return the first variable that is there; InventoryError for one that Ansible fills in."""
    value = next((variables[name] for name in names if variables.get(name) is not None), "")
    if not isinstance(value, str | int):
        raise InventoryError(f"{names[0]} is neither text nor a number")
    if "{{" in str(value) or "{%" in str(value):
        raise InventoryError(f"{names[0]} is a template, which Ansible alone can fill in")
    return str(value)
