"""Puts blobs and manifests into one repository of a registry.

Source: https://github.com/opencontainers/distribution-spec, spec.md (1.1), "Push".
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, NamedTuple
from urllib.parse import urlencode, urlsplit

from repro.errors import RegistryError

if TYPE_CHECKING:
    from repro.registry.answer import Answer
    from repro.registry.client import Registry
    from repro.registry.patience import Patience

OCTETS = {"Content-Type": "application/octet-stream"}


class Pushed(NamedTuple):
    """A manifest that was taken."""

    digest: str
    subject: str | None
    """What the registry lists it under, by itself; None where it does not list what refers."""


def push_blob(registry: Registry, data: bytes) -> str:
    """Put a blob and return its digest; raises RegistryError."""
    digest = digest_of(data)
    patience = registry.patience()
    patience.persist(lambda: _upload(registry, digest, data, patience))
    return digest


def push_manifest(registry: Registry, data: bytes, media_type: str, tag: str = "") -> Pushed:
    """Put a manifest under its digest, or under a tag; raises RegistryError."""
    digest, patience = digest_of(data), registry.patience()
    answer = registry.exchange(
        registry.address(f"manifests/{tag or digest}"),
        patience,
        headers={"Content-Type": media_type},
        body=data,
        put=True,
    )
    if answer.status != 201:
        raise registry.refused(answer, "the manifest of what is attached")
    answer.drain()
    return Pushed(digest, answer.headers.get("OCI-Subject"))


def digest_of(data: bytes) -> str:
    """Return what a registry knows bytes by."""
    return f"sha256:{hashlib.sha256(data).hexdigest()}"


def _upload(registry: Registry, digest: str, data: bytes, patience: Patience) -> None:
    """Begin an upload and end it in one piece; what failed half-way begins anew."""
    here = registry.address("blobs/uploads/")
    begun = registry.exchange(here, patience, body=b"")
    if begun.status != 202:
        raise registry.refused(begun, "an upload")
    begun.drain()
    there = _with_digest(registry.referred(here, _location(begun)), digest)
    ended = registry.exchange(there, patience, headers=OCTETS, body=data, put=True)
    if ended.status != 201:
        raise registry.refused(ended, "the upload")
    ended.drain()


def _location(answer: Answer) -> str:
    if location := answer.headers.get("Location"):
        return location
    raise RegistryError(
        f"{answer.place} does not say where to upload",
        advice="The registry, or something between, does not keep to the protocol.",
    )


def _with_digest(url: str, digest: str) -> str:
    mark = "&" if urlsplit(url).query else "?"
    return f"{url}{mark}{urlencode({'digest': digest})}"
