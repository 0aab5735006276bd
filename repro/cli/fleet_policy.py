"""What a project says of its fleet: which subjects are meant to be alike, and like what."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from repro.cli import config
from repro.diff.grouping import Pattern
from repro.errors import UsageError

if TYPE_CHECKING:
    from pathlib import Path


class GroupTable(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[[fleet.group]] as it stands in a file."""

    name: str
    match: tuple[str, ...]
    """Patterns of the names of subjects."""
    baseline: str | None = None
    """A manifest's file, from where the policy lies."""


class Table(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """[fleet] as it stands in a file."""

    group_by: tuple[str, ...] = msgspec.field(name="group-by", default=())
    baseline: str | None = None
    group: tuple[GroupTable, ...] = ()


class Declared(msgspec.Struct, frozen=True, kw_only=True):
    """What a project declares of its fleet; nothing where it has no file."""

    group_by: tuple[str, ...] = ()
    groups: tuple[Pattern, ...] = ()
    baselines: tuple[tuple[str | None, str], ...] = ()
    """Groups, None for any, and files."""


def declared(folder: Path) -> Declared:
    """Read [fleet] of the project in a folder; UsageError for what is wrong in it."""
    said, place = config.project(folder)
    try:
        table = msgspec.convert(said.get("fleet", {}), Table)
    except msgspec.ValidationError as error:
        raise UsageError(f"{place}: fleet: {error}", advice="See docs/fleet.md.") from error
    named = [(None, table.baseline), *((group.name, group.baseline) for group in table.group)]
    return Declared(
        group_by=table.group_by,
        groups=tuple(Pattern(name=group.name, match=group.match) for group in table.group),
        baselines=tuple((group, str(folder / file)) for group, file in named if file),
    )
