"""OCI layouts: those of skopeo, and hostile ones, as folders and as archives of them."""

from __future__ import annotations

import gzip
import json
import os
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.archives import LAYOUTS, SMALL, TAG
from lab.layer import blob
from repro.errors import ReproError, TargetError
from repro.layers import oci_layout
from repro.layers.opening import open_image
from repro.layers.platforms import Selection
from tests.layers.layouts import (
    CONFIG,
    INDEX,
    LAYER,
    LAYERS,
    MANIFEST,
    Blobs,
    config,
    delivered,
    digest,
    docker,
    failure,
    named,
    outcomes,
    tar,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Put = Callable[[Blobs], Path]

ANY = Selection()
DIFF_IDS = tuple(blob(layer).digest for layer in SMALL.layers)
ALL_LAYERS = set(map(digest, LAYERS))
CONTAINERD = "io.containerd.image.name"


@pytest.fixture(params=["folder", "tar", "tar.gz", "tar.zst"])
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Put:
    """Write a layout as a folder or as an archive."""

    def write(blobs: Blobs) -> Path:
        path = tmp_path / f"layout.{request.param}"
        if request.param == "folder":
            write_folder(path, blobs)
        elif request.param == "tar":
            path.write_bytes(tar(blobs))
        else:
            pack = gzip.compress if request.param == "tar.gz" else zstandard.compress
            path.write_bytes(pack(tar(blobs)))
        return path

    return write


def write_folder(path: Path, blobs: Blobs) -> None:
    for name, content in blobs.items():
        assert isinstance(content, bytes)
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_bytes(content)


def at(descriptor: dict[str, Any]) -> str:
    return f"blobs/{descriptor['digest'].replace(':', '/')}"


@pytest.mark.parametrize("name", [name for name in LAYOUTS if name.startswith("oci")])
def test_what_skopeo_writes_is_read(name: str, archives: Callable[[str], Path]) -> None:
    path = archives(name)
    with oci_layout.images(path, None, ANY) as (image,):
        assert image.diff_ids == DIFF_IDS
        assert image.config["config"]["Env"][-1] == "SMALL=1"
        assert image.tags == (TAG,)
        assert image.name == str(path)
        assert image.manifest_digest
        assert all(each.digest and each.size for each in image.blobs)
        assert delivered(image) == set(DIFF_IDS)
        files = open_image(image, None).files
        assert files.read("/etc/top") == b"top\n"
        assert files.read("/etc/os-release").startswith(b"ID=small")


def test_layers_are_stored_as_skopeo_was_told_to(archives: Callable[[str], Path]) -> None:
    """Else the test above would read one form three times."""
    heads = {}
    for name in ("oci-gzip", "oci-zstd", "oci-plain", "oci-archive-zstd"):
        with oci_layout.images(archives(name), None, ANY) as (image,), image.blobs[0].open() as it:
            heads[name] = it.read(4)
    assert heads["oci-gzip"][:2] == b"\x1f\x8b"
    assert heads["oci-zstd"] == heads["oci-archive-zstd"] == b"\x28\xb5\x2f\xfd"
    assert heads["oci-plain"] == b"etc\0" or heads["oci-plain"] == b"etc/"


def test_a_layout_is_read(put: Put) -> None:
    blobs = Blobs()
    root = blobs.image()
    path = put(blobs.index(root))
    with oci_layout.images(path, None, ANY, name="oci:x") as (image,):
        assert image.name == "oci:x"
        assert image.config_digest == digest(config())
        assert image.manifest_digest == root["digest"]
        assert image.tags == ()
        assert delivered(image) == ALL_LAYERS


def several() -> Blobs:
    blobs = Blobs()
    parts = [
        {"os": "linux", "architecture": "amd64"},
        {"os": "linux", "architecture": "arm64", "variant": "v8"},
    ]
    inner = [blobs.image(settings=config(LAYERS, **part), platform=part) for part in parts]
    whole = {CONTAINERD: "docker.io/library/whole:1", **named("1")}
    return blobs.index(
        blobs.image(LAYERS[:1], annotations=named("one")),
        blobs.document(INDEX, {"manifests": inner}, annotations=named("both")),
        blobs.image(LAYERS[1:], annotations=whole),
    )


@pytest.mark.parametrize(
    ("chosen", "layers"),
    [
        ("one", LAYERS[:1]),
        ("both", LAYERS),
        ("whole:1", LAYERS[1:]),
        ("1", LAYERS[1:]),
        ("docker.io/library/whole:1", LAYERS[1:]),
        ("@0", LAYERS[:1]),
        ("@1", LAYERS),
    ],
)
def test_an_image_is_chosen_by_name_or_number(
    chosen: str, layers: tuple[bytes, ...], put: Put
) -> None:
    with oci_layout.images(put(several()), chosen, Selection(platform="linux/amd64")) as (image,):
        assert delivered(image) == set(map(digest, layers))


def test_an_index_in_the_layout_has_platforms(put: Put) -> None:
    path = put(several())
    arm = Selection(platform="linux/arm64")
    with oci_layout.images(path, "both", arm) as (image,):
        assert image.config["architecture"] == "arm64"
        assert image.tags == ("both",)
        assert image.name == str(path)
    with oci_layout.images(path, "both", Selection(all_platforms=True), name="x") as images:
        assert [image.name for image in images] == ["x (linux/amd64)", "x (linux/arm64/v8)"]
    error = failure(oci_layout.images(path, "both", Selection(platform="linux/s390x")))
    assert "has no image for linux/s390x; there is linux/amd64, linux/arm64/v8" in error.message
    error = failure(oci_layout.images(path, "one", arm, name="x"))
    assert error.message == "x has no image for linux/arm64; there is linux/amd64"


def test_what_is_not_chosen_or_not_there_is_told_with_what_is(put: Put) -> None:
    path = put(several())
    there = "there is one, both, docker.io/library/whole:1"
    assert failure(oci_layout.images(path, None, ANY, name="x")).message == (
        f"x has 3 images; {there}"
    )
    error = failure(oci_layout.images(path, "three", ANY, name="x"))
    assert error.message == f"x has no image 'three'; {there}"


def test_a_layout_may_list_the_platforms_of_its_only_image(put: Put) -> None:
    blobs = Blobs()
    parts = [{"os": "linux", "architecture": each} for each in ("amd64", "arm64")]
    images = [blobs.image(settings=config(LAYERS, **part), platform=part) for part in parts]
    path = put(blobs.index(*images))
    with oci_layout.images(path, None, Selection(platform="linux/arm64")) as (image,):
        assert image.config["architecture"] == "arm64"
    for each in images:
        del each["platform"]
    error = failure(oci_layout.images(put(blobs.index(*images)), None, ANY, name="x"))
    assert error.message == "x has 2 images; there is @0, @1"


def test_attestations_in_a_layout_are_no_second_image(put: Put) -> None:
    blobs = Blobs()
    unknown = {"os": "unknown", "architecture": "unknown"}
    path = put(blobs.index(blobs.image(), blobs.image(LAYERS[:1], platform=unknown)))
    with oci_layout.images(path, None, ANY) as (image,):
        assert len(image.blobs) == 2


def changed(**files: bytes | None) -> Blobs:
    """Return a layout with other files; `blob` changes the first layer, `_` stands for `-`."""
    blobs = Blobs()
    root = blobs.image()
    manifest = blobs[at(root)]
    assert isinstance(manifest, bytes)
    blobs.index(root)
    names = {
        "blob": at(json.loads(manifest)["layers"][0]),
        "manifest": at(root),
        "config": at(json.loads(manifest)["config"]),
        "index": "index.json",
        "oci_layout": "oci-layout",
    }
    for name, content in files.items():
        if content is None:
            del blobs[names[name]]
        else:
            blobs[names[name]] = content
    return blobs


def with_index(**changes: Any) -> Blobs:
    blobs = Blobs()
    return blobs.index(blobs.image() | changes)


GZIPPED = gzip.compress(LAYERS[0], mtime=0)
DAMAGED = {
    "no index": (changed(index=None), "is no OCI layout"),
    "no oci-layout": (changed(oci_layout=None), "is no OCI layout"),
    "another version": (changed(oci_layout=b'{"imageLayoutVersion": "2"}'), "Invalid enum value"),
    "oci-layout of a number": (changed(oci_layout=b"1"), "oci-layout cannot be read"),
    "index of no object": (changed(index=b"[]"), "the index cannot be read"),
    "index cut": (changed(index=b'{"schemaVersion": 2, "mani'), "truncated"),
    "deep index": (changed(index=b'{"manifests": ' + b"[" * 10**5), "recursion depth"),
    "empty index": (
        changed(index=b'{"schemaVersion": 2, "manifests": []}'),
        "has 0 images; there is none",
    ),
    "no manifest": (changed(manifest=None), " is not there"),
    "another manifest": (changed(manifest=b"{}"), " has 2 bytes, and "),
    "no config": (changed(config=None), " is not there"),
    "another config": (changed(config=b"{}"), " has 2 bytes, and "),
    "config of the same size": (
        changed(config=config().replace(b"A=1", b"A=2")),
        "is not what its digest says",
    ),
    "no layer": (changed(blob=None), "is not there"),
    "longer layer": (changed(blob=GZIPPED + b"\0"), "were promised"),
    "shorter layer": (changed(blob=GZIPPED[:-1]), "were promised"),
    "layer of the same size": (changed(blob=GZIPPED[:-8] + bytes(8)), "a layer cannot be unpack"),
    "layer with another time": (
        changed(blob=gzip.compress(LAYERS[0], mtime=1)),
        "a layer is not what its digest says",
    ),
    "negative size": (with_index(size=-1), "Expected `int` >= 0"),
    "huge size": (with_index(size=10**30), "cannot be read"),
    "huge document": (with_index(size=1 << 40), "more than 8 MiB"),
    "size of text": (with_index(size="1"), "Expected `int`, got `str`"),
    "digest outside": (with_index(digest="sha256:../../../etc/passwd"), "is not a digest"),
    "digest of a folder": (with_index(digest="sha256:"), "is not a digest"),
    "unknown algorithm": (with_index(digest="blake3:00"), "is not a digest"),
}


@pytest.mark.parametrize(("blobs", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_layout_is_an_error(blobs: Blobs, message: str, put: Put) -> None:
    error = failure(oci_layout.images(put(blobs), None, ANY, name="the layout of the test"))
    assert message in error.message


@pytest.mark.parametrize("urls", [[], ["https://vendor.example/layer"]])
def test_a_foreign_layer_is_told_as_one(urls: list[str], put: Put) -> None:
    blobs = Blobs()
    kind = "application/vnd.docker.image.rootfs.foreign.diff.tar.gzip"
    layer = blobs.add(LAYERS[0], kind, urls=urls)
    content = {"config": blobs.add(config(LAYERS[:1]), CONFIG), "layers": [layer]}
    blobs.index(blobs.document(MANIFEST, content))
    with oci_layout.images(put(blobs), None, ANY) as (image,):
        assert delivered(image) == {digest(LAYERS[0])}
    del blobs[at(layer)]
    with oci_layout.images(put_again(put, blobs), None, ANY) as (image,):
        with pytest.raises(TargetError, match="may not be passed on and is kept at") as caught:
            delivered(image)
        assert "Pull the image" in caught.value.advice


def put_again(put: Put, blobs: Blobs) -> Path:
    """Write a layout anew, where a folder would keep what is no longer in it."""
    path = put(blobs)
    if path.is_dir():
        kept = {path / name for name in blobs}
        for each in path.rglob("*"):
            if each.is_file() and each not in kept:
                each.unlink()
    return path


def test_a_layer_named_by_sha512_is_verified_by_its_diff_id(put: Put) -> None:
    blobs = Blobs()
    name = f"sha512:{'0' * 128}"
    blobs[f"blobs/{name.replace(':', '/')}"] = LAYERS[0]
    layer = {"mediaType": LAYER, "digest": name, "size": len(LAYERS[0])}
    content = {"config": blobs.add(config(LAYERS[:1]), CONFIG), "layers": [layer]}
    with oci_layout.images(put(blobs.index(blobs.document(MANIFEST, content))), None, ANY) as (x,):
        assert x.blobs[0].digest is None
        assert delivered(x) == {digest(LAYERS[0])}


def test_a_docker_archive_is_told_from_a_layout(tmp_path: Path) -> None:
    path = tmp_path / "docker.tar"
    path.write_bytes(tar(docker()))
    assert "docker-archive:PATH" in failure(oci_layout.images(path, None, ANY)).advice


def test_links_in_a_folder_are_followed_within_it(tmp_path: Path) -> None:
    blobs = changed()
    folder = tmp_path / "layout"
    write_folder(folder, blobs)
    place = folder / layer_of(blobs)
    place.rename(folder / "moved")
    place.symlink_to("../../moved")
    with oci_layout.images(folder, None, ANY) as (image,):
        assert delivered(image) == ALL_LAYERS
    (folder / "moved").rename(tmp_path / "outside")
    place.unlink()
    place.symlink_to(tmp_path / "outside")
    assert "a link that leads out of it" in failure(oci_layout.images(folder, None, ANY)).message
    place.unlink()
    place.symlink_to(place.name)
    assert "cannot be read" in failure(oci_layout.images(folder, None, ANY)).message
    place.unlink()
    place.symlink_to("nowhere")
    assert "No such file" in failure(oci_layout.images(folder, None, ANY)).message


def layer_of(blobs: Blobs) -> str:
    return next(name for name, content in blobs.items() if content == GZIPPED)


def test_documents_that_are_links_out_of_a_folder_are_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    write_folder(folder, changed(index=None))
    (folder / "index.json").symlink_to("/etc/passwd")
    assert "a link that leads out of it" in failure(oci_layout.images(folder, None, ANY)).message
    (folder / "blobs").rename(tmp_path / "blobs")
    (folder / "blobs").symlink_to(tmp_path / "blobs")
    (folder / "index.json").unlink()
    (folder / "index.json").write_bytes(bytes(changed()["index.json"]))  # type: ignore[arg-type]
    assert "a link that leads out of it" in failure(oci_layout.images(folder, None, ANY)).message


@pytest.mark.parametrize("which", ["index", "layer"])
def test_a_fifo_and_a_folder_are_no_blobs(which: str, tmp_path: Path) -> None:
    blobs = changed()
    folder = tmp_path / "layout"
    write_folder(folder, blobs)
    place = folder / ("index.json" if which == "index" else layer_of(blobs))
    place.unlink()
    os.mkfifo(place)
    assert "is no regular file" in failure(oci_layout.images(folder, None, ANY)).message
    place.unlink()
    place.mkdir()
    assert "is no regular file" in failure(oci_layout.images(folder, None, ANY)).message


def test_a_large_document_in_a_folder_is_not_read(tmp_path: Path) -> None:
    folder = tmp_path / "layout"
    write_folder(folder, changed())
    os.truncate(folder / "index.json", 1 << 40)
    error = failure(oci_layout.images(folder, None, ANY))
    assert "a document of more than 8388608 bytes" in error.message


def test_links_in_an_archive_that_lead_out_are_refused(tmp_path: Path) -> None:
    blobs = changed()
    name = layer_of(blobs)
    info = tarfile.TarInfo(name)
    info.type, info.linkname = tarfile.SYMTYPE, "../../../outside"
    blobs[name] = info
    path = tmp_path / "layout.tar"
    path.write_bytes(tar(blobs))
    assert "leads out of it" in failure(oci_layout.images(path, None, ANY)).message


def test_nothing_stays_open(put: Put) -> None:
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208
    with oci_layout.images(put(changed()), None, ANY) as (image,):
        with image.blobs[0].open() as one, image.blobs[0].open() as other:
            assert one.read(7) == other.read(7)
            assert one.read() == other.read()
        delivered(image)
    failure(oci_layout.images(put(changed(blob=b"")), None, ANY))
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


WHOLE = tar(changed())
SPOT = st.tuples(st.integers(0, 1 << 16), st.integers(0, 255))


@settings(max_examples=300, deadline=None, suppress_health_check=list(HealthCheck))
@given(spots=st.lists(SPOT, min_size=1, max_size=3), cut=st.none() | st.integers(0, 1 << 16))
def test_a_changed_layout_is_the_same_image_or_an_error(
    spots: list[tuple[int, int]], cut: int | None, tmp_path_factory: pytest.TempPathFactory
) -> None:
    data = bytearray(WHOLE)
    for place, byte in spots:
        data[place % len(data)] = byte
    path = tmp_path_factory.getbasetemp() / "mutated-layout"
    path.write_bytes(data if cut is None else data[: cut % len(data)])
    try:
        (found,) = outcomes(oci_layout.images(path, None, ANY))
    except ReproError:
        return
    assert found == (digest(config()), ALL_LAYERS)


TOKENS = [b"null", b"[]", b"{}", b"-1", b'""', b"1e9", b"true", b'"sha256:' + b"0" * 64 + b'"']


@pytest.mark.parametrize("which", ["index.json", "oci-layout", "manifest", "config"])
@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_a_document_with_another_value_is_the_same_image_or_an_error(
    which: str, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Digests are made to fit, so that what is behind them is reached."""
    replace = swapper(data)
    blobs = Blobs()
    settings_ = replace(config()) if which == "config" else config()
    root = blobs.image(settings=settings_)
    if which == "manifest":
        old = blobs[at(root)]
        assert isinstance(old, bytes)
        root = blobs.add(replace(old), MANIFEST)
    blobs.index(root)
    if which in blobs:
        old = blobs[which]
        assert isinstance(old, bytes)
        blobs[which] = replace(old)
    path = tmp_path_factory.getbasetemp() / "swapped-layout"
    path.write_bytes(tar(blobs))
    try:
        found = list(outcomes(oci_layout.images(path, None, ANY)))
    except ReproError:
        return
    assert [layers for _, layers in found] == [ALL_LAYERS]


def swapper(data: st.DataObject) -> Callable[[bytes], bytes]:
    """Return what puts another value into the place of one in a JSON document."""

    def swap(document: bytes) -> bytes:
        value = json.loads(document)
        places = list(walk(value))
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = json.loads(data.draw(st.sampled_from(TOKENS)))
        return json.dumps(value).encode()

    return swap


def walk(value: Any) -> list[tuple[Any, Any]]:
    pairs = value.items() if isinstance(value, dict) else enumerate(value)
    found = []
    for key, item in pairs:
        found.append((value, key))
        if isinstance(item, dict | list):
            found += walk(item)
    return found
