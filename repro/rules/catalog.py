"""The rule catalogue: read from its TOML files, checked, and found by kind."""

from __future__ import annotations

import re
from collections import defaultdict
from fnmatch import fnmatchcase, translate
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec
import tomli

from repro.errors import CatalogError
from repro.rules.effect import Reader, Resolved
from repro.rules.finding import Basis, Impact
from repro.rules.rule import Rule

if TYPE_CHECKING:
    from collections.abc import Iterable

WILD: Final = frozenset("*?[")
Numbered = dict[int, Rule]
T = TypeVar("T", bound=msgspec.Struct)


class Kind(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is to be inferred of a change in a kind of component where no rule speaks."""

    kind: str
    impact: Impact
    basis: Basis = Basis.INFERRED
    why: str
    required: bool = False
    """Whether a verdict is indeterminate when it could not be read."""


class Bystander(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A package whose change moves no output."""

    name: str
    reason: str


TABLES: Final[dict[str, type[Any]]] = {
    "rule": Rule,
    "kind": Kind,
    "bystander": Bystander,
    "reader": Reader,
    "resolved": Resolved,
}
"""Tables of the catalogue's files, in the order that a Catalog takes them."""


class Catalog:
    """All rules, with the inferences for what no rule speaks of."""

    def __init__(
        self,
        rules: Iterable[Rule],
        kinds: Iterable[Kind],
        bystanders: Iterable[Bystander],
        readers: Iterable[Reader] = (),
        resolved: Iterable[Resolved] = (),
    ) -> None:
        self.rules = tuple(rules)
        self.kinds = {kind.kind: kind for kind in kinds}
        self.readers, self.resolved = tuple(readers), tuple(resolved)
        self.bystanders = {entry.name: entry for entry in bystanders}
        self._by_kind: dict[str, tuple[Rule, ...]] = {}
        self._named: dict[str, tuple[dict[str, Numbered], Numbered, re.Pattern[str]]] = {}
        codes = [rule.code for rule in self.rules]
        if len(set(codes)) != len(codes):
            twice = sorted({code for code in codes if codes.count(code) > 1})
            raise CatalogError(f"rule codes are used twice: {', '.join(twice)}")

    def of_kind(self, kind: str) -> tuple[Rule, ...]:
        """Rules that speak of components of a kind."""
        if kind not in self._by_kind:
            found = tuple(rule for rule in self.rules if fnmatchcase(kind, rule.match.kind))
            self._by_kind[kind] = found
        return self._by_kind[kind]

    def kinds_under(self, kind: str) -> list[str]:
        """List the kinds that a kind is the beginning of, by its dots: `gpu` for `gpu.device`."""
        return [known for known in self.kinds if known.startswith(f"{kind}.")]

    def matching(self, scope: str, kind: str, name: str) -> list[Rule]:
        """List the rules that speak of one component, in the order of the catalogue."""
        if kind not in self._named:
            self._named[kind] = _by_name(self.of_kind(kind))
        plain, patterned, any_pattern = self._named[kind]
        found = dict(plain.get(name, {}))
        if any_pattern.match(name):
            found.update((i, rule) for i, rule in patterned.items() if matches(rule, name))
        return [found[i] for i in sorted(found) if found[i].match.scope in (None, scope)]

    def inference(self, kind: str) -> Kind:
        """Return what is inferred for a kind: its own row, or that of the kind it belongs to."""
        while kind not in self.kinds and "." in kind:
            kind = kind.rpartition(".")[0]
        unknown = Kind(kind=kind, impact=Impact.BITS, why="Nothing is known about this kind.")
        return self.kinds.get(kind, unknown)

    def rule(self, code: str) -> Rule | None:
        """Find a rule by its code, in any case."""
        return next((rule for rule in self.rules if rule.code == code.upper()), None)


def _by_name(rules: Iterable[Rule]) -> tuple[dict[str, Numbered], Numbered, re.Pattern[str]]:
    """Put rules under the plain names that they speak of, apart from those with patterns.

    Most names fit no pattern, which the one expression of them all tells at once.
    """
    plain: dict[str, Numbered] = defaultdict(dict)
    patterned: Numbered = {}
    patterns = []
    for index, rule in enumerate(rules):
        for name in names(rule):
            if WILD.isdisjoint(name):
                plain[name][index] = rule
            else:
                patterned[index] = rule
                patterns.append(translate(name))
    return plain, patterned, re.compile("|".join(patterns) or r"(?!)")


def names(rule: Rule) -> tuple[str, ...]:
    """List the names and patterns of names that a rule speaks of."""
    return (rule.match.name,) if isinstance(rule.match.name, str) else rule.match.name


def matches(rule: Rule, name: str) -> bool:
    """Tell whether a rule speaks of components of this name."""
    return any(alike(name, each) for each in names(rule))


def alike(name: str, pattern: str) -> bool:
    """Match a name with a pattern; the two usual ones, plain and `prefix*`, need no expression."""
    if name == pattern:
        return True
    start = pattern.rstrip("*")
    if WILD.isdisjoint(start):
        return start != pattern and name.startswith(start)
    return fnmatchcase(name, pattern)


@cache
def load() -> Catalog:
    """Read the catalogue that ships with the package; CatalogError where a file is malformed."""
    tables: dict[str, list[Any]] = {name: [] for name in TABLES}
    folder = resources.files("repro.rules").joinpath("catalog")
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            _merge(tables, entry.name, tomli.loads(entry.read_text("utf-8")))
    return Catalog(*([_row(row, TABLES[name]) for row in rows] for name, rows in tables.items()))


def _merge(tables: dict[str, list[Any]], name: str, content: dict[str, Any]) -> None:
    for key, rows in content.items():
        if key not in tables:
            raise CatalogError(f"{name}: unknown table {key!r}")
        tables[key] += rows


def _row(row: Any, shape: type[T]) -> T:
    try:
        return msgspec.convert(row, shape)
    except msgspec.ValidationError as error:
        name = row.get("code") or row.get("kind") or row.get("name") or row.get("variables")
        raise CatalogError(f"{shape.__name__} {name}: {error}") from error
