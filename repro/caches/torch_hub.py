"""Torch hub: weights and repositories of code; https://docs.pytorch.org/docs/stable/hub.html."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

from repro.caches import facts
from repro.caches.folder import of_folder

if TYPE_CHECKING:
    from collections.abc import Iterator

    from repro.caches.folder import Files, Folder
    from repro.manifest import Fact

KIND: Final = "cache.torch"
WEIGHTS: Final = re.compile(r".+\.(pth|pt|safetensors|bin|th)", re.IGNORECASE)
HASHED: Final = re.compile(r"-([a-f0-9]{8,64})\.[^.]+$")
"""The beginning of a file's SHA-256 in its name, which load_state_dict_from_url checks."""
ENTRY: Final = "hubconf.py"


def collected(folder: Folder, files: Files) -> Iterator[Fact]:
    """Yield the weights in a folder of checkpoints, or a repository with an entry point."""
    if folder.name == "checkpoints":
        for name in filter(WEIGHTS.fullmatch, folder.names):
            yield _weights(folder, name, files)
    elif ENTRY in folder.names:
        try:
            identity = of_folder(files, folder.path)
        except OSError as error:
            yield facts.unread(KIND, folder.name, error)
        else:
            yield facts.identified(KIND, folder.name, folder.path, identity)


def _weights(folder: Folder, name: str, files: Files) -> Fact:
    path, said = folder.inside(name), HASHED.search(name)
    try:
        size = files.size(path)
    except OSError as error:
        return facts.unread(KIND, name, error)
    return facts.known(KIND, name, path, said[1] if said else None, size=size)
