"""Whose word about an image counts: keys and age, of the command line or of [attest] in a file."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click
import msgspec

from repro.cli import config
from repro.cli.options import files
from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.target.options import Options

AGE: Final = re.compile(r"(\d{1,5})\s*([hdw])")
SECONDS: Final = {"h": 3600, "d": 86_400, "w": 604_800}
KEYS: Final = frozenset({"keys", "max-age"})


class Trust(msgspec.Struct, frozen=True, kw_only=True):
    """Who is believed, and for how long."""

    keys: tuple[str, ...] = ()
    """Files of public keys."""
    max_age: int | None = None
    """Seconds."""


key_option = click.option(
    "-k",
    "--key",
    "keys",
    multiple=True,
    metavar="FILE",
    shell_complete=files,
    help="Believe what the owner of this public key says. Repeatable.",
)
age_option = click.option(
    "--max-age",
    "age",
    metavar="AGE",
    help="Believe nothing that was signed longer ago: 12h, 30d, 4w.",
)
attached_option = click.option(
    "--attached/--no-attached",
    default=None,
    help="Demand the manifest that is attached to an image in a registry, or never use it "
    "(default: used where a key says that it counts).",
)


def attached_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options about attached manifests to a command; `believing` reads them."""
    return key_option(age_option(attached_option(command)))


def believing(options: Options, age: str | None, said: Trust, *targets: str) -> Options:
    """Add to options whom a file believes, where the command line says nothing of it.

    UsageError where attached manifests are demanded of what can have none.
    """
    if options.attached and not any(target.startswith("registry:") for target in targets):
        raise UsageError(
            "--attached is for images in registries",
            advice="Name one: registry:HOST/NAME:TAG",
        )
    seconds = said.max_age if age is None else read_age(age, "--max-age")
    return msgspec.structs.replace(options, keys=options.keys or said.keys, max_age=seconds)


def of_project(folder: Path = Path()) -> Trust:
    """Read whom the project believes; nobody where it says nothing."""
    table, place = config.project(folder)
    return of_table(table, place, folder)


def of_table(table: dict[str, Any], place: str, folder: Path) -> Trust:
    """Read [attest] of a file; keys lie beside it. UsageError for what is wrong."""
    if "attest" not in table:
        return Trust()
    said = config.checked(table["attest"], KEYS, f"{place}: attest")
    keys, age = said.get("keys", []), said.get("max-age")
    if not isinstance(keys, list) or not all(isinstance(key, str) and key for key in keys):
        raise config.wrong(f"{place}: attest.keys", "a list of files", 'Say keys = ["repro.pub"]')
    if age is not None and not isinstance(age, str):
        raise config.wrong(f"{place}: attest.max-age", "an age in quotes", 'For example "30d".')
    return Trust(
        keys=tuple(str(folder / key) for key in keys),
        max_age=None if age is None else read_age(age, f"{place}: attest.max-age"),
    )


def read_age(text: str, place: str) -> int:
    """Read an age as seconds; UsageError where it is none."""
    match = AGE.fullmatch(text.strip())
    if not match or not int(match[1]):
        raise UsageError(f"{place} {text!r} is no age", advice="For example 12h, 30d or 4w.")
    return int(match[1]) * SECONDS[match[2]]
