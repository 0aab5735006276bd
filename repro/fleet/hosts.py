"""The hosts of a fleet, as a file lists them: our own tables, or an inventory of Ansible."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, NamedTuple

import msgspec
import tomli

from repro.errors import UsageError
from repro.fleet.engines import Engine
from repro.fleet.inventory import ini, nested, reaching
from repro.fleet.inventory.groups import limited
from repro.fleet.plan import Lost

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from pathlib import Path

    from repro.fleet.inventory.groups import Inventory

    Reader = Callable[[Path, str, tuple[str, ...]], "Hosts"]

LARGEST: Final = 16 << 20
"""Bytes of a file: a larger one is an error."""
ADVICE: Final = "See docs/fleet.md for the form of such a file."
BESIDE: Final = ("group_vars", "host_vars")
"""Folders with further variables, which Ansible reads beside an inventory."""


class Hosts(NamedTuple):
    """Who can be asked, who cannot, and what is to be said of the file."""

    engines: tuple[Engine, ...]
    lost: tuple[Lost, ...]
    notes: tuple[str, ...] = ()


def read(path: Path, limits: Iterable[str] = ()) -> Hosts:
    """Read a file of hosts, and keep those of `limits`, names or groups, where there are any.

    A host that makes no sense is lost, and the others count. UsageError for a file that makes
    none, for one without hosts, and for a limit that fits nobody.
    """
    try:
        if path.stat().st_size > LARGEST:
            raise UsageError(f"{path}: it is larger than {LARGEST >> 20} MiB", advice=ADVICE)
        with path.open("rb") as file:
            text = file.read(LARGEST).decode("utf-8")
        found = _reader(path, text)(path, text, tuple(limits))
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path}: {error}", advice=ADVICE) from error
    if not found.engines and not found.lost:
        raise UsageError(f"{path}: no host is in it", advice=ADVICE)
    return found


def _reader(path: Path, text: str) -> Reader:
    """Choose by the suffix; where there is none, by how the text begins."""
    lines = (line.strip() for line in text.splitlines())
    first = next((line for line in lines if line and not line.startswith(("#", ";"))), "")
    if path.suffix == ".toml" or first.startswith("[["):
        return _tables
    if path.suffix == ".json" or first.startswith("{"):
        return _inventory(nested.from_json)
    if path.suffix in (".yml", ".yaml") or first == "---":
        return _inventory(nested.from_yaml)
    return _inventory(ini.parse)


def _tables(path: Path, text: str, limits: tuple[str, ...]) -> Hosts:
    """Read [[host]] tables of TOML."""
    del path
    tables = msgspec.convert(tomli.loads(text), _File).host
    engines: dict[str, list[Engine]] = {}
    lost = []
    names = [str(table.get("name", f"host {number}")) for number, table in enumerate(tables, 1)]
    for name, table in zip(names, tables, strict=True):
        try:
            engines.setdefault(name, []).append(msgspec.convert(table, Engine))
        except msgspec.ValidationError as error:
            lost.append(Lost(name[:200], str(error), ADVICE))
    kept = limited({name: frozenset() for name in names}, limits)
    chosen = tuple(each for name in kept for each in engines.get(name, ()))
    return Hosts(chosen, tuple(each for each in lost if each.name in kept or not limits))


class _File(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    host: tuple[dict[str, Any], ...]


def _inventory(parse: Callable[[str], Inventory]) -> Reader:
    def reader(path: Path, text: str, limits: tuple[str, ...]) -> Hosts:
        found = parse(text)
        hosts = found.resolved()
        kept = limited({name: groups for name, (_, groups) in hosts.items()}, limits)
        reached = [reaching.engine(name, hosts[name][0]) for name in kept]
        engines = tuple(each for each in reached if isinstance(each, Engine))
        # What could not be read may be of any group, so that it is told of whatever the limit.
        lost = (*found.lost, *(each for each in reached if isinstance(each, Lost)))
        said = [*reaching.notes(hosts[name][0] for name in kept), *_beside(path)]
        return Hosts(engines, lost, tuple(said))

    return reader


def _beside(path: Path) -> list[str]:
    there = [name for name in BESIDE if (path.parent / name).is_dir()]
    return [
        f"{name} beside {path.name} was not read: give ansible-inventory --list" for name in there
    ]
