"""Docker archives: those of real tools, and hostile ones, each plain and packed."""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from typing import TYPE_CHECKING, BinaryIO

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from lab.archives import SMALL, TAG, save, save_podman
from lab.image import configuration
from lab.layer import blob
from repro.errors import ReproError, TargetError
from repro.layers import archive, docker_archive, oci_layout
from repro.layers.opening import open_image
from repro.layers.outer import split
from repro.layers.platforms import Selection
from repro.layers.reading import read_layer
from tests.layers.layouts import (
    LAYERS,
    Blobs,
    Members,
    config,
    delivered,
    digest,
    docker,
    failure,
    link,
    outcomes,
    tar,
    tar_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

    Put = Callable[[bytes], Path]

ANY = Selection()
BLOBS = [blob(layer) for layer in SMALL.layers]
DIFF_IDS = tuple(each.digest for each in BLOBS)


PACKINGS: dict[str, Callable[[bytes], bytes]] = {
    "plain": bytes,
    "gzip": gzip.compress,
    "zstd": zstandard.compress,
}


@pytest.fixture(params=PACKINGS)
def put(request: pytest.FixtureRequest, tmp_path: Path) -> Put:
    """Write an archive into a file, as it is or packed."""
    pack = PACKINGS[request.param]

    def write(data: bytes) -> Path:
        path = tmp_path / "image.tar"
        path.write_bytes(pack(data))
        return path

    return write


def check(path: Path, *tags: str) -> None:
    """Read the small image as the collectors will."""
    with docker_archive.images(path, None, ANY) as (image,):
        assert image.diff_ids == DIFF_IDS
        assert image.config["config"]["Env"][-1] == "SMALL=1"
        assert image.config_digest == digest(configuration(SMALL, BLOBS))
        assert image.tags == tags
        assert image.name == str(path)
        assert delivered(image) == set(DIFF_IDS)
        files = open_image(image, None).files
        assert files.read("/etc/top") == b"top\n"
        assert files.read("/etc/os-release").startswith(b"ID=small")


def test_an_archive_of_skopeo_is_read(archives: Callable[[str], Path]) -> None:
    check(archives("docker"), f"docker.io/{TAG}")


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_archive_is_read(
    pack: Callable[[bytes], bytes], archives: Callable[[str], Path], tmp_path: Path
) -> None:
    for name, tag in (("own", TAG), ("docker", f"docker.io/{TAG}")):
        path = tmp_path / name
        path.write_bytes(pack(archives(name).read_bytes()))
        check(path, tag)


@pytest.mark.engine
def test_what_docker_saves_is_read(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    image("small:1", SMALL)
    check(save(docker_engine.host, tmp_path / "small.tar", TAG), TAG)


@pytest.mark.engine
def test_one_of_several_that_docker_saves_is_chosen(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    image("small:1", SMALL)
    scratch = image("scratch:1")
    path = save(docker_engine.host, tmp_path / "two.tar", TAG, scratch)
    with docker_archive.images(path, TAG, ANY) as (found,):
        assert found.diff_ids == DIFF_IDS
        assert delivered(found) == set(DIFF_IDS)
    error = failure(docker_archive.images(path, None, ANY))
    assert "has 2 images; there is" in error.message
    assert TAG in error.message
    assert scratch in error.message


@pytest.mark.engine
def test_what_docker_streams_is_read(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    image("small:1", SMALL)
    path = save(docker_engine.host, tmp_path / "small.tar", TAG)
    with path.open("rb") as stream:
        assert streamed(stream) == set(DIFF_IDS)


@pytest.mark.engine
def test_what_podman_saves_is_read(
    podman_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host = podman_engine.host
    image("small:1", SMALL, host=host)
    path = save_podman(host, "docker-archive", TAG, tmp_path / "podman.tar")
    check(path, f"localhost/{TAG}")
    with path.open("rb") as stream:
        assert streamed(stream) == set(DIFF_IDS)
    path = save_podman(host, "oci-archive", TAG, tmp_path / "oci.tar")
    with oci_layout.images(path, None, ANY) as (found,):
        assert found.diff_ids == DIFF_IDS
        assert delivered(found) == set(DIFF_IDS)


def modern() -> Members:
    """Make what Docker writes since 25: an OCI layout with a manifest.json beside it."""
    blobs = Blobs()
    paths = [f"blobs/{blobs.add(layer, 'layer')['digest'].replace(':', '/')}" for layer in LAYERS]
    settings = f"blobs/{blobs.add(config(), 'config')['digest'].replace(':', '/')}"
    entry = {"Config": settings, "RepoTags": ["modern:1"], "Layers": paths}
    return {**blobs.index(), "manifest.json": json.dumps([entry]).encode()}


def test_docker_s_archives_since_25_are_read(put: Put) -> None:
    with docker_archive.images(put(tar(modern())), None, ANY) as (image,):
        assert [each.digest for each in image.blobs] == list(map(digest, LAYERS))
        assert image.config_digest == digest(config())
        assert delivered(image) == set(map(digest, LAYERS))


def streamed(stream: BinaryIO) -> set[str]:
    found = set()

    def receive(stream: BinaryIO, *, diff_id: str | None, digest: str | None) -> None:
        assert diff_id is digest is None
        found.add(read_layer(stream)[0])

    docker_archive.deliver_stream(stream, receive)
    return found


class Drops(io.BytesIO):
    """Gives a few bytes at a time, as a socket does."""

    def read(self, size: int | None = -1) -> bytes:
        return super().read(700 if size is None or size < 0 else min(700, size))


@pytest.mark.parametrize("members", [docker(), modern()])
def test_a_stream_is_read_as_it_comes(members: Members) -> None:
    data = tar(members)
    assert streamed(io.BytesIO(data)) == set(map(digest, LAYERS))
    assert streamed(Drops(data)) == set(map(digest, LAYERS))


def test_a_stream_goes_on_after_a_receiver_that_does_not_read() -> None:
    seen = []
    docker_archive.deliver_stream(
        io.BytesIO(tar(docker())), lambda stream, **_: seen.append(stream.read(1))
    )
    assert len(seen) == 2


def test_a_stream_s_members_are_limited(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "MEMBERS", 10)
    header = tarfile.TarInfo("x").tobuf()
    with pytest.raises(TargetError, match="more than 10 members") as caught:
        streamed(io.BytesIO(header * 11))
    assert caught.value.advice


@pytest.mark.parametrize("keep", [100, 600, 1024, 5000, 11000])
def test_a_stream_that_is_cut_is_an_error(keep: int) -> None:
    with pytest.raises(TargetError, match="ends early"):
        streamed(io.BytesIO(tar(docker())[:keep]))


def both(*images: Members) -> bytes:
    """Return an archive with all the images."""
    entries: list[object] = []
    members: Members = {}
    for image in images:
        listed = image["manifest.json"]
        assert isinstance(listed, bytes)
        entries += json.loads(listed)
        members |= image
    return tar(members | {"manifest.json": json.dumps(entries).encode()})


def two() -> bytes:
    return both(docker(LAYERS, "docker.io/library/a:1"), docker(LAYERS[:1], "h:5000/b", "b:2"))


@pytest.mark.parametrize(
    ("chosen", "layers"),
    [
        ("docker.io/library/a:1", 2),
        ("a:1", 2),
        ("docker.io/a:1", 2),
        ("h:5000/b:latest", 1),
        ("h:5000/b", 1),
        ("b:2", 1),
        ("@0", 2),
        ("@1", 1),
    ],
)
def test_an_image_is_chosen_by_name_or_number(chosen: str, layers: int, put: Put) -> None:
    with docker_archive.images(put(two()), chosen, ANY, name="x") as (image,):
        assert len(image.blobs) == layers
        assert delivered(image) == set(map(digest, LAYERS[:layers]))
        assert image.name == "x"


@pytest.mark.parametrize("chosen", ["c", "a", "b:1", "@2", "@", "@-1", "@1x", "@" + "9" * 5000, ""])
def test_an_image_that_is_not_there_is_told_with_those_that_are(chosen: str, put: Put) -> None:
    error = failure(docker_archive.images(put(two()), chosen, ANY, name="x"))
    assert error.message.startswith("x has no image ")
    assert error.message.endswith("; there is docker.io/library/a:1, h:5000/b")
    assert "PATH:NAME" in error.advice


def test_several_images_without_names_are_told_by_number(put: Put) -> None:
    data = both(docker(LAYERS), docker(LAYERS[:1]))
    error = failure(docker_archive.images(put(data), None, ANY, name="x"))
    assert error.message == "x has 2 images; there is @0, @1"


def test_images_of_one_name_are_its_platforms(put: Put) -> None:
    arm = docker(LAYERS, "a:1", settings=config(architecture="arm64"))
    amd = docker(LAYERS, "a:1")
    path = put(both(arm, amd))
    for wanted, index in (("linux/arm64", 0), ("linux/amd64", 1)):
        with docker_archive.images(path, None, Selection(platform=wanted)) as (image,):
            assert image.config["architecture"] == ("arm64", "amd64")[index]
    with docker_archive.images(path, None, Selection(all_platforms=True), name="x") as found:
        assert [image.name for image in found] == ["x (linux/arm64)", "x (linux/amd64)"]
    error = failure(docker_archive.images(path, None, Selection(platform="linux/s390x")))
    assert "there is linux/amd64, linux/arm64" in error.message


def test_a_path_may_have_colons(tmp_path: Path) -> None:
    path = tmp_path / "a:b.tar"
    path.write_bytes(b"")
    assert split(str(path)) == (path, None)
    assert split(f"{path}:name:1") == (path, "name:1")
    assert split(f"{path}:@0") == (path, "@0")
    assert split(f"{tmp_path}/none.tar:a:1") == (tmp_path / "none.tar", "a:1")


def changed(**members: bytes | tarfile.TarInfo | None) -> bytes:
    """Return an archive with other members; `manifest` stands for manifest.json."""
    new = {"manifest.json" if name == "manifest" else name: x for name, x in members.items()}
    return tar({name: x for name, x in {**docker(), **new}.items() if x is not None})


FIRST = f"{digest(LAYERS[0])[7:]}/layer.tar"
SETTINGS = f"{digest(config())[7:]}.json"
DAMAGED = {
    "empty": (b"", "has no manifest.json"),
    "text": (b"hello " * 200, "the archive holds "),
    "no manifest": (tar({"a": b"b"}), "has no manifest.json"),
    "manifest of no list": (changed(manifest=b"{}"), "manifest.json cannot be read: Expected `arr"),
    "manifest cut": (changed(manifest=b"[{"), "manifest.json cannot be read: Input data was trunc"),
    "deep manifest": (changed(manifest=b"[" * 200_000), "recursion depth"),
    "empty manifest": (changed(manifest=b"[]"), "has 0 images; there is none"),
    "manifest without config": (changed(manifest=b"[{}]"), "missing required field `Config`"),
    "layers of no list": (changed(manifest=b'[{"Config": "a", "Layers": 1}]'), "$[0].Layers"),
    "manifest is a link to itself": (
        changed(manifest=link("manifest.json", "manifest.json")),
        "'manifest.json' is a link that leads in circles",
    ),
    "manifest is a link to the host": (
        changed(manifest=link("manifest.json", "/etc/passwd")),
        "'manifest.json' is a link that leads out of it",
    ),
    "config outside": (
        changed(manifest=b'[{"Config": "../../etc/passwd"}]'),
        "there is no '../../etc/passwd' in it",
    ),
    "config is missing": (changed(**{SETTINGS: None}), f"there is no '{SETTINGS}' in it"),
    "config is another": (
        changed(**{SETTINGS: config(os="plan9")}),
        "the image's config is not what its digest says",
    ),
    "config is no config": (
        tar(docker(LAYERS, settings=b"[]")),
        "the image's config cannot be read: Expected `object`",
    ),
    "fewer layers": (
        tar(docker(LAYERS[:1], settings=config())),
        "the manifest has 1 layers, the config 2",
    ),
    "layer is missing": (changed(**{FIRST: None}), f"there is no '{FIRST}' in it"),
    "layer is another": (changed(**{FIRST: LAYERS[1]}), "is not what its digest says"),
    "layer is no tar": (changed(**{FIRST: b"x" * 2000}), "a layer holds "),
    "layer is empty": (changed(**{FIRST: b""}), "is not what its digest says"),
    "layer is outside": (changed(**{FIRST: link(FIRST, "../../x")}), "leads out of it"),
    "layer is a hard link outside": (
        changed(**{FIRST: link(FIRST, "../x", tarfile.LNKTYPE)}),
        "leads out of it",
    ),
    "layer is a FIFO": (changed(**{FIRST: link(FIRST, "", tarfile.FIFOTYPE)}), "there is no"),
    "layer is a device": (changed(**{FIRST: link(FIRST, "", tarfile.CHRTYPE)}), "there is no"),
    "layer is a directory": (changed(**{FIRST: link(FIRST, "", tarfile.DIRTYPE)}), "there is no"),
    "before docker 1.10": (tar({"repositories": b"{}"}), "has no manifest.json"),
    "cut in a header": (changed()[:700], "ends early"),
    "cut in a layer": (changed()[:5000], "ends early"),
}


@pytest.mark.parametrize(("data", "message"), DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_archive_is_an_error(data: bytes, message: str, put: Put) -> None:
    path = put(data)
    error = failure(docker_archive.images(path, None, ANY, name="the archive of the test"))
    assert message in error.message


@pytest.mark.parametrize("moved", [0, 1])
def test_a_layer_that_is_two_is_an_error(moved: int, put: Put) -> None:
    members = docker()
    paths = [f"{digest(layer)[7:]}/layer.tar" for layer in LAYERS]
    members[paths[moved]] = link(paths[moved], f"../{paths[1 - moved]}")
    error = failure(docker_archive.images(put(tar(members)), None, ANY, name="x"))
    assert error.message.startswith("a layer is not what its digest says") or (
        error.message == "x: layers that are not the same are one in it"
    )


def test_links_between_members_are_followed(put: Put) -> None:
    members = docker()
    for target in (link(FIRST, "../moved"), link(FIRST, "moved", tarfile.LNKTYPE)):
        path = put(tar({**members, FIRST: target, "moved": LAYERS[0]}))
        with docker_archive.images(path, None, ANY) as (image,):
            assert delivered(image) == set(map(digest, LAYERS))


def test_the_last_of_several_members_of_one_name_counts(put: Put) -> None:
    members = list(docker().items())
    path = put(tar_of([("manifest.json", b"{"), (f"./{FIRST}", b"old"), *members]))
    with docker_archive.images(path, None, ANY) as (image,):
        assert delivered(image) == set(map(digest, LAYERS))
    path = put(tar_of([*members, ("./manifest.json", b"{")]))
    assert "truncated" in failure(docker_archive.images(path, None, ANY)).message


def test_an_oci_archive_is_told_from_a_docker_archive(put: Put) -> None:
    blobs = Blobs()
    blobs.index(blobs.image())
    error = failure(docker_archive.images(put(tar(blobs)), None, ANY))
    assert "oci-archive:PATH" in error.advice


def test_docker_s_archives_before_1_10_are_told_as_such(put: Put) -> None:
    path = put(tar({"repositories": b"{}", "abc/json": b"{}", "abc/layer.tar": LAYERS[0]}))
    error = failure(docker_archive.images(path, None, ANY))
    assert "before 1.10" in error.advice


def test_members_are_limited(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    header = tarfile.TarInfo("x").tobuf()
    monkeypatch.setattr(archive, "MEMBERS", 1000)
    error = failure(docker_archive.images(put(header * 1001), None, ANY, name="x"))
    assert error.message == "x has more than 1000 members, or endless names"


def test_no_more_members_are_looked_at_than_are_kept(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    header = tarfile.TarInfo("x").tobuf()
    path.write_bytes(header * 100_001 + b"no header, which would be another error".ljust(512))
    error = failure(docker_archive.images(path, None, ANY, name="x"))
    assert error.message == "x has more than 100000 members, or endless names"


def test_the_names_of_members_are_limited(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archive, "NAMES", 10_000)
    data = tar({f"{n:04}" * 1000: b"" for n in range(3)})
    assert "endless names" in failure(docker_archive.images(put(data), None, ANY)).message
    data = tar({"a" * 5000: b""})
    assert "path of 5000" in failure(docker_archive.images(put(data), None, ANY)).message


def test_documents_are_limited(put: Put, monkeypatch: pytest.MonkeyPatch) -> None:
    large = b"[" + b" " * (8 << 20) + b"]"
    error = failure(docker_archive.images(put(changed(manifest=large)), None, ANY))
    assert "is a document of 8388610 bytes" in error.message
    monkeypatch.setattr(archive, "KEPT", 100)
    path = put(tar(docker()))
    if path.read_bytes()[:2] == b"\x1f\x8b":
        assert "of documents" in failure(docker_archive.images(path, None, ANY)).message


def test_a_header_that_claims_more_than_there_is_costs_nothing(put: Put) -> None:
    for size in (1 << 33, 1 << 49, 1 << 62):
        info = tarfile.TarInfo("manifest.json")
        info.size = size
        path = put(info.tobuf(tarfile.GNU_FORMAT) + b"[]")
        error = failure(docker_archive.images(path, None, ANY))
        assert "ends early" in error.message or "a file of" in error.message


def test_sparse_members_are_refused(put: Put) -> None:
    members = docker()
    listed = members.pop("manifest.json")
    assert isinstance(listed, bytes)
    info = tarfile.TarInfo("manifest.json")
    info.size = len(listed)
    size = str(len(listed))
    info.pax_headers = {"GNU.sparse.map": f"0,{size}", "GNU.sparse.size": size}
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w", format=tarfile.PAX_FORMAT) as outer:
        outer.addfile(info, io.BytesIO(listed))
        end = outer.offset
    path = put(out.getvalue()[:end] + tar(members))
    error = failure(docker_archive.images(path, None, ANY))
    assert "'manifest.json' is stored as a sparse file" in error.message


@pytest.mark.parametrize("pack", [gzip.compress, zstandard.compress])
def test_a_packed_archive_that_is_cut_or_changed_is_an_error(
    pack: Callable[[bytes], bytes], tmp_path: Path
) -> None:
    data = pack(tar(docker()))
    path = tmp_path / "image.tar.packed"
    for keep in (3, 20, len(data) // 2, len(data) - 30):
        path.write_bytes(data[:keep])
        error = failure(docker_archive.images(path, None, ANY, name="x"))
        assert error.message.startswith("x cannot be read: the archive") or (
            "has no manifest.json" in error.message  # What zstd gives of a cut frame is whole.
        )


def test_a_bomb_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("repro.layers.compression.FREE", 1 << 20)
    path = tmp_path / "bomb.tar.gz"
    path.write_bytes(gzip.compress(tar({"zeros": bytes(8 << 20)})))
    error = failure(docker_archive.images(path, None, ANY, name="x"))
    assert "the archive of" in error.message
    assert "bomb" in error.advice


@pytest.mark.parametrize("head", [b"BZh91AY", b"\xfd7zXZ\x00"])
def test_other_packings_are_named(head: bytes, tmp_path: Path) -> None:
    path = tmp_path / "image.tar.x"
    path.write_bytes(head + bytes(600))
    error = failure(docker_archive.images(path, None, ANY))
    assert "the archive is packed with" in error.message


def test_only_files_are_opened(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "fifo")
    for name in ("fifo", "."):
        error = failure(docker_archive.images(tmp_path / name, None, ANY))
        assert "is no regular file" in error.message
    error = failure(docker_archive.images(tmp_path / "none", None, ANY, name="x"))
    assert error.message == "x cannot be opened: No such file or directory"
    error = failure(docker_archive.images(tmp_path / "a\0b", None, ANY))
    assert "cannot be opened" in error.message


def test_nothing_stays_open(put: Put) -> None:
    before = sorted(os.listdir("/proc/self/fd"))  # noqa: PTH208
    path = put(tar(docker()))
    with docker_archive.images(path, None, ANY) as (image,):
        for each in image.blobs:
            with each.open() as one, each.open() as other:
                assert one.read(700) == other.read(700)
                assert one.read() == other.read()
    path = put(tar(docker())[:5000])
    failure(docker_archive.images(path, None, ANY))
    assert sorted(os.listdir("/proc/self/fd")) == before  # noqa: PTH208


def test_an_archive_that_shrinks_while_it_is_read_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "image.tar"
    path.write_bytes(tar(docker()))
    with docker_archive.images(path, None, ANY) as (image,):
        path.write_bytes(b"")
        with pytest.raises(TargetError, match="ends early"):
            delivered(image)


WHOLE = {
    "plain": (docker_archive.images, tar(docker(LAYERS, "a:1"))),
    "gzip": (docker_archive.images, gzip.compress(tar(docker(LAYERS, "a:1")))),
    "zstd": (docker_archive.images, zstandard.compress(tar(docker(LAYERS, "a:1")))),
    "modern": (docker_archive.images, tar(modern())),
}
SPOT = st.tuples(st.integers(0, 1 << 16), st.integers(0, 255))


@pytest.mark.parametrize("form", WHOLE)
@settings(max_examples=150, deadline=None, suppress_health_check=list(HealthCheck))
@given(spots=st.lists(SPOT, min_size=1, max_size=3), cut=st.none() | st.integers(0, 1 << 16))
def test_a_changed_archive_is_the_same_image_or_an_error(
    form: str,
    spots: list[tuple[int, int]],
    cut: int | None,
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    images, whole = WHOLE[form]
    data = bytearray(whole)
    for at, byte in spots:
        data[at % len(data)] = byte
    path = tmp_path_factory.getbasetemp() / f"mutated-{form}"
    path.write_bytes(data if cut is None else data[: cut % len(data)])
    try:
        (found,) = outcomes(images(path, None, ANY))
    except ReproError:
        return
    assert found == (digest(config()), set(map(digest, LAYERS)))
