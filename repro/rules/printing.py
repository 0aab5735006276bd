"""How a finding names what it is about, and the two values that decide it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Final

from repro.manifest import Absent, Component, Unreadable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.diff.change import Change, FieldChange
    from repro.manifest import Fact, Value

SUFFIXES: Final = {
    "cuda.library": "on disk",
    "cuda.library.call": "when called",
    "cuda.library.loaded": "loaded",
    "blas.loaded": "loaded",
    "openmp.loaded": "loaded",
    "python.loaded": "loaded",
    "python.patched": "files changed after installation",
    "image.env": "declared by the image",
    "cuda.declared": "declared",
    "framework": "reports of itself",
    "node.label": "declared by the node",
}
BEFORE: Final = 3
"""Items of a list that are shown before the first one that differs."""
LENGTH: Final = 120
"""Characters of a value that a finding shows; reports may show less."""


def subject(kind: str, name: str) -> str:
    """Name a component for people; one that is known in several ways says in which."""
    if name == "*":
        return kind
    return f"{name} ({SUFFIXES[kind]})" if kind in SUFFIXES else name


def printed(change: Change, fields: Sequence[FieldChange] = ()) -> tuple[str | None, str | None]:
    """Print the decisive values: of the fields a rule names, else version, else first."""
    if change.how != "changed":
        return _fact(change.old), _fact(change.new)
    chosen = list(fields) or [f for f in change.fields if f.path == "version"]
    field = (chosen or list(change.fields))[0]
    return _field(field, field.old), _field(field, field.new)


def _fact(fact: Fact | None) -> str | None:
    if isinstance(fact, Component):
        if fact.version is not None:
            return short(fact.version)
        value = fact.properties.get("value")
        return short(value) if value is not None else "present"
    if isinstance(fact, Unreadable):
        return "unreadable"
    return "absent" if isinstance(fact, Absent) else None


def _field(field: FieldChange, value: Value) -> str | None:
    name = field.path.removeprefix("properties.")
    if name == "version":
        return short(value) if value is not None else "version unknown"
    if value is None or name == "value":
        return short(value) if value is not None else None
    return f"{name}={short(value)}"


def apart(old: Value, new: Value) -> tuple[str, str]:
    """Print two values, long ones from near their first difference: it would be cut off else."""
    texts = short(old), short(new)
    if not any(text.endswith("…") for text in texts):
        return texts
    if isinstance(old, list) and isinstance(new, list):
        start = max(_alike(old, new) - BEFORE, 0)
        return _tail(old, start), _tail(new, start)
    if isinstance(old, str) and isinstance(new, str):
        start = max(_alike(old, new) - LENGTH // 3, 0)
        head = "…" if start else ""
        return short(head + old[start:]), short(head + new[start:])
    return texts


def _alike(old: Sequence[Value], new: Sequence[Value]) -> int:
    """Count what two sequences begin with alike."""
    pairs = enumerate(zip(old, new, strict=False))
    return next((at for at, (a, b) in pairs if a != b), min(len(old), len(new)))


def _tail(values: list[Value], start: int) -> str:
    text = json.dumps(values[start:], ensure_ascii=False)
    return short(f"[… {start} alike, {text[1:]}" if start else text)


def short(value: Value) -> str:
    """Print a value on one line, bounded; digests are cut to what tells them apart."""
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    if text.startswith("sha256:") and len(text) == 71:
        return text[:19]
    return text if len(text) <= LENGTH else text[: LENGTH - 1] + "…"
