"""Images that lie in files and registries, by the scheme names that other tools have for them."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from repro.errors import UsageError
from repro.target import static

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager

    from repro.layers.stored import StoredImage
    from repro.manifest import Manifest
    from repro.target.options import Options

    Open = Callable[[str, Options], AbstractContextManager[list[StoredImage]]]
