"""Conditions of rules: whether a fact holds elsewhere in the manifests, or cannot be known."""

from __future__ import annotations

import re
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

from repro.manifest import Component, Fact, Manifest, Unreadable, Value
from repro.rules.versions import comparable, satisfies

if TYPE_CHECKING:
    from repro.diff.change import Comparison
    from repro.rules.rule import Condition, Rule


def holds(rule: Rule, comparison: Comparison) -> bool | None:
    """Tell whether all conditions of a rule hold; None where that cannot be known."""
    answers = [_either(condition, comparison) for condition in rule.requires]
    if False in answers:
        return False
    return None if None in answers else True


def _either(condition: Condition, comparison: Comparison) -> bool | None:
    answers = [_on(condition, manifest) for manifest in (comparison.a, comparison.b)]
    if True in answers:
        return True
    return None if None in answers else False


def _on(condition: Condition, manifest: Manifest) -> bool | None:
    facts = [fact for fact in manifest.facts if _speaks_of(fact, condition)]
    answers = [_satisfied(condition, fact) for fact in facts if isinstance(fact, Component)]
    if True in answers:
        return not condition.absent
    read = any(fact.kind == condition.kind for fact in manifest.facts)
    if not read or None in answers or any(isinstance(fact, Unreadable) for fact in facts):
        return None
    if condition.silent and not answers:
        return None
    return condition.absent


def _speaks_of(fact: Fact, condition: Condition) -> bool:
    if fact.name == "*":
        return f"{condition.kind}.".startswith(f"{fact.kind}.")
    return fact.kind == condition.kind and fnmatchcase(fact.name, condition.name)


def _satisfied(condition: Condition, component: Component) -> bool | None:
    if condition.versions is not None:
        if not comparable(component.version):
            return None
        if not satisfies(component.version, condition.versions):
            return False
    if condition.path is None:
        return True
    value = field(component, condition.path)
    if value is None and condition.silent:
        return None
    return value is not None and re.match(condition.pattern or "", text(value)) is not None


def field(component: Component, path: str) -> Value:
    """Read a field by its path, such as `version` or `properties.files.tokenizer.json`."""
    if not path.startswith("properties."):
        return getattr(component, path, None)
    value: Value = component.properties
    rest = path.removeprefix("properties.")
    while rest and isinstance(value, dict):
        key = next((k for k in (rest, *_prefixes(rest)) if k in value), None)
        if key is None:
            return None
        value, rest = value[key], rest[len(key) + 1 :]
    return value


def _prefixes(path: str) -> list[str]:
    parts = path.split(".")
    return [".".join(parts[:count]) for count in range(len(parts) - 1, 0, -1)]


def text(value: Value) -> str:
    """Print a value as rules compare it: `true`, `false`, numbers and text plain."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list):
        return " ".join(text(item) for item in value)
    return str(value)
