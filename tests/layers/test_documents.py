"""Documents of images: what is believed, which platform is meant, and what is refused."""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from repro.errors import ReproError, TargetError, UsageError
from repro.layers.descriptor import Descriptor, absent
from repro.layers.documents import Documents, NotAnImageError
from repro.layers.image_config import parse_config
from repro.layers.platforms import Platform, Selection
from tests.layers.layouts import CONFIG, INDEX, LAYER, LAYERS, MANIFEST, Blobs, config, digest

if TYPE_CHECKING:
    from repro.layers.documents import Described

DOCKER = "application/vnd.docker"
ANY = Selection()
ALL = Selection(all_platforms=True)


def platform(text: str) -> dict[str, str]:
    return dict(zip(("os", "architecture", "variant"), text.split("/"), strict=False))


def read(blobs: Blobs, root: dict[str, Any], selection: Selection = ANY) -> list[Described]:
    def fetch(descriptor: Descriptor) -> bytes:
        data = blobs[f"blobs/{descriptor.digest.replace(':', '/')}"]
        assert isinstance(data, bytes)
        return data

    descriptor = msgspec.convert(root, Descriptor)
    return Documents(fetch, "the target").images(descriptor, fetch(descriptor), selection)


def refused(blobs: Blobs, root: dict[str, Any], selection: Selection = ANY) -> str:
    with pytest.raises(TargetError) as caught:
        read(blobs, root, selection)
    assert caught.value.message.startswith("the target")
    assert caught.value.advice
    return caught.value.message


def test_an_image_is_described_by_its_manifest_and_config() -> None:
    blobs = Blobs()
    root = blobs.image()
    (image,) = read(blobs, root)
    assert image.manifest_digest == root["digest"]
    assert image.config.digest == digest(config())
    assert image.config.document == json.loads(config())
    assert image.config.platform == Platform("linux", "amd64")
    assert image.config.diff_ids == tuple(digest(layer) for layer in LAYERS)
    assert [layer.media_type for layer in image.layers] == [f"{LAYER}+gzip"] * 2


def test_a_docker_manifest_reads_as_well() -> None:
    blobs = Blobs()
    kind = f"{DOCKER}.distribution.manifest.v2+json"
    layers = [blobs.add(x, f"{DOCKER}.image.rootfs.diff.tar.gzip") for x in LAYERS]
    content = {
        "config": blobs.add(config(), f"{DOCKER}.container.image.v1+json"),
        "layers": layers,
    }
    manifest = blobs.document(kind, content)
    assert len(read(blobs, manifest)[0].layers) == 2
    several = blobs.document(
        f"{DOCKER}.distribution.manifest.list.v2+json",
        {"manifests": [manifest | {"platform": platform("linux/amd64")}]},
    )
    assert read(blobs, several) == read(blobs, manifest)


def variants(*names: str) -> tuple[Blobs, dict[str, Any]]:
    """Make an index of images that differ in nothing but their platform."""
    blobs = Blobs()
    images = []
    for name in names:
        parts = platform(name)
        images.append(blobs.image(settings=config(LAYERS, **parts), platform=parts))
    return blobs, blobs.document(INDEX, {"manifests": images})


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        ("linux/amd64", "linux/amd64"),
        ("Linux/x86_64", "linux/amd64"),
        ("linux/arm64", "linux/arm64/v8"),
        ("linux/aarch64", "linux/arm64/v8"),
        ("linux/arm64/v8", "linux/arm64/v8"),
        ("linux/arm", "linux/arm/v7"),
        ("linux/arm/v6", "linux/arm/v6"),
        ("linux/armhf", "linux/arm/v7"),
        ("windows/amd64", "windows/amd64"),
    ],
)
def test_a_platform_is_found_by_any_of_its_names(wanted: str, expected: str) -> None:
    blobs, root = variants(
        "linux/arm/v6", "linux/arm/v7", "linux/arm64/v8", "windows/amd64", "linux/amd64"
    )
    (image,) = read(blobs, root, Selection(platform=wanted))
    assert str(image.config.platform) == expected


def test_a_variant_that_is_not_said_is_the_usual_one() -> None:
    blobs, root = variants("linux/arm64", "linux/amd64")
    (image,) = read(blobs, root, Selection(platform="linux/arm64/v8"))
    assert str(image.config.platform) == "linux/arm64"
    blobs, root = variants("linux/amd64/v3", "linux/arm64")
    (image,) = read(blobs, root, Selection(platform="linux/amd64"))
    assert str(image.config.platform) == "linux/amd64/v3"


def test_a_variant_that_is_said_is_no_other() -> None:
    blobs, root = variants("linux/arm/v7", "linux/arm64")
    assert "no image for linux/arm/v6; there is linux/arm/v7, linux/arm64" in refused(
        blobs, root, Selection(platform="linux/arm/v6")
    )


def test_what_an_image_says_it_is_for_is_escaped() -> None:
    blobs, root = variants("linux\x1b[31m\n/amd64")
    (image,) = read(blobs, root)
    assert str(image.config.platform) == "linux\\x1b[31m\\n/amd64"


def test_the_host_s_platform_is_meant_where_none_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    blobs, root = variants("linux/amd64", "linux/arm64/v8")
    for machine, expected in (("x86_64", "linux/amd64"), ("aarch64", "linux/arm64/v8")):
        monkeypatch.setattr("platform.machine", lambda machine=machine: machine)
        (image,) = read(blobs, root)
        assert str(image.config.platform) == expected
    monkeypatch.setattr("platform.machine", lambda: "riscv64")
    assert refused(blobs, root) == (
        "the target has no image for linux/riscv64; there is linux/amd64, linux/arm64/v8"
    )


def test_the_only_image_is_meant_whatever_it_is_for() -> None:
    blobs, root = variants("linux/s390x")
    assert str(read(blobs, root)[0].config.platform) == "linux/s390x"
    assert "no image for linux/amd64; there is linux/s390x" in refused(
        blobs, root, Selection(platform="linux/amd64")
    )
    alone = blobs.image(settings=config(architecture="s390x"))
    assert "there is linux/s390x" in refused(blobs, alone, Selection(platform="linux/amd64"))


def test_all_platforms_are_given_in_the_order_of_the_index() -> None:
    names = ["linux/arm64/v8", "linux/amd64"]
    blobs, root = variants(*names)
    assert [str(image.config.platform) for image in read(blobs, root, ALL)] == names


@pytest.mark.parametrize("text", ["", "linux", "a/b/c/d", "linux/../x", "linux/\x1b", "/amd64"])
def test_a_platform_that_is_none_is_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not OS/ARCHITECTURE") as caught:
        Platform.parse(text)
    assert "linux/amd64" in caught.value.advice


def test_one_platform_and_all_is_refused() -> None:
    with pytest.raises(UsageError, match="one platform and all"):
        Selection(platform="linux/amd64", all_platforms=True)


def test_attestations_and_artifacts_beside_an_image_are_left_out() -> None:
    blobs = Blobs()
    unknown = {"os": "unknown", "architecture": "unknown"}
    marked = {"vnd.docker.reference.type": "attestation-manifest"}
    chart = blobs.add(b"{}", "application/vnd.cncf.helm.config.v1+json")
    root = blobs.document(
        INDEX,
        {
            "manifests": [
                blobs.image(LAYERS[:1], platform=unknown),
                blobs.image(LAYERS[1:], annotations=marked),
                blobs.document(MANIFEST, {"config": chart, "layers": []}),
                blobs.image(),
                blobs.add(b"text", "text/plain"),
            ]
        },
    )
    assert [image.config.digest for image in read(blobs, root)] == [digest(config())]
    assert len(read(blobs, root, ALL)) == 1


@pytest.mark.parametrize(
    "media_type", ["application/vnd.cncf.helm.config.v1+json", "application/vnd.oci.empty.v1+json"]
)
def test_an_artifact_is_no_image(media_type: str) -> None:
    blobs = Blobs()
    content = {"config": blobs.add(b"{}", media_type), "layers": []}
    assert f"is no image: its config is '{media_type}'" in refused(
        blobs, blobs.document(MANIFEST, content)
    )
    signature = {
        "config": blobs.add(config(LAYERS[:1]), CONFIG),
        "layers": [blobs.add(b"{}", "application/vnd.dev.cosign.simplesigning.v1+json")],
    }
    with pytest.raises(NotAnImageError, match="simplesigning"):
        read(blobs, blobs.document(MANIFEST, signature))


def test_an_index_without_images_says_what_is_there() -> None:
    blobs = Blobs()
    root = blobs.document(INDEX, {"manifests": [blobs.add(b"x", "text/plain")]})
    assert refused(blobs, root) == "the target holds no image, but 'text/plain'"
    assert "but nothing" in refused(blobs, blobs.document(INDEX, {"manifests": None}))


def nested(levels: int) -> tuple[Blobs, dict[str, Any]]:
    blobs = Blobs()
    root = blobs.image(platform=platform("linux/amd64"))
    for _ in range(levels):
        root = blobs.document(INDEX, {"manifests": [root]})
    return blobs, root


def test_indexes_may_lie_in_indexes_to_a_bounded_depth() -> None:
    assert len(read(*nested(5))) == 1
    assert "deeper than 4" in refused(*nested(6))


def test_an_index_that_names_itself_has_another_digest_than_that() -> None:
    blobs = Blobs()
    inner = blobs.document(INDEX, {"manifests": []})
    liar = {"schemaVersion": 2, "manifests": [inner]}
    blobs[f"blobs/{inner['digest'].replace(':', '/')}"] = json.dumps(liar).encode()
    inner["size"] = len(json.dumps(liar))
    assert "is not what its digest says" in refused(
        blobs, blobs.document(INDEX, {"manifests": [inner]})
    )


def test_one_manifest_listed_often_is_one_image() -> None:
    blobs = Blobs()
    image = blobs.image()
    root = blobs.document(INDEX, {"manifests": [image] * 50})
    assert len(read(blobs, root, ALL)) == 1


def test_documents_are_limited_in_number_and_size() -> None:
    blobs = Blobs()
    many = [{"mediaType": MANIFEST, "digest": f"sha256:{n:064x}", "size": 1} for n in range(1001)]
    assert "length <= 1000" in refused(blobs, blobs.document(INDEX, {"manifests": many}))
    large = {"mediaType": INDEX, "digest": digest(b""), "size": (8 << 20) + 1}
    assert "more than 8 MiB" in refused(blobs, blobs.document(INDEX, {"manifests": [large]}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"size": 1}, "bytes, and 1 were promised"),
        ({"digest": digest(b"other")}, "is not what its digest says"),
        ({"digest": "md5:d41d8cd98f00b204e9800998ecf8427e"}, "is not a digest that can be"),
        ({"digest": "sha256:../../etc/passwd"}, "is not a digest that can be"),
        ({"digest": "sha256:"}, "is not a digest that can be"),
        ({"digest": ":"}, "is not a digest that can be"),
    ],
)
@pytest.mark.parametrize("which", ["manifest", "config"])
def test_a_document_is_verified(which: str, change: dict[str, Any], message: str) -> None:
    blobs = Blobs()
    good = blobs.image() if which == "manifest" else blobs.add(config(), CONFIG)
    bad = good | change
    blobs[f"blobs/{bad['digest'].replace(':', '/')}"] = blobs[
        f"blobs/{good['digest'].replace(':', '/')}"
    ]
    if which == "manifest":
        root = blobs.document(INDEX, {"manifests": [bad]})
    else:
        layers = [blobs.add(x, LAYER) for x in LAYERS]
        root = blobs.document(MANIFEST, {"config": bad, "layers": layers})
    assert message in refused(blobs, root)


def test_sha512_is_verified_too() -> None:
    blobs = Blobs()
    data = config()
    name = f"sha512:{hashlib.sha512(data).hexdigest()}"
    blobs[f"blobs/{name.replace(':', '/')}"] = data
    layers = [blobs.add(x, LAYER) for x in LAYERS]
    content = {"config": {"mediaType": CONFIG, "digest": name, "size": len(data)}, "layers": layers}
    assert read(blobs, blobs.document(MANIFEST, content))[0].config.digest == digest(data)
    blobs[f"blobs/{name.replace(':', '/')}"] = data.replace(b"A=1", b"A=2")
    assert "is not what its digest says" in refused(blobs, blobs.document(MANIFEST, content))


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        (MANIFEST, {"manifests": []}, "is index and manifest at once"),
        (MANIFEST, {"layers": [], "manifests": []}, "is index and manifest at once"),
        (INDEX, {"config": {}, "manifests": []}, "is index and manifest at once"),
        (f"{DOCKER}.distribution.manifest.v1+prettyjws", {"fsLayers": []}, "old schema 1"),
        (MANIFEST, {"schemaVersion": 1, "config": {}}, "old schema 1"),
        ("application/json", {"hello": 1}, "is no image's manifest"),
        (MANIFEST, {"schemaVersion": 2}, "missing required field `config`"),
        (MANIFEST, {"config": None, "layers": []}, "Expected `object`, got `null`"),
        (MANIFEST, {"config": {}, "layers": []}, "missing required field `mediaType`"),
        (MANIFEST, {"schemaVersion": 3, "config": {}, "layers": []}, "$.schemaVersion"),
        (INDEX, {"manifests": [{"size": -1}]}, "$.manifests[0]"),
        (INDEX, {"manifests": {}}, "Expected `array | null`, got `object`"),
    ],
)
def test_a_document_that_is_none_is_refused(
    kind: str, content: dict[str, Any], message: str
) -> None:
    blobs = Blobs()
    assert message in refused(blobs, blobs.document(kind, content))


def test_a_manifest_without_any_type_is_known_by_what_it_has() -> None:
    blobs = Blobs()
    layers = [blobs.add(x, LAYER) for x in LAYERS]
    content = {"mediaType": ..., "config": blobs.add(config(), CONFIG), "layers": layers}
    root = blobs.document("application/json", content)
    assert len(read(blobs, root)) == 1


@pytest.mark.parametrize(
    ("media_type", "message"),
    [
        (f"{LAYER}+gzip+encrypted", "has a layer of the type"),
        (f"{LAYER}+xz", "has a layer of the type"),
        ("application/vnd.in-toto+json", "is no image"),
    ],
)
def test_a_layer_of_another_kind_is_refused(media_type: str, message: str) -> None:
    blobs = Blobs()
    layers = [blobs.add(LAYERS[0], media_type)]
    content = {"config": blobs.add(config(LAYERS[:1]), CONFIG), "layers": layers}
    assert message in refused(blobs, blobs.document(MANIFEST, content))


def test_a_layer_s_digest_is_one_before_anything_is_made_of_it() -> None:
    blobs = Blobs()
    layer = blobs.add(LAYERS[0], LAYER) | {"digest": "sha256:../../../etc/passwd"}
    content = {"config": blobs.add(config(LAYERS[:1]), CONFIG), "layers": [layer]}
    assert "'sha256:../../../etc/passwd' is not a digest" in refused(
        blobs, blobs.document(MANIFEST, content)
    )


def test_a_manifest_and_its_config_have_as_many_layers() -> None:
    blobs = Blobs()
    content = {"config": blobs.add(config(), CONFIG), "layers": [blobs.add(LAYERS[0], LAYER)]}
    assert "the manifest has 1 layers, the config 2" in refused(
        blobs, blobs.document(MANIFEST, content)
    )


def test_a_foreign_layer_that_is_not_there_is_told_as_one() -> None:
    foreign = Descriptor(
        media_type=f"{DOCKER}.image.rootfs.foreign.diff.tar.gzip",
        digest=digest(b""),
        size=1,
        urls=["https://vendor.example/layer"],
    )
    error = absent(foreign, "the target")
    assert "is kept at 'https://vendor.example/layer'" in error.message
    assert "Pull the image" in error.advice


DEEP = b'{"rootfs": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"
ROOTFS = json.loads(config())["rootfs"]


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "cannot be read: Input data was truncated"),
        (b"{", "cannot be read: Input data was truncated"),
        (b"\xff\xfe", "JSON is malformed"),
        (b'"\xff"', "can't decode byte"),
        (b"[]", "Expected `object`, got `array`"),
        (b"null", "Expected `object`, got `null`"),
        (b"{} {}", "trailing characters"),
        (b'{"a": NaN}', "JSON is malformed"),
        (b'{"a": 1e999999}', "out of range"),
        (b'{"a": ' + b"9" * 5000 + b"}", "out of range"),
        (b'{"a": "\\ud800"}', "cannot be read"),
        (DEEP, "recursion depth"),
        (b"{}", "missing required field `rootfs`"),
        (config(rootfs={}), "missing required field `type`"),
        (config(rootfs={"type": "tree"}), "Invalid enum value 'tree'"),
        (config(rootfs=ROOTFS | {"diff_ids": ["sha256:0"]}), "diff_ids[0]"),
        (config(rootfs=ROOTFS | {"diff_ids": [f"sha256:{'0' * 64}\n"]}), "diff_ids[0]"),
        (config(rootfs=ROOTFS | {"diff_ids": [f"sha256:{'A' * 64}"]}), "diff_ids[0]"),
        (config(rootfs=ROOTFS | {"diff_ids": ROOTFS["diff_ids"] * 501}), "length <= 1000"),
        (config(config={"Env": "A=1"}), "$.config.Env"),
        (config(config={"Env": [1]}), "$.config.Env"),
        (config(config={"Labels": ["a"]}), "$.config.Labels"),
        (config(config=[]), "$.config"),
        (config(history={}), "$.history"),
        (config(history=[1]), "$.history"),
        (config(os=1), "$.os"),
        (b" " * (8 << 20) + b"{}", "larger than 8 MiB"),
    ],
)
def test_a_config_that_is_none_is_refused(data: bytes, message: str) -> None:
    with pytest.raises(ReproError) as caught:
        parse_config(data, "the target")
    assert caught.value.message.startswith("the target: the image's config cannot be read: ")
    assert message in caught.value.message
    assert len(caught.value.message) < 300
    assert caught.value.advice


@pytest.mark.parametrize(
    "changes",
    [
        {"config": None},
        {"config": ...},
        {"config": {"Env": None, "Cmd": None, "Entrypoint": None, "Labels": None}},
        {"history": None},
        {"history": ...},
        {"os": ..., "architecture": ...},
        {"unknown": {"deep": [1, 2.5, None]}},
    ],
)
def test_a_config_may_leave_out_what_docker_leaves_out(changes: dict[str, Any]) -> None:
    assert len(parse_config(config(**changes), "x").diff_ids) == 2


def test_an_image_without_layers_has_an_empty_list_of_them() -> None:
    found = parse_config(config([], rootfs={"type": "layers", "diff_ids": None}), "x")
    assert found.document["rootfs"]["diff_ids"] == []
    assert found.diff_ids == ()
