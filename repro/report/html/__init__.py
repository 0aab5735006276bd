"""The verdict as one page that needs no network: for people who look closer, and keep it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report import layers, wording

if TYPE_CHECKING:
    from repro.verdict import Verdict

name: Final = "html"
suffixes: Final = (".html", ".htm")


def render(verdict: Verdict) -> str:
    """Write the page; nothing in it is fetched, and nothing that an image says acts in it."""
    from repro.report.html import sections  # noqa: PLC0415 - Jinja costs what `--help` can do without
    from repro.report.html.rendering import page  # noqa: PLC0415

    told = sections.tell(verdict.findings)
    brought, unplaced = layers.brought(verdict.findings)
    return page(
        "verdict.html.j2",
        verdict=verdict,
        headline=wording.headline(verdict),
        relation="; ".join(filter(None, (wording.relation(verdict), layers.shared(verdict)))),
        compared=layers.compared(verdict),
        measured=wording.measured(verdict),
        notes=wording.notes(verdict),
        outcome=wording.OUTCOME[verdict.exit_code],
        meaning=wording.exit_meaning(verdict),
        told=told,
        facets=sections.facets(verdict.findings),
        brought=brought,
        unplaced=unplaced,
    )
