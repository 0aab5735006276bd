"""The pairs as data: what each side has, and which of the two splits a pair is in."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any, Final, Literal

import msgspec
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

HERE: Final = Path(__file__).parent
WORKLOADS: Final = HERE / "workloads"


class Patch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A text in an installed file, and what is put in its place."""

    file: str
    """Below site-packages."""
    old: str
    new: str


class Edit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is changed in one JSON file of a model folder."""

    file: str
    put: dict[str, Any] = {}
    """By dotted path; a number in it is an index of a list."""
    drop: tuple[str, ...] = ()
    indent: int | None = None
    """How the file is written anew; with nothing put or dropped it is the same in another dress."""
    sort: bool = False


class Side(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """One side of a pair, as it is written: a set of pins and what differs from it."""

    set: str = ""
    pins: tuple[str, ...] = ()
    """Added to the set's, or in place of those of the same distributions."""
    drop: tuple[str, ...] = ()
    """Distributions of the set that are not installed."""
    env: dict[str, str] = {}
    python: str = "3.11"
    model: str = ""
    """A folder that `models.py` makes."""
    edits: tuple[Edit, ...] = ()
    remove: tuple[str, ...] = ()
    """Files taken out of the model folder."""
    patches: tuple[Patch, ...] = ()


class Pair(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Two sides, and the workloads that are run on both."""

    id: str
    family: str
    kind: Literal["change", "upgrade", "content", "config", "variable", "bystander", "presence"]
    differs: str
    workloads: tuple[str, ...]
    a: Side
    b: Side
    heavy: bool = False
    """Whether it needs more than 200 MB of wheels."""

    @property
    def split(self) -> str:
        """`tune` or `test`, by the first byte of the SHA-256 of the id: nobody assigns it."""
        return "tune" if hashlib.sha256(self.id.encode()).digest()[0] < 128 else "test"


class Set(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Distributions as a resolver chose them on a day."""

    pins: tuple[str, ...]
    asked: tuple[str, ...] = ()
    until: str = ""
    """Releases after this day were not looked at; empty for what was written by hand."""


class _Pairs(msgspec.Struct, forbid_unknown_fields=True):
    pair: tuple[Pair, ...]


class _Sets(msgspec.Struct, forbid_unknown_fields=True):
    set: dict[str, Set]


def pairs(folder: Path = HERE) -> tuple[Pair, ...]:
    """Read all pairs; msgspec.ValidationError says where a file is wrong."""
    return msgspec.toml.decode((folder / "pairs.toml").read_bytes(), type=_Pairs).pair


def sets(folder: Path = HERE) -> dict[str, Set]:
    """Read the sets of pins by their names."""
    return msgspec.toml.decode((folder / "sets.toml").read_bytes(), type=_Sets).set


def pins(side: Side, known: dict[str, Set]) -> tuple[str, ...]:
    """List all that a side has installed, sorted; KeyError for a set that is not there."""
    base = known[side.set].pins if side.set else ()
    named = {_name(pin): pin for pin in (*base, *side.pins)}
    for name in side.drop:
        del named[canonicalize_name(name)]
    return tuple(named[name] for name in sorted(named))


def _name(pin: str) -> str:
    return canonicalize_name(Requirement(pin).name)
