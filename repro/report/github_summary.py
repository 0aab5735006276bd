"""The verdict as the summary of a job on GitHub: the comment's Markdown, with more room."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.report import markdown

if TYPE_CHECKING:
    from repro.verdict import Verdict

name: Final = "github-summary"
suffixes: Final[tuple[str, ...]] = ()

TIMES: Final = 4
"""GitHub drops the summary of a step over 1 MiB (docs.github.com, "Workflow commands", "Step
isolation and limits"): four comments, whose characters may take four bytes each in UTF-8."""


def render(verdict: Verdict) -> str:
    """Write the summary; it goes to the file that GITHUB_STEP_SUMMARY names."""
    return markdown.body(verdict, TIMES)
