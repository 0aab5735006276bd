"""From what a user calls a store to the place that it is."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from repro.errors import UsageError
from repro.store.folder import Folder
from repro.store.shelf import Files

if TYPE_CHECKING:
    from repro.store.shelf import Shelf, Store
    from repro.target.options import Options

REGISTRY: Final = "registry:"
URL: Final = "://"


def store(text: str, options: Options) -> Store:
    """Open a folder, a URL such as s3://bucket/fleet, or registry:HOST/NAME; raises UsageError."""
    if text.startswith(REGISTRY):
        from repro.store.tagged import Repository  # noqa: PLC0415  # it imports cryptography

        return Repository(text.removeprefix(REGISTRY).removeprefix("//"), options)
    found = shelf(text)
    if isinstance(found, Folder) and not Path(text).is_dir():
        raise UsageError(
            f"{text}: there is no such folder",
            advice="A store is a folder, a URL such as s3://bucket/fleet, or registry:HOST/NAME.",
        )
    return Files(found)


def shelf(text: str) -> Shelf:
    """Open a place that files can be put in; UsageError for a registry, which takes signed ones."""
    if text.startswith(REGISTRY):
        raise UsageError(
            f"{text} takes manifests that are signed, beside their images",
            advice="repro attach IMAGE --manifest FILE --key KEY",
        )
    if URL in text:
        from repro.store.remote import Remote  # noqa: PLC0415

        return Remote(text)
    return Folder(Path(text))
