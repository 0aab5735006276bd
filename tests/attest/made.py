"""What tests say of an image, and where they put it."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from repro.attest import attested_manifest, bundle, dsse, statement, store
from repro.registry.pushing import push_blob, push_manifest
from tests.manifests import known
from tests.manifests import manifest as manifest_of

if TYPE_CHECKING:
    from repro.attest.keys import PrivateKey
    from repro.attest.statement import Statement
    from repro.manifest import Manifest
    from repro.registry.client import Document, Registry

NOW = datetime(2026, 11, 24, 12, tzinfo=UTC)
LAYERS = ["sha256:" + "1" * 64, "sha256:" + "2" * 64]
DIGEST = "sha256:" + "a" * 64


def manifest(version: str = "2.5.1", layers: list[str] = LAYERS) -> Manifest:
    """A manifest of the image with these layers."""
    image = known("image", "image", "sha256:x", layers=layers)
    return manifest_of(image, known("python.package", "torch", version), name="app")


def attached(said: Statement, key: PrivateKey, place: str = "sha256:place") -> store.Attached:
    """What lies beside an image when somebody signed something."""
    return store.Attached(place=place, envelope=dsse.sealed(statement.encode(said), key))


@dataclass(frozen=True)
class Place:
    """A repository with an image in it."""

    registry: Registry
    image: Document

    def attach(self, made: Manifest, key: PrivateKey, when: datetime = NOW) -> str:
        said = attested_manifest.statement(made, "app", self.image.digest, when)
        data = bundle.encode(dsse.sealed(statement.encode(said), key), key.public)
        moment = statement.moment(when)
        return store.attach(self.registry, self.image, data, attested_manifest.TYPE, moment)


def put_image(registry: Registry, text: str = "{}") -> Document:
    """Put an image's manifest, with no layers, under the tag v1."""
    config = {
        "mediaType": "application/vnd.oci.image.config.v1+json",
        "digest": push_blob(registry, text.encode()),
        "size": len(text),
    }
    written = {"schemaVersion": 2, "mediaType": store.MANIFEST, "config": config, "layers": []}
    push_manifest(registry, json.dumps(written).encode(), store.MANIFEST, "v1")
    return registry.manifest("v1")
