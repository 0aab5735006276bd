"""Manifests to bytes and back: canonical JSON out, strict parsing in."""

from __future__ import annotations

import re
import warnings
from typing import TYPE_CHECKING, Any, Final, TypeVar

import msgspec

from repro.errors import ManifestError
from repro.manifest.model import SCHEMA, Manifest, Target, assemble, canonical, digests

if TYPE_CHECKING:
    from pathlib import Path

LIMIT: Final = 64 << 20
"""Bytes of a manifest that is written or read at most: 100,000 components are about 40 MiB."""
ATTESTED: Final = "attested"
"""The property of a target whose manifest was found in a registry, with a signature."""
DEPTH: Final = 32
"""Levels of nesting that a property may have."""
FAMILY: Final = re.compile(r"repro/manifest/(\d{1,4})\.(\d{1,4})")
STACK: Final = "repro/stack/"
"""How the schemas of stacks begin, which are documents of their own."""


T = TypeVar("T", bound=msgspec.Struct)


class NewerSchemaWarning(UserWarning):
    """A manifest of a newer minor: what this version does not know in it was left out."""


class _Head(msgspec.Struct):
    schema: str


class _Raw(msgspec.Struct):
    facts: list[dict[str, Any]]


def encode(manifest: Manifest, *, line: bool = False) -> bytes:
    """Write a manifest as JSON with sorted keys, indented or in one line; the same is the same.

    ManifestError where it is larger than what is read.
    """
    data = canonical(manifest)
    data = (data if line else msgspec.json.format(data, indent=2)) + b"\n"
    if len(data) > LIMIT:
        raise ManifestError(
            f"{manifest.target.name}: its manifest has {len(data) >> 20} MiB, and no more than"
            f" {LIMIT >> 20} MiB are read: {len(manifest.facts)} facts",
            advice="No real image has as many packages and models.",
        )
    return data


def load(path: Path) -> Manifest:
    """Read a manifest file; ManifestError says what is wrong with it and what to do."""
    return decode(content(path), name=str(path))


def content(path: Path) -> bytes:
    """Read the bytes of a file that may be a manifest; ManifestError for one that is too large."""
    try:
        _check_size(path.stat().st_size, str(path))
        return path.read_bytes()
    except OSError as error:
        raise ManifestError(
            f"{path}: {error.strerror}", advice="Name a manifest file or a target."
        ) from error


def decode(data: bytes, *, name: str = "manifest") -> Manifest:
    """Parse and check a manifest; its digests must be those of its facts."""
    _check_size(len(data), name)
    family = _parse(data, _Head, name).schema
    if newer := newer_minor(family, name):
        said = f"{name}: schema {family} is newer than {SCHEMA}; unknown fields are ignored"
        warnings.warn(said, NewerSchemaWarning, stacklevel=2)
    manifest = _parse(data, Manifest, name)
    _check_values(manifest, name)
    _check_origins(manifest, name)
    # What a newer minor adds to a fact is under its digests, though it is left out here.
    lines = map(canonical, _parse(data, _Raw, name).facts if newer else manifest.facts)
    if digests(zip(lines, manifest.facts, strict=True)) != manifest.digests:
        raise ManifestError(
            f"{name}: the digests are not those of its facts",
            advice="The file was edited or damaged; take the snapshot again.",
        )
    sorted_ = assemble(manifest.target, manifest.facts, origins=manifest.origins)
    return msgspec.structs.replace(
        manifest, target=unattested(manifest.target), facts=sorted_.facts, origins=sorted_.origins
    )


def schema() -> dict[str, Any]:
    """Return the JSON Schema of a manifest (draft 2020-12)."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema"} | msgspec.json.schema(
        Manifest
    )


def unattested(target: Target) -> Target:
    """Leave out on whose word it stood when it was written: nobody has verified that since."""
    if ATTESTED not in target.properties:
        return target
    kept = {key: value for key, value in target.properties.items() if key != ATTESTED}
    return msgspec.structs.replace(target, properties=kept)


def _check_size(size: int, name: str) -> None:
    if size > LIMIT:
        raise ManifestError(
            f"{name}: larger than {LIMIT >> 20} MiB, so it is not read as a manifest",
            advice="Check that this is the file that `repro snapshot` wrote.",
        )


def _parse(data: bytes, shape: type[T], name: str) -> T:
    try:
        return msgspec.json.decode(data, type=shape)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(name, str(error)) from error


def newer_minor(text: str, name: str) -> bool:
    """Tell whether a schema is of a newer minor; ManifestError where it cannot be read at all."""
    found, ours = FAMILY.fullmatch(text), FAMILY.fullmatch(SCHEMA)
    if text.startswith(STACK):
        raise ManifestError(
            f"{name}: a stack of several manifests, not a manifest",
            advice="Compare it with another one (repro diff), or see it: repro show.",
        )
    if not found or not ours:
        raise _malformed(name, f"unknown schema {text[:80]!r}")
    (major, minor), (own_major, own_minor) = (map(int, match.groups()) for match in (found, ours))
    if major > own_major:
        raise ManifestError(
            f"{name}: schema {text} is newer than this version reads ({SCHEMA})",
            advice="Upgrade: pip install --upgrade repro-audit",
        )
    return major == own_major and minor > own_minor


def _check_values(manifest: Manifest, name: str) -> None:
    check_value(manifest.target.properties, "$.target.properties", name)
    check_value(manifest.volatile, "$.volatile", name)
    for index, fact in enumerate(manifest.facts):
        check_value(getattr(fact, "properties", {}), f"$.facts[{index}].properties", name)


def _check_origins(manifest: Manifest, name: str) -> None:
    layers = len(manifest.layers)
    for index, origin in enumerate(manifest.origins):
        if origin.layer >= layers:
            reason = f"there is no layer {origin.layer} among {layers} - at `$.origins[{index}]`"
            raise _malformed(name, reason)


def check_value(value: Any, path: str, name: str, depth: int = 0) -> None:
    """Refuse floats and deep nesting in a property; ManifestError says where."""
    if isinstance(value, float):
        raise _malformed(name, f"a float, which two machines may print differently - at `{path}`")
    if depth > DEPTH:
        raise _malformed(name, f"nested deeper than {DEPTH} levels - at `{path}`")
    if isinstance(value, dict):
        for key, item in value.items():
            check_value(item, f"{path}.{key}", name, depth + 1)
    elif isinstance(value, list):
        for index, item in enumerate(value):
            check_value(item, f"{path}[{index}]", name, depth + 1)


def _malformed(name: str, reason: str) -> ManifestError:
    return ManifestError(
        f"{name}: not a manifest: {reason}",
        advice="Name a file that `repro snapshot` wrote, or a target such as an image.",
    )
