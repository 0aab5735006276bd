"""The config of an image: how it is run, what it is for, and which layers it is made of.

Source: OCI image specification 1.1, config.md.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Annotated, Any, Final, Literal

import msgspec

from repro.errors import TargetError
from repro.layers.parsing import DAMAGED, convert, parse
from repro.layers.platforms import Platform

MOST: Final = 1000
"""Layers of an image; Docker stops at 127."""
STEPS: Final = 100_000

Digest = Annotated[str, msgspec.Meta(pattern="^sha256:[0-9a-f]{64}$", max_length=71)]


class _RootFS(msgspec.Struct):
    type: Literal["layers"]
    diff_ids: Annotated[list[Digest], msgspec.Meta(max_length=MOST)] | None = None


class _Step(msgspec.Struct):
    created: str | None = None
    created_by: str | None = None
    comment: str | None = None
    empty_layer: bool | None = None


class _Run(msgspec.Struct, rename="pascal"):
    env: list[str] | None = None
    cmd: list[str] | None = None
    entrypoint: list[str] | None = None
    labels: dict[str, str] | None = None
    shell: list[str] | None = None
    user: str | None = None
    working_dir: str | None = None


class _Config(msgspec.Struct):
    rootfs: _RootFS
    architecture: str | None = None
    os: str | None = None
    variant: str | None = None
    created: str | None = None
    config: _Run | None = None
    history: Annotated[list[_Step], msgspec.Meta(max_length=STEPS)] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Config:
    """An image's config document, its shapes checked."""

    document: dict[str, Any]
    digest: str
    platform: Platform
    diff_ids: tuple[str, ...]
    """The layers, bottom first."""


def parse_config(data: bytes, name: str) -> Config:
    """Read an image's config; TargetError says what is wrong with it."""
    what = f"{name}: the image's config"
    document = parse(data, dict[str, Any], what)
    checked = convert(document, _Config, what)
    diff_ids = checked.rootfs.diff_ids or []
    document["rootfs"]["diff_ids"] = diff_ids
    return Config(
        document=document,
        digest=f"sha256:{hashlib.sha256(data).hexdigest()}",
        platform=Platform(checked.os or "", checked.architecture or "", checked.variant or None),
        diff_ids=tuple(diff_ids),
    )


def count(config: Config, layers: int, name: str) -> None:
    """Compare a manifest with its config; TargetError where one has more layers."""
    if layers != len(config.diff_ids):
        raise TargetError(
            f"{name}: the manifest has {layers} layers, the config {len(config.diff_ids)}",
            advice=DAMAGED,
        )
