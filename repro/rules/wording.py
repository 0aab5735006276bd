"""A rule's condition in words, for people who question it."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from repro.rules.rule import Condition, Rule, When


def looks_at(rule: Rule) -> str:
    """Say what a rule speaks of and when it fires, in one sentence."""
    names = rule.match.name if isinstance(rule.match.name, str) else ", ".join(rule.match.name)
    subject = rule.match.kind if names == "*" else f"{rule.match.kind} {names}"
    conditions = [_condition(condition) for condition in rule.requires]
    return ", ".join([f"{subject}: {_when(rule.when)}", *(f"if {text}" for text in conditions)])


def _when(when: When) -> str:
    if when.fields is not None:
        values = f" (to or from {' or '.join(when.values)})" if when.values else ""
        return f"when {' or '.join(when.fields)} differs{values}"
    texts = {
        "any": "on any change",
        "version": "when the version differs in anything",
        "presence": "when it is on one side only",
        "crosses": f"when the versions lie on two sides of {' or '.join(when.crosses or ())}",
        "between": f"between {' and '.join(when.between or ())}",
        "within": f"when both versions are in {when.within}",
        "inside": f"when a version is in {when.inside}, with drift or without",
        "copies": "when there are several copies that differ",
    }
    return next(text for field, text in texts.items() if getattr(when, field) is not None)


def _condition(condition: Condition) -> str:
    subject = condition.kind if condition.name == "*" else f"{condition.kind} {condition.name}"
    if condition.absent:
        return f"there is no {subject}"
    parts = [condition.versions or ""]
    if condition.path:
        parts.append(f"{condition.path.removeprefix('properties.')} matches {condition.pattern}")
    return " ".join(filter(None, [subject, *parts])) + " is on a side"
