"""Reads an image's documents (index, manifest, config), wherever they are, and trusts none of them.

Sources: OCI image specification 1.1, image-index.md and manifest.md; distribution, "Image Manifest
Version 2, Schema 2".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any, Final, Literal

import msgspec

from repro.errors import TargetError
from repro.layers.descriptor import (
    CONFIGS,
    DOCKER,
    INDEXES,
    LAYER,
    MANIFESTS,
    OCI,
    SCHEMA_1,
    Descriptor,
    check_digest,
    verify,
)
from repro.layers.image_config import Config, count, parse_config
from repro.layers.parsing import DAMAGED, DOCUMENT, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from repro.layers.platforms import Platform, Selection

ALL: Final = 64 << 20
"""Bytes of all documents that are read for one target."""
DEPTH: Final = 4
"""Indexes in an index."""
MOST: Final = 1000
"""Manifests of an index, and layers of a manifest."""

Descriptors = Annotated[list[Descriptor], msgspec.Meta(max_length=MOST)] | None
"""Go writes an empty list as null."""


class _Index(msgspec.Struct, rename="camel"):
    schema_version: Literal[2]
    manifests: Descriptors


class _Manifest(msgspec.Struct, rename="camel"):
    schema_version: Literal[2]
    config: Descriptor
    layers: Descriptors


class _Kind(msgspec.Struct, rename="camel"):
    """What tells an index from a manifest where its media type does not."""

    schema_version: Any = None
    media_type: str | None = None
    manifests: Any = msgspec.UNSET
    config: Any = msgspec.UNSET
    layers: Any = msgspec.UNSET


@dataclass(frozen=True, kw_only=True, slots=True)
class Described:
    """One image by its documents; there are as many layers as its config has diff IDs."""

    config: Config
    manifest_digest: str
    layers: tuple[Descriptor, ...]


class NotAnImageError(TargetError):
    """A well-formed manifest of something else: a chart, a signature, a model."""


def parse_index(data: bytes, name: str) -> list[Descriptor]:
    """Read an OCI index or a Docker manifest list; TargetError says what is wrong with it."""
    return parse(data, _Index, f"{name}: the index").manifests or []


class Documents:
    """Follows descriptors from a target's root to its images.

    `fetch` returns the bytes that a descriptor names; their size and digest are verified here, so
    that it need not. `name` is what the user calls the target, for messages. Raises TargetError.
    """

    def __init__(self, fetch: Callable[[Descriptor], bytes], name: str) -> None:
        self._fetch = fetch
        self._name = name
        self._left = ALL

    def images(self, root: Descriptor, data: bytes, selection: Selection) -> list[Described]:
        """Return the images meant of a manifest or an index that was fetched already."""
        verify(root, data, self._name)
        if self._kind(root.media_type, data) == "index":
            return self.among(parse_index(data, self._name), selection)
        found = self._described(root, data)
        return selection.pick([(found.config.platform, found)], self._name)

    def among(self, descriptors: Sequence[Descriptor], selection: Selection) -> list[Described]:
        """Return the images meant of those that an index lists."""
        leaves = list(self._leaves(descriptors, set(), 0))
        if not leaves:
            types = sorted({ascii(each.media_type)[:80] for each in descriptors})[:5]
            raise NotAnImageError(
                f"{self._name} holds no image, but {', '.join(types) or 'nothing'}",
                advice="Attestations, signatures and charts are no images: name the image.",
            )
        placed = self._placed(leaves, ask=len(leaves) == 1 or selection.all_platforms)
        chosen = selection.pick(placed, self._name)
        return [each if isinstance(each, Described) else self._image(each) for each in chosen]

    def _placed(
        self, leaves: Sequence[Descriptor], *, ask: bool
    ) -> list[tuple[Platform, Descriptor | Described]]:
        """Say what each is for; where an index does not, and if asked, the config says it."""
        found: list[tuple[Platform, Descriptor | Described]] = []
        others: list[NotAnImageError] = []
        for leaf in leaves:
            if leaf.platform and not ask:
                found.append((leaf.platform, leaf))
                continue
            try:
                image = self._image(leaf)
            except NotAnImageError as error:
                others.append(error)
            else:
                found.append((leaf.platform or image.config.platform, image))
        if not found:
            raise others[0]
        return found

    def _leaves(
        self, descriptors: Sequence[Descriptor], seen: set[str], depth: int
    ) -> Iterator[Descriptor]:
        for each in descriptors:
            if each.digest in seen or each.is_attestation or not each.is_manifest:
                continue
            seen.add(each.digest)
            if len(seen) > MOST:
                raise self._wrong(f"lists more than {MOST} manifests")
            if each.media_type not in INDEXES:
                yield each
            elif depth == DEPTH:
                raise self._wrong(f"has indexes in indexes, deeper than {DEPTH}")
            else:
                data = self._get(each)
                if self._kind(each.media_type, data) != "index":
                    raise self._wrong(f"calls {each.digest} an index, and it is none")
                yield from self._leaves(parse_index(data, self._name), seen, depth + 1)

    def _image(self, leaf: Descriptor) -> Described:
        data = self._get(leaf)
        if self._kind(leaf.media_type, data) != "manifest":
            raise self._wrong(f"calls {leaf.digest} a manifest, and it is none")
        return self._described(leaf, data)

    def _described(self, leaf: Descriptor, data: bytes) -> Described:
        manifest = parse(data, _Manifest, f"{self._name}: the manifest")
        if manifest.config.media_type not in CONFIGS:
            raise self._no_image(f"its config is {manifest.config.media_type[:100]!a}")
        layers = manifest.layers or []
        for layer in layers:
            check_digest(layer.digest, self._name)
            if not layer.media_type.startswith((f"{OCI}.", f"{DOCKER}.")):
                raise self._no_image(f"a layer is {layer.media_type[:100]!a}")
            if not LAYER.fullmatch(layer.media_type):
                raise TargetError(
                    f"{self._name} has a layer of the type {layer.media_type[:100]!a}",
                    advice="Layers can be tars, plain or packed with gzip or zstd, not encrypted.",
                )
        config = parse_config(self._get(manifest.config), self._name)
        count(config, len(layers), self._name)
        return Described(config=config, manifest_digest=leaf.digest, layers=tuple(layers))

    def _kind(self, said: str, data: bytes) -> str:
        """Tell an index from a manifest; TargetError for what claims to be both, or neither.

        A document that reads as both has one digest and two meanings (CVE-2021-41190).
        """
        head = parse(data, _Kind, f"{self._name}: the manifest")
        found = {_kind_of(said), _kind_of(head.media_type or "")}
        if head.manifests is not msgspec.UNSET:
            found.add("index")
        if head.config is not msgspec.UNSET or head.layers is not msgspec.UNSET:
            found.add("manifest")
        found.discard("")
        if "schema 1" in found or head.schema_version == 1:
            raise TargetError(
                f"{self._name} is an image of the old schema 1",
                advice="Pull and push it with a current tool: that makes a manifest of today's.",
            )
        if len(found) != 1:
            both = " and ".join(sorted(found))
            raise self._wrong(f"is {both} at once" if both else "is no image's manifest")
        return found.pop()

    def _get(self, descriptor: Descriptor) -> bytes:
        self._left -= descriptor.size
        if descriptor.size > DOCUMENT or self._left < 0:
            raise self._wrong(f"has documents of more than {DOCUMENT >> 20} MiB, or too many")
        check_digest(descriptor.digest, self._name)
        data = self._fetch(descriptor)
        verify(descriptor, data, self._name)
        return data

    def _wrong(self, what: str) -> TargetError:
        return TargetError(f"{self._name} {what}", advice=DAMAGED)

    def _no_image(self, why: str) -> NotAnImageError:
        return NotAnImageError(
            f"{self._name} is no image: {why}",
            advice="Charts, signatures and models are stored like images; name an image.",
        )


def _kind_of(media_type: str) -> str:
    if media_type.startswith(SCHEMA_1):
        return "schema 1"
    kinds = {**dict.fromkeys(INDEXES, "index"), **dict.fromkeys(MANIFESTS, "manifest")}
    return kinds.get(media_type, "")
