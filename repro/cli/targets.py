"""What a shell completes where a target is wanted: schemes, and files for some of them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from click.shell_completion import BashComplete, CompletionItem, add_completion_class

if TYPE_CHECKING:
    import click

COMPLETES: Final[dict[str, str]] = {
    "answer": "file",
    "container": "",
    "dir": "dir",
    "docker": "",
    "docker-archive": "file",
    "endpoint": "",
    "image": "",
    "kubernetes": "",
    "kubernetes-log": "",
    "oci-archive": "file",
    "oci-dir": "dir",
    "podman": "",
    "python": "file",
    "ray": "",
    "registry": "",
    "slurm": "",
    "volume": "dir",
}
"""What follows the colon of each scheme: files or folders, in click's words, or what is unknown."""
PLAIN: Final = ("host", "local")
"""Targets without a colon."""
SHOWN: Final = 100
"""Files that are offered beside schemes."""
STAY: Final = """\
    # Something follows a scheme and a folder: no space after them.
    [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[:/] ]] && compopt -o nospace

    return 0"""


def complete(_: click.Context, __: click.Parameter, text: str) -> list[CompletionItem[Any]]:
    """Complete a target: its scheme, or a file; beside schemes, files are named one by one.

    Shells take single words, or all files, but not both.
    """
    scheme, colon, _rest = text.partition(":")
    if colon and scheme in COMPLETES:
        kind = COMPLETES[scheme]
        return [CompletionItem(text, type=kind)] if kind else []
    words = [f"{name}:" for name in COMPLETES if text and name.startswith(text)]
    words += [word for word in PLAIN if text and word.startswith(text)]
    if not words:
        return [CompletionItem(text, type="file")]
    return [CompletionItem(word) for word in [*words, *_files(text)]]


def _files(start: str) -> list[str]:
    """Name the files of the working directory whose names start so."""
    try:
        found = [path for path in Path().iterdir() if path.name.startswith(start)]
        return sorted(f"{path.name}/" if path.is_dir() else path.name for path in found)[:SHOWN]
    except OSError:
        return []


@add_completion_class
class Bash(BashComplete):
    """Bash, which takes a colon for a word of its own (COMP_WORDBREAKS, bash(1))."""

    source_template = BashComplete.source_template.replace("    return 0", STAY)

    def get_completion_args(self) -> tuple[list[str], str]:
        """Return the words before the cursor, and the one at it; what colons split is joined."""
        words, last = super().get_completion_args()
        joined: list[str] = []
        for word in [*words, last]:
            if joined and (word == ":" or joined[-1].endswith(":")):
                joined[-1] += word
            else:
                joined.append(word)
        return joined[:-1], joined[-1]
