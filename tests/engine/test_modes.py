"""An image gives the same facts however it is read: run, or through its layers."""

from __future__ import annotations

from typing import Final

IMAGES: Final = (
    "base:bullseye",
    "base:bookworm",
    "base:trixie",
    "venv:1",
    "conda:1",
    "ml:v1",
    "two-cudnn:1",
    "torch:cpu",
)
"""What has a Python, and so can be read both ways."""
HEAVY: Final = frozenset({"two-cudnn:1", "torch:cpu"})
"""Images of gigabytes."""
NOT_RUN: Final = ("nopython:1", "distroless:1", "layers:1", "cpp-cuda:1", "cpp-cuda:2")
"""What has none: readable through its layers alone."""
