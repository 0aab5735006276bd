"""Which facts somebody asks about: `cudnn`, `cuda.*`, `setting:NCCL_*`, `gpu.device@name`."""

from __future__ import annotations

from fnmatch import fnmatchcase
from typing import TYPE_CHECKING, Self

import msgspec

from repro.manifest import Component
from repro.rules.printing import printed, short

if TYPE_CHECKING:
    from collections.abc import Collection

    from repro.diff.change import Change, FieldChange
    from repro.manifest import Fact, Unreadable


class Wanted(msgspec.Struct, frozen=True, kw_only=True):
    """A pattern of facts."""

    kind: str = "*"
    name: str = "*"
    either: str = ""
    """Of the kind or of the name, where a word could be both."""
    property: str = ""
    """Empty: all of a fact."""

    @classmethod
    def parse(cls, text: str) -> Self:
        """Read `[KIND:]NAME[@PROPERTY]`; a word alone is a kind or a name. ValueError for none."""
        fact, at, field = text.partition("@")
        kind, colon, name = fact.partition(":")
        if not fact or (at and not field) or (colon and not (kind and name)):
            raise ValueError(text)
        if not colon:
            return cls(either=fact, property=field)
        return cls(kind=kind, name=name, property=field)

    def names(self, fact: Fact | Change) -> bool:
        """Tell whether a fact is meant."""
        if self.either:
            return any(_fits(text, self.either) for text in (fact.kind, fact.name))
        return _fits(fact.kind, self.kind) and _fits(fact.name, self.name)

    def hidden_by(self, fact: Unreadable, kinds: Collection[str]) -> bool:
        """Tell whether what is wanted may be behind something unreadable.

        `kinds` are those that it was seen to have elsewhere; without any it might be behind all.
        """
        if fact.name != "*" or self.names(fact):
            return self.names(fact)
        return not kinds or any(f"{kind}.".startswith(f"{fact.kind}.") for kind in kinds)

    def __call__(self, change: Change) -> bool:
        """Tell whether a change is of what is wanted."""
        if not self.names(change):
            return False
        return not self.property or change.how != "changed" or self._field(change) is not None

    def shown(self, fact: Component) -> str:
        """Print what is wanted of a fact."""
        if not self.property:
            value = fact.version if fact.version is not None else fact.properties.get("value")
            return short(value) if value is not None else "present"
        value = fact.properties.get(self.property)
        return short(value) if value is not None else "unknown"

    def values(self, change: Change) -> tuple[str | None, str | None]:
        """Print the two sides of a change."""
        field = self._field(change)
        if field is not None:
            return printed(msgspec.structs.replace(change, fields=(field,)))
        sides = (change.old, change.new)
        if not self.property or not any(isinstance(side, Component) for side in sides):
            return printed(change)
        old, new = printed(change)
        shown = [self.shown(side) if isinstance(side, Component) else None for side in sides]
        return shown[0] or old, shown[1] or new

    def _field(self, change: Change) -> FieldChange | None:
        path = self.property if self.property == "version" else f"properties.{self.property}"
        if not self.property:
            return None
        fields = (f for f in change.fields if f.path == path or f.path.startswith(f"{path}."))
        return next(fields, None)


def _fits(text: str, pattern: str) -> bool:
    return fnmatchcase(text.lower(), pattern.lower())
