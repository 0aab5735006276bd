"""Lists what refers to an image of a registry, and adds to the list where the client has to.

Source: https://github.com/opencontainers/distribution-spec, spec.md (1.1), "Listing Referrers",
"Pushing Manifests with Subject" and "Referrers Tag Schema".
"""

from __future__ import annotations

import json
import random
import re
import time
from typing import TYPE_CHECKING, Annotated, Any, Final

import msgspec

from repro.errors import RegistryError
from repro.registry.address import printable
from repro.registry.client import MOST_MANIFEST
from repro.registry.failures import NotThereError
from repro.registry.pushing import push_manifest

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from repro.registry.client import Registry

INDEX: Final = "application/vnd.oci.image.index.v1+json"
MOST: Final = 1000
"""Entries of a list."""
PAGES: Final = 20
WITHOUT: Final = {400, 404, 405, 406}
"""Answers of registries that have no such list; the specification says 404."""
TRIES: Final = 8
"""How often a list is written anew that somebody else writes at the same time."""
SETTLING: Final = 0.4
"""Seconds after which a list is looked at again: longer than others take to read and write it."""


class Referrer(msgspec.Struct, frozen=True, kw_only=True, rename="camel", omit_defaults=True):
    """What refers to an image, as a list names it: none of this is sure."""

    media_type: Annotated[str, msgspec.Meta(max_length=255)]
    digest: Annotated[str, msgspec.Meta(max_length=200)]
    size: Annotated[int, msgspec.Meta(ge=0, le=1 << 50)]
    artifact_type: Annotated[str, msgspec.Meta(max_length=255)] | None = None
    annotations: dict[str, str] | None = None


class _List(msgspec.Struct):
    manifests: Annotated[list[dict[str, Any]], msgspec.Meta(max_length=MOST)] | None = None


def listed(registry: Registry, digest: str) -> list[Referrer]:
    """List what refers to a digest, by the registry's own list or by its tag.

    Nothing of it is verified, and whoever may write to the repository may change it. Raises
    RegistryError.
    """
    entries = _by_registry(registry, digest)
    entries = _by_tag(registry, digest) if entries is None else entries
    return msgspec.convert(entries, list[Referrer])


def refer(
    registry: Registry,
    digest: str,
    referrer: Referrer,
    *,
    by_registry: bool,
    sleep: Callable[[float], object] = time.sleep,
) -> None:
    """See to it that the list of a digest has a referrer, and keeps what others add meanwhile.

    Raises RegistryError where it does not come to that.
    """
    if by_registry:
        if referrer.digest not in _digests(_by_registry(registry, digest) or []):
            raise RegistryError(
                f"{registry.reference.registry} took {referrer.digest} and does not list it",
                advice="Try again: some registries take a while.",
            )
        return
    own: dict[str, Any] = msgspec.to_builtins(referrer)
    known: dict[str, dict[str, Any]] = {}
    for _ in range(TRIES):
        there = _by_tag(registry, digest)
        known.update((str(entry.get("digest")), entry) for entry in [*there, own])
        if known.keys() <= _digests(there):
            return
        _write(registry, digest, known.values())
        sleep(SETTLING * random.uniform(1.0, 2.0))  # noqa: S311 -- Nothing secret depends on it.
    raise RegistryError(
        f"others keep writing the tag {tag_of(digest)} of {registry.reference.repository}",
        advice="What was attached is in the registry and may not be found: attach it again.",
    )


def tag_of(digest: str) -> str:
    """Return the tag under which a registry without the list has it: `sha256-HEX`."""
    algorithm, _, digits = digest.partition(":")
    return f"{algorithm[:32]}-{digits[:64]}"


def _by_registry(registry: Registry, digest: str) -> list[dict[str, Any]] | None:
    """Read the registry's own list, page by page; None where it has none."""
    here = registry.address(f"referrers/{digest}")
    found: list[dict[str, Any]] = []
    for _ in range(PAGES):
        answer = registry.exchange(here, registry.patience(), headers={"Accept": INDEX})
        if answer.status in WITHOUT:
            answer.drain()
            return None
        if answer.status != 200:
            raise registry.refused(answer, "the question what refers to an image")
        found += _entries(answer.document(MOST_MANIFEST), answer.place)
        there = following(answer.headers.get("Link", ""))
        if there is None and len(found) <= MOST:
            return found
        here = registry.referred(here, there or "")
    raise RegistryError(
        f"more than {MOST} things refer to {digest}", advice="Delete those that nobody needs."
    )


def _by_tag(registry: Registry, digest: str) -> list[dict[str, Any]]:
    try:
        found = registry.manifest(tag_of(digest))
    except NotThereError:
        return []
    name = f"the tag {tag_of(digest)} of {registry.reference.repository}"
    if found.media_type != INDEX:
        raise RegistryError(
            f"{name} is {printable(found.media_type)}, and no list of what refers to an image",
            advice="That name is reserved (OCI distribution specification): delete the tag.",
        )
    return _entries(found.data, name)


def _entries(data: bytes, name: str) -> list[dict[str, Any]]:
    try:
        found = msgspec.json.decode(data, type=_List).manifests or []
        msgspec.convert(found, list[Referrer])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(
            f"{name} cannot be read: {printable(str(error))}",
            advice="Something other than a list lies there, or the registry is at fault.",
        ) from error
    return found


def _digests(entries: Iterable[dict[str, Any]]) -> set[str]:
    return {str(entry.get("digest")) for entry in entries}


def following(link: str) -> str | None:
    """Return the address of the next page (RFC 8288), which is checked before it is asked."""
    found = re.search(r'<([^<>]{1,2000})>\s*;\s*rel="?next"?', link)
    return found[1] if found else None


def _write(registry: Registry, digest: str, entries: Iterable[dict[str, Any]]) -> None:
    index = {"schemaVersion": 2, "mediaType": INDEX, "manifests": list(entries)}
    data = json.dumps(index, sort_keys=True, separators=(",", ":")).encode()
    if len(data) > MOST_MANIFEST:
        raise RegistryError(
            f"the list of what refers to {digest} would be too large for a registry",
            advice="Delete those that nobody needs.",
        )
    push_manifest(registry, data, INDEX, tag_of(digest))
