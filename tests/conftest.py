"""What all tests share: a folder that behaves as a target's root."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.probe.rooted import Rooted

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def rooted(tmp_path: Path) -> Rooted:
    """Files of a root that is empty at first."""
    root = tmp_path / "target"
    root.mkdir()
    return Rooted(root)
