"""Layers that a registry does not have are told apart by why it has not."""

from __future__ import annotations

from typing import Any

import pytest

from repro.errors import RegistryError, TargetError
from repro.layers.descriptor import Descriptor
from repro.target import remote

FOREIGN = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"


class Empty:
    """A registry that has no blob."""

    def blob(self, digest: str, size: int | None) -> Any:
        raise RegistryError(f"there is no blob {digest} of {size} bytes")


def opened(urls: list[str] | None) -> Any:
    layer = Descriptor(media_type=FOREIGN, digest="sha256:" + "a" * 64, size=1, urls=urls)
    return remote._open(Empty(), layer, "app:1")  # type: ignore[arg-type]


def test_a_layer_that_may_not_be_passed_on_is_named_with_its_place() -> None:
    with pytest.raises(TargetError, match="may not be passed on and is kept at"):
        opened(["https://vendor.example/layer"])


def test_any_other_layer_that_is_missing_is_the_registry_s_fault() -> None:
    with pytest.raises(RegistryError, match="there is no blob"):
        opened(None)
