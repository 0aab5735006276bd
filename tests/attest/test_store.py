"""What is attached lies where cosign's documents say, in registries of both kinds."""

from __future__ import annotations

import json
import threading
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from repro.attest import attested_manifest, bundle, dsse, statement, store
from repro.attest.judging import Image, judge
from repro.errors import RegistryError
from repro.registry.client import Registry
from repro.registry.pushing import digest_of, push_blob, push_manifest
from repro.registry.reference import Reference
from repro.registry.referrers import INDEX, listed, tag_of
from tests.attest.made import LAYERS, NOW, manifest, put_image
from tests.registry.hostile import serving
from tests.standin.referring import Referring

if TYPE_CHECKING:
    from repro.attest.judging import Judged
    from repro.attest.keys import PrivateKey
    from tests.attest.made import Place

WANTED = {attested_manifest.TYPE}


def look(place: Place, key: PrivateKey) -> Judged:
    digest = place.image.digest
    found = store.attached(place.registry, digest, WANTED)
    return judge(found, Image(digest=digest, diff_ids=LAYERS), [key.public], NOW)


def test_what_is_attached_is_found_and_counts(place: Place, key: PrivateKey) -> None:
    made = manifest()
    put = place.attach(made, key)
    found = look(place, key)

    assert found.manifest
    assert (found.manifest.what, found.manifest.place) == (made, put)


def test_nothing_attached_is_nothing_found(place: Place) -> None:
    assert store.attached(place.registry, place.image.digest, WANTED) == []


def test_it_lies_as_cosign_s_documents_say(place: Place, key: PrivateKey) -> None:
    """specs/BUNDLE_SPEC.md: the manifest of an artifact, its one layer, and the annotations."""
    put = place.attach(manifest(), key)
    written = json.loads(place.registry.manifest(put).data)
    (layer,) = written["layers"]
    with place.registry.blob(layer["digest"], layer["size"]) as stream:
        held = stream.read()

    assert written["mediaType"] == "application/vnd.oci.image.manifest.v1+json"
    assert written["artifactType"] == "application/vnd.dev.sigstore.bundle.v0.3+json"
    assert written["config"] == {
        "mediaType": "application/vnd.oci.empty.v1+json",
        "digest": "sha256:44136fa355b3678a1146ad16f7e8649e94fb4fc21fe77e8310c060f61caaff8a",
        "size": 2,
    }
    assert layer["mediaType"] == written["artifactType"]
    assert layer["annotations"] == {
        "org.opencontainers.image.title": f"{layer['digest'].replace(':', '-')}.sigstore.json"
    }
    assert written["subject"] == {
        "mediaType": place.image.media_type,
        "digest": place.image.digest,
        "size": len(place.image.data),
    }
    assert written["annotations"] == {
        "dev.sigstore.bundle.content": "dsse-envelope",
        "dev.sigstore.bundle.predicateType": attested_manifest.TYPE,
        "org.opencontainers.image.created": statement.moment(NOW),
    }
    assert bundle.parse(held).payload_type == "application/vnd.in-toto+json"


def test_the_list_says_of_each_what_it_is(place: Place, key: PrivateKey) -> None:
    put = place.attach(manifest(), key)
    (entry,) = listed(place.registry, place.image.digest)

    assert entry.digest == put
    assert entry.artifact_type == bundle.TYPE
    assert (entry.annotations or {})["dev.sigstore.bundle.predicateType"] == attested_manifest.TYPE


def test_a_registry_without_the_list_has_it_under_a_tag(tagged: Place, key: PrivateKey) -> None:
    put = tagged.attach(manifest(), key)
    index = tagged.registry.manifest("sha256-" + tagged.image.digest.removeprefix("sha256:"))

    assert index.media_type == INDEX
    assert [entry["digest"] for entry in json.loads(index.data)["manifests"]] == [put]


def test_a_registry_with_the_list_gets_no_tag(key: PrivateKey) -> None:
    server_side = Referring()
    with serving(server_side) as server, _opened(server.host) as registry:
        image = put_image(registry)
        _attach(registry, image, key)

        assert [name for name in server_side.manifests if name.startswith("sha256-")] == []
        assert len(listed(registry, image.digest)) == 1


def test_a_list_in_pages_is_read_whole(key: PrivateKey) -> None:
    with serving(Referring(page=2)) as server, _opened(server.host) as registry:
        image = put_image(registry)
        for minutes in range(5):
            _attach(registry, image, key, minutes)

        assert len(listed(registry, image.digest)) == 5


def test_the_newest_of_several_counts(place: Place, key: PrivateKey) -> None:
    place.attach(manifest("2.5.1"), key)
    place.attach(manifest("2.4.0"), key, NOW - timedelta(days=1))
    found = look(place, key)

    assert found.manifest
    assert found.manifest.what == manifest("2.5.1")


def test_many_who_attach_at_once_lose_nothing(tagged: Place, key: PrivateKey) -> None:
    """Each writes the list under the tag anew: the last would otherwise have it alone."""
    versions = [f"2.{number}.0" for number in range(6)]
    failures: list[Exception] = []
    put: list[str] = []

    def attach(version: str) -> None:
        reference = tagged.registry.reference
        try:
            with Registry(reference, plain_http=True, writing=True) as registry:
                put.append(type(tagged)(registry, tagged.image).attach(manifest(version), key))
        except RegistryError as error:
            failures.append(error)

    threads = [threading.Thread(target=attach, args=(version,)) for version in versions]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    there = {entry.digest for entry in listed(tagged.registry, tagged.image.digest)}
    assert len(put) + len(failures) == len(versions)
    assert set(put) <= there, "what was said to be attached is there"
    assert len(put) >= len(versions) - 1


def test_what_others_have_in_the_list_stays(tagged: Place, key: PrivateKey) -> None:
    foreign = {
        "mediaType": store.MANIFEST,
        "digest": tagged.image.digest,
        "size": len(tagged.image.data),
        "artifactType": "application/spdx+json",
        "annotations": {"of": "another tool"},
        "unknown": {"kept": True},
    }
    written = {"schemaVersion": 2, "mediaType": INDEX, "manifests": [foreign]}
    push_manifest(tagged.registry, json.dumps(written).encode(), INDEX, tag_of(tagged.image.digest))
    tagged.attach(manifest(), key)

    index = json.loads(tagged.registry.manifest(tag_of(tagged.image.digest)).data)
    assert foreign in index["manifests"]
    assert len(index["manifests"]) == 2


def test_an_image_under_the_reserved_tag_is_no_list(tagged: Place, key: PrivateKey) -> None:
    tag = tag_of(tagged.image.digest)
    push_manifest(tagged.registry, tagged.image.data, tagged.image.media_type, tag)

    with pytest.raises(RegistryError, match="no list of what refers to an image"):
        tagged.attach(manifest(), key)
    with pytest.raises(RegistryError, match="no list of what refers to an image"):
        look(tagged, key)


def test_envelopes_that_cosign_put_there_before_it_had_bundles_are_read(
    tagged: Place, key: PrivateKey
) -> None:
    """specs/ATTESTATION_SPEC.md: layers that are envelopes, under the tag `sha256-HEX.att`."""
    said = attested_manifest.statement(manifest(), "app", tagged.image.digest, NOW)
    data = msgspec.json.encode(dsse.sealed(statement.encode(said), key))
    config = b"{}"
    written = {
        "schemaVersion": 2,
        "mediaType": store.MANIFEST,
        "config": {
            "mediaType": "application/vnd.oci.image.config.v1+json",
            "digest": push_blob(tagged.registry, config),
            "size": len(config),
        },
        "layers": [
            {
                "mediaType": "application/vnd.dsse.envelope.v1+json",
                "digest": push_blob(tagged.registry, data),
                "size": len(data),
                "annotations": {
                    "dev.cosignproject.cosign/signature": "",
                    "predicateType": attested_manifest.TYPE,
                },
            }
        ],
    }
    tag = f"sha256-{tagged.image.digest.removeprefix('sha256:')}.att"
    push_manifest(tagged.registry, json.dumps(written).encode(), store.MANIFEST, tag)

    found = look(tagged, key)

    assert found.manifest
    assert found.manifest.what == manifest()


def _artifact(registry: Registry, image: Any, layers: list[dict[str, Any]]) -> None:
    """Put what looks like a bundle beside an image."""
    empty = {"mediaType": store.EMPTY_TYPE, "digest": push_blob(registry, b"{}"), "size": 2}
    written = {
        "schemaVersion": 2,
        "mediaType": store.MANIFEST,
        "artifactType": bundle.TYPE,
        "config": empty,
        "layers": layers,
        "subject": {
            "mediaType": image.media_type,
            "digest": image.digest,
            "size": len(image.data),
        },
    }
    push_manifest(registry, json.dumps(written).encode(), store.MANIFEST)


def _layer(data: bytes, **more: Any) -> dict[str, Any]:
    return {"mediaType": bundle.TYPE, "digest": digest_of(data), "size": len(data), **more}


@pytest.mark.parametrize(
    ("layers", "why"),
    [
        ([], "more than a bundle, or none"),
        ([_layer(b"{}"), _layer(b"{}")], "more than a bundle, or none"),
        ([_layer(b"{}")], "no bundle"),
        ([_layer(b"gone")], "has no blob"),
        ([_layer(b"{}", size=3)], "2 bytes in the registry, but 3 are said"),
        ([_layer(b"{}", size=dsse.LARGEST + 1)], "too large"),
        ([_layer(b"{}", digest="../../etc/passwd")], "not a digest"),
    ],
)
def test_rubbish_is_named_and_takes_nothing_from_what_is_good(
    key: PrivateKey, layers: list[dict[str, Any]], why: str
) -> None:
    with serving(Referring()) as server, _opened(server.host) as registry:
        image = put_image(registry)
        _artifact(registry, image, layers)
        _attach(registry, image, key)
        found = store.attached(registry, image.digest, WANTED)

        assert [why in each.fault for each in found if each.envelope is None] == [True]
        judged = judge(found, Image(digest=image.digest, diff_ids=LAYERS), [key.public], NOW)
        assert judged.manifest


def test_a_replaced_blob_is_noticed(key: PrivateKey) -> None:
    kept = Referring()
    with serving(kept) as server, _opened(server.host) as registry:
        image = put_image(registry)
        _attach(registry, image, key)
        (large,) = (d for d, data in kept.blobs.items() if len(data) > 100)
        kept.blobs[large] = kept.blobs[large].replace(b"application/vnd.in", b"application/vnd.on")
        found = store.attached(registry, image.digest, WANTED)

        assert ["another content than its digest" in each.fault for each in found] == [True]


def test_what_is_said_to_be_about_something_else_is_not_fetched(key: PrivateKey) -> None:
    with serving(Referring()) as server, _opened(server.host) as registry:
        image = put_image(registry)
        _attach(registry, image, key)

        assert store.attached(registry, image.digest, {"https://slsa.dev/provenance/v1"}) == []


def test_a_flood_is_an_error_and_no_pass() -> None:
    with serving(Referring()) as server, _opened(server.host) as registry:
        image = put_image(registry)
        push_blob(registry, b"{}")
        for number in range(store.MOST + 1):
            _artifact(registry, image, [_layer(b"%d" % number)])

        with pytest.raises(RegistryError, match="more than 64 statements"):
            store.attached(registry, image.digest, WANTED)


def test_a_registry_that_breaks_off_is_an_error_not_a_missing_statement(key: PrivateKey) -> None:
    """A newer refusal behind a failing blob must not make an older pass the newest."""
    kept = Referring()
    with serving(kept) as server, _opened(server.host) as registry:
        image = put_image(registry)
        _attach(registry, image, key)

        def broken(exchange: Any) -> None:
            if "/blobs/" in exchange.asked.path:
                exchange.answer(503)
            else:
                kept(exchange)

        server.behave = broken
        with pytest.raises(RegistryError, match="503"):
            store.attached(registry, image.digest, WANTED)


def _opened(host: str) -> Registry:
    reference = Reference.parse(f"{host}/team/app:v1")
    return Registry(
        reference, plain_http=True, writing=True, retries=1, sleep=lambda _: None, timeout=5
    )


def _attach(registry: Registry, image: Any, key: PrivateKey, minutes: int = 0) -> None:
    when = NOW - timedelta(minutes=minutes)
    said = attested_manifest.statement(manifest(), "app", image.digest, when)
    data = bundle.encode(dsse.sealed(statement.encode(said), key), key.public)
    store.attach(registry, image, data, attested_manifest.TYPE, statement.moment(when))
