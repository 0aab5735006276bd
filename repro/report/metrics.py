"""Writes metrics in the one form that Prometheus and OpenMetrics readers both take.

Sources: https://prometheus.io/docs/instrumenting/exposition_formats/ (text format 0.0.4), and
https://prometheus.io/docs/specs/om/open_metrics_spec/ (OpenMetrics 1.0). Gauges without
timestamps, and a last line `# EOF`, which the older format takes for a comment, are valid in both.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.report.plain import plain

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

LABEL: Final = 500
"""Characters of a label's value."""

Sample = tuple[dict[str, str], int]
"""Labels and a value."""


class Family(NamedTuple):
    """A metric with all its samples."""

    name: str
    help: str
    samples: Sequence[Sample]


def write(families: Iterable[Family]) -> str:
    """Write metrics; values of labels may be anything, and no two samples end up alike."""
    return "".join(line for family in families for line in _lines(family)) + "# EOF\n"


def seconds(text: object) -> int | None:
    """Read a manifest's time (RFC 3339) as seconds since 1970; None where it is none."""
    try:
        at = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return int((at if at.tzinfo else at.replace(tzinfo=UTC)).timestamp()) if at else None


def _lines(family: Family) -> Iterator[str]:
    yield f"# HELP {family.name} {family.help}\n# TYPE {family.name} gauge\n"
    seen: set[str] = set()
    for labels, value in family.samples:
        shown = _unlike(labels, seen)
        seen.add(shown)
        yield f"{family.name}{shown} {value}\n"


def _unlike(labels: dict[str, str], seen: set[str]) -> str:
    """Write labels; a reader refuses a whole page where two samples have the same ones."""
    shown, number = _labels(labels), 2
    while shown in seen:
        first, *rest = labels.items()
        shown = _labels(dict([(first[0], f"{plain(first[1], LABEL)} #{number}"), *rest]))
        number += 1
    return shown


def _labels(labels: dict[str, str]) -> str:
    pairs = [f'{name}="{_escaped(plain(text, LABEL + 10))}"' for name, text in labels.items()]
    return "{" + ",".join(pairs) + "}" if pairs else ""


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
