"""What a project says of itself in `repro.toml`, or under `[tool.repro]` in `pyproject.toml`."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.target.options import Own

OWN: Final = "repro.toml"
SHARED: Final = "pyproject.toml"
LARGEST: Final = 1 << 20
"""Bytes of a file that are read."""
NAME: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
NAMED: Final = re.compile(r"([a-z][a-z0-9._-]{0,63})=(.*)", re.DOTALL)
"""A name before a command; variables have large letters, so that `A=1 program` is no name."""
SECONDS: Final = range(1, 86401)
KEYS: Final = frozenset({"attest", "canary", "fleet", "gate"})


def canaries(commands: Iterable[str], folder: Path = Path()) -> tuple[Own, ...]:
    """Return the user's canaries: those of the command line, and the project's others.

    Commands are `COMMAND` or `NAME=COMMAND`; those without a name are numbered. UsageError for a
    name that comes twice, and for what is wrong in a file.
    """
    asked = _named(commands)
    names = {own.name for own in asked}
    return (*asked, *(own for own in _project(folder) if own.name not in names))


def _named(commands: Iterable[str]) -> list[Own]:
    from repro.target.options import Own  # noqa: PLC0415

    found: dict[str, Own] = {}
    for number, text in enumerate(commands, 1):
        match = NAMED.fullmatch(text.strip())
        name, command = match.groups() if match else (str(number), text)
        if name in found:
            raise UsageError(f"two canaries are called {name}", advice="Give each its own name.")
        found[name] = Own(name=name, command=_command(command, f"--canary {text!r}"))
    return list(found.values())


def _project(folder: Path) -> list[Own]:
    """Read the canaries of the file that the project has; none where it has none."""
    return of_table(*project(folder))


def of_table(table: dict[str, Any], place: str) -> list[Own]:
    """Return the canaries of what a file says; UsageError for what is wrong in it."""
    rows = table.get("canary", {})
    if not isinstance(rows, dict):
        raise wrong(f"{place}: canary", "a table of tables", 'Write [canary.NAME] command = "…"')
    return [_own(name, row, f"{place}: canary.{name}") for name, row in rows.items()]


def project(folder: Path) -> tuple[dict[str, Any], str]:
    """Return what the project's file says, and where it says it; nothing where there is none."""
    own, shared = _table(folder / OWN), (_table(folder / SHARED) or {}).get("tool")
    inside = shared.get("repro") if isinstance(shared, dict) else None
    if own is not None and inside is not None:
        raise UsageError(
            f"{OWN} and [tool.repro] in {SHARED} are both there",
            advice="Keep one of them, so that nobody has to guess which is meant.",
        )
    place = OWN if own is not None else f"{SHARED}: tool.repro"
    table = own if own is not None else inside
    return ({} if table is None else checked(table, KEYS, place)), place


def file(path: Path) -> tuple[dict[str, Any], str]:
    """Return what a file that was named says: a repro.toml, or a pyproject.toml's own part."""
    table = _table(path)
    if table is None:
        raise UsageError(f"{path}: no such file", advice="Write a first one: repro gate init")
    if path.name == SHARED:
        table = (table.get("tool") or {}).get("repro") or {}
    return checked(table, KEYS, str(path)), str(path)


def _own(name: str, row: Any, place: str) -> Own:
    from repro.target.options import Own  # noqa: PLC0415

    if not NAME.fullmatch(name):
        raise wrong(place, "a name", "Small letters, digits, `.`, `_` and `-`: 64 at most.")
    told = checked(row, frozenset({"command", "seconds"}), place)
    seconds = told.get("seconds", 60)
    if isinstance(seconds, bool) or not isinstance(seconds, int) or seconds not in SECONDS:
        raise wrong(f"{place}.seconds", "a whole number of seconds", "From 1 to 86400.")
    command = _command(told.get("command"), f"{place}.command")
    return Own(name=name, command=command, seconds=seconds, asked=False)


def _command(text: Any, place: str) -> str:
    """Check that a text is a command; a program may be given, in the words of a shell."""
    import shlex  # noqa: PLC0415

    try:
        words = shlex.split(text) if isinstance(text, str) else []
    except ValueError as error:
        raise wrong(place, f"a command ({error})", "Close its quotes.") from error
    if not words or "\0" in text:
        raise wrong(place, "a command", 'For example "python canary.py".')
    return str(text)


def checked(table: Any, keys: frozenset[str], place: str) -> dict[str, Any]:
    """Return a table that has no other keys than these; UsageError says which it has."""
    if not isinstance(table, dict):
        raise wrong(place, "a table", f"It may have {', '.join(sorted(keys))}.")
    if unknown := sorted(table.keys() - keys):
        raise UsageError(
            f"{place}: {unknown[0]!r} is nothing that repro knows",
            advice=f"It may have {', '.join(sorted(keys))}.",
        )
    return table


def _table(path: Path) -> dict[str, Any] | None:
    """Read a TOML file; None where there is none."""
    try:
        with path.open("rb") as file:
            data = file.read(LARGEST + 1)
        import tomli  # noqa: PLC0415  # Most folders have no such file.

        if len(data) > LARGEST:
            raise wrong(path.name, "a file of at most 1 MiB", "Is it the right file?")
        return tomli.loads(data.decode("utf-8"))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise UsageError(f"{path.name}: {error}", advice="Mend it, or move it away.") from error


def wrong(place: str, wanted: str, advice: str) -> UsageError:
    """Say of a place in a file that it is not what it should be."""
    return UsageError(f"{place} is not {wanted}", advice=advice)
