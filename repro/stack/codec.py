"""Stacks to bytes and back: canonical JSON out, strict parsing in."""

from __future__ import annotations

import re
from typing import Any, Final

import msgspec

from repro.errors import ManifestError
from repro.manifest import Manifest
from repro.manifest import decode as decode_manifest
from repro.manifest.codec import LIMIT
from repro.stack.model import SCHEMA, WHOLE, Stack

FAMILY: Final = re.compile(r"repro/stack/1\.\d{1,4}")
NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9._-]{0,254}(/\d{1,6})?")
"""Compose's pattern of a service's name (compose-spec.json), and a replica's number."""
ADVICE: Final = "Name a file that `repro snapshot --compose` or `--network` wrote."


class _Head(msgspec.Struct):
    schema: str = ""


class _Raw(msgspec.Struct):
    """A stack whose manifests are still the bytes that they were."""

    name: str
    schema: str
    services: dict[str, msgspec.Raw]
    stack: msgspec.Raw
    unread: dict[str, str]


def encode(stack: Stack) -> bytes:
    """Write a stack as indented JSON with sorted keys; ManifestError over the size that is read."""
    data = msgspec.json.format(msgspec.json.encode(stack, order="sorted"), indent=2) + b"\n"
    if len(data) > LIMIT:
        raise ManifestError(
            f"{stack.name}: its stack has {len(data) >> 20} MiB, and no more than"
            f" {LIMIT >> 20} MiB are read",
            advice="Take the snapshots of its services one by one.",
        )
    return data


def is_stack(data: bytes) -> bool:
    """Tell whether a document says that it is a stack, of whatever version."""
    try:
        return msgspec.json.decode(data, type=_Head).schema.startswith("repro/stack/")
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return False


def decode(data: bytes, *, name: str = "stack") -> Stack:
    """Parse and check a stack and each of its manifests; ManifestError says what is wrong."""
    if len(data) > LIMIT:
        raise _malformed(name, f"larger than {LIMIT >> 20} MiB")
    raw = _parsed(data, name)
    if not FAMILY.fullmatch(raw.schema):
        raise _malformed(name, f"schema {raw.schema[:80]!r}, and this version reads {SCHEMA}")
    for service in (*raw.services, *raw.unread):
        if not NAME.fullmatch(service):
            raise _malformed(name, f"a service is called {service[:80]!r}")
    if both := sorted(set(raw.services) & set(raw.unread)):
        raise _malformed(name, f"{both[0]} was read and could not be read")
    services = {key: _manifest(raw.services[key], f"{name}: {key}") for key in raw.services}
    whole = _manifest(raw.stack, f"{name}: {WHOLE}")
    return Stack(name=raw.name, schema=SCHEMA, services=services, stack=whole, unread=raw.unread)


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a stack (draft 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(Stack)


def _parsed(data: bytes, name: str) -> _Raw:
    try:
        return msgspec.json.decode(data, type=_Raw)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(name, str(error)) from error


def _manifest(raw: msgspec.Raw, name: str) -> Manifest:
    return decode_manifest(bytes(raw), name=name)


def _malformed(name: str, reason: str) -> ManifestError:
    return ManifestError(f"{name}: not a stack: {reason}", advice=ADVICE)
