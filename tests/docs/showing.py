"""What pages show: their fenced blocks, and why a block is not run where it is not.

A `console` block is run: its lines after `$ ` are typed, and what they print stands below. There
`…` stands for anything in a line, and alone in a line for any lines. A block with a title is added
to the file of that name. A block of commands that cannot be run here has a comment above it:
`<!-- not run: REASON -->`.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).parents[2]
README: Final = ROOT / "README.md"
PAGES: Final = (README, *sorted((ROOT / "docs").rglob("*.md")))
GENERATED: Final = tuple(ROOT / "docs" / name for name in ("commands", "rules", "schemas"))
WRITTEN: Final = tuple(page for page in PAGES if page.parent not in GENERATED)
REASONS: Final = {
    "needs an engine": "images and containers of the reader; tests/engine has real ones",
    "needs a cluster": "hosts, pods or nodes of the reader",
    "needs a registry": "a public one; docs/attest.md has a session with a registry of the tests",
    "needs a server": "a model at work; tests/canary has one",
    "needs a GPU": "no build machine has one",
    "waits": "it ends with Ctrl-C; tests/cli/test_many.py ends it",
    "run elsewhere": "another test runs it: by name, or in another folder",
    "installs": "the gate itself has done it",
}
"""Why a block may stay unrun, and what is tried in its place."""
FENCE: Final = re.compile(
    r"(?:^<!-- not run: (?P<reason>.*?) -->\n)?"
    r"^```(?P<language>\w*)(?: title=\"(?P<title>[^\"]+)\")?\n(?P<text>.*?)^```$",
    re.MULTILINE | re.DOTALL,
)


class Block(NamedTuple):
    """A fenced block of a page."""

    language: str
    title: str | None
    reason: str | None
    text: str

    @property
    def commands(self) -> list[str]:
        """What would be typed, where it is a session."""
        return re.findall(r"^\$ (.*)$", self.text, re.MULTILINE)

    @property
    def is_run(self) -> bool:
        """Whether it belongs to the page's session."""
        return self.reason is None and (self.language == "console" or self.title is not None)


def blocks(text: str) -> list[Block]:
    """Return the fenced blocks of a page, in their order."""
    return [
        Block(found["language"], found["title"], found["reason"], found["text"])
        for found in FENCE.finditer(text)
    ]


def name(page: Path) -> str:
    """Name a page as links do."""
    return page.relative_to(ROOT).as_posix()
