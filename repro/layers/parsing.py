"""Reads foreign JSON into known shapes, in bounded memory, and says where it is wrong."""

from __future__ import annotations

from typing import Any, Final, TypeVar

import msgspec

from repro.errors import TargetError

T = TypeVar("T")

DOCUMENT: Final = 8 << 20
"""Bytes of one document; registries take manifests of 4 MiB."""
DAMAGED: Final = "It is damaged or was changed; save, push or fetch the image again."


def parse(data: bytes, shape: type[T], what: str) -> T:
    """Read a JSON document; TargetError says what is wrong with it."""
    return convert(load(data, what), shape, what)


def load(data: bytes, what: str) -> Any:
    """Decode a JSON document of any shape; TargetError says what is wrong with it."""
    if len(data) > DOCUMENT:
        raise _malformed(what, f"larger than {DOCUMENT >> 20} MiB")
    try:
        return msgspec.json.decode(data)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(what, str(error)) from error


def convert(value: Any, shape: type[T], what: str) -> T:
    """Check what was decoded, so that what is checked is what is used; raises TargetError."""
    try:
        return msgspec.convert(value, shape)
    except (msgspec.ValidationError, RecursionError) as error:
        raise _malformed(what, str(error)) from error


def _malformed(what: str, reason: str) -> TargetError:
    return TargetError(f"{what} cannot be read: {reason}", advice=DAMAGED)
