"""Images that lie in files and registries, by the scheme names that other tools have for them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from repro.layers.stored import StoredImage
    from repro.target.options import Options

    Open = Callable[[str, Options], AbstractContextManager[list[StoredImage]]]
