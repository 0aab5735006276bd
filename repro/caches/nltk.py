"""NLTK's data: how sentences and words are split; https://www.nltk.org/data.html."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from repro.caches import facts
from repro.caches.folder import of_file, of_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files, Folder
    from repro.manifest import Fact

KIND: Final = "cache.nltk"
CATEGORIES: Final = frozenset(
    """
chunkers corpora grammars help misc models sentiment stemmers taggers tokenizers
""".split()  # noqa: SIM905 - words read better than a list.
)
"""Folders of nltk_data (nltk_data/index.xml, `subdir`)."""
KNOWN: Final = ("nltk_data", "tokenizers", "taggers", "chunkers", "stemmers")
"""Names by which a category's folder is told from any other: `models` and `help` are everywhere."""


def collected(folder: Folder, files: Files) -> Iterator[Fact]:
    """Yield each package of a folder of NLTK's data, packed or not."""
    if not _is_data(folder):
        return
    for category in sorted(CATEGORIES & set(folder.folders)):
        path = folder.inside(category)
        try:
            names = files.list(path)
        except OSError as error:
            yield facts.unread(KIND, f"{category}/*", error)
            continue
        for name in names:
            yield _package(f"{category}/{name}", folder.inside(f"{category}/{name}"), files)


def _is_data(folder: Folder) -> bool:
    """Tell NLTK's data by its name, or by two folders that it has where nothing names it."""
    found = CATEGORIES & set(folder.folders)
    return bool(found) and (folder.name == KNOWN[0] or len(found & set(KNOWN)) > 1)


def _package(name: str, path: str, files: Files) -> Fact:
    try:
        identity = of_folder(files, path) if files.is_dir(path) else of_file(files, path)
    except OSError as error:
        return facts.unread(KIND, name, error)
    return facts.identified(KIND, name, path, identity)
