"""Writes objects as YAML in which a program is a block of its own lines, for people to read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable

WIDE: Final = 1 << 20
"""Columns: no line is folded, for the packed probe is one."""


class _Dumper(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:
        del data
        return True


def _text(dumper: _Dumper, value: str) -> yaml.ScalarNode:
    style = "|" if "\n" in value else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", value, style=style)


_Dumper.add_representer(str, _text)


def written(documents: Iterable[dict[str, Any]]) -> str:
    """Return one YAML document an object, with keys in their order."""
    return str(
        yaml.dump_all(documents, Dumper=_Dumper, sort_keys=False, width=WIDE, explicit_start=True)
    )
