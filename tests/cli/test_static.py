"""Images that are never run, as a user names them: no engine is there, and none is asked for."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import tarfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

from tests.layers.layouts import LAYERS, digest, docker, tar

if TYPE_CHECKING:
    from lab.registry import ThrowawayRegistry

REPRO: Final = [sys.executable, "-m", "repro"]
IMAGES: Final = Path(__file__).parents[2] / "fixtures" / "images"
V1: Final = f"oci-archive:{IMAGES / 'app-v1.oci.tar'}"
V2: Final = f"oci-archive:{IMAGES / 'app-v2.oci.tar'}"
MULTI: Final = f"oci-archive:{IMAGES / 'multi.oci.tar'}"
NAME: Final = "registry.example.org/team/app:v1"
NOWHERE: Final = {
    "DOCKER_HOST": "unix:///missing.sock",
    "ALL_PROXY": "http://127.0.0.1:9",
    "COLUMNS": "100",
    "NO_COLOR": "1",
}
"""What keeps a command from engines and networks."""
CLOSED: Final = 128 + 13
"""Exit code of who writes to a pipe that nobody reads: SIGPIPE, signal(7)."""


def environment(more: dict[str, str]) -> dict[str, str]:
    return {**os.environ, **NOWHERE, **more}


def repro(*arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    done = subprocess.run(
        [*REPRO, *arguments],
        capture_output=True,
        text=True,
        env=environment(more),
        check=False,
        timeout=60,
    )
    assert "Traceback" not in done.stderr
    return done


def said(*arguments: str, **more: str) -> str:
    """Return the standard output of what has to exit with 0."""
    done = repro(*arguments, **more)
    assert done.returncode == 0, done.stderr
    return done.stdout


def taken(*arguments: str, **more: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(said("snapshot", *arguments, **more))
    return found


def without(manifest: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in manifest.items() if key not in keys}


def write(path: Path, members: dict[str, Any]) -> str:
    path.write_bytes(tar(members))
    return str(path)


def unpacked(archive: str, folder: Path) -> Path:
    with tarfile.open(archive.partition(":")[2]) as members:
        members.extractall(folder, filter="data")
    return folder


def blob(layout: Path, descriptor: dict[str, Any]) -> Path:
    return layout / "blobs" / str(descriptor["digest"]).replace(":", "/")


def manifest_of(layout: Path) -> dict[str, Any]:
    index = json.loads((layout / "index.json").read_bytes())
    found: dict[str, Any] = json.loads(blob(layout, index["manifests"][0]).read_bytes())
    return found


@pytest.fixture(scope="module")
def layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The first tag of the application, as a folder."""
    return unpacked(V1, tmp_path_factory.mktemp("layout"))


@pytest.fixture(scope="module")
def saved(layout: Path, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The same image as `docker save` has it: layers that are not packed, and their config."""
    manifest = manifest_of(layout)
    layers = [gzip.decompress(blob(layout, layer).read_bytes()) for layer in manifest["layers"]]
    settings = blob(layout, manifest["config"]).read_bytes()
    members = docker(layers, "app:v1", settings=settings)
    return write(tmp_path_factory.mktemp("saved") / "app.tar", members)


@pytest.fixture
def other(tmp_path: Path) -> str:
    """An archive of two images, of which one has a name that means harm."""
    first = docker(LAYERS, "one:1")
    second = docker((LAYERS[0],), "two:1\x1b[2J")
    listed = [json.loads(bytes(part["manifest.json"]))[0] for part in (first, second)]  # type: ignore[arg-type]
    members = {**first, **second, "manifest.json": json.dumps(listed).encode()}
    return f"docker-archive:{write(tmp_path / 'two.tar', members)}"


# Every scheme


def test_one_image_is_one_manifest_in_every_archive(layout: Path, saved: str) -> None:
    first = taken(V1)

    for text in (f"{V1}:{NAME}", f"{V1}:@0", f"oci-dir:{layout}", f"docker-archive:{saved}:app:v1"):
        found = taken(text)
        assert found["digests"] == first["digests"], text
        assert found["layers"] == first["layers"]
        assert found["origins"] == first["origins"]
        assert found["target"]["name"] == text
        assert found["target"]["properties"]["mode"] == "static"
        assert found["target"]["properties"]["id"] == first["target"]["properties"]["id"]


def test_a_registry_gives_the_same_manifest(registry: ThrowawayRegistry) -> None:
    pushed = registry.push(V1, "team/app:v1")

    by_tag = taken(f"registry:{registry.host}/team/app:v1")
    by_digest = taken(f"registry:{registry.host}/team/app@{pushed}")

    assert by_tag["digests"] == by_digest["digests"] == taken(V1)["digests"]
    assert by_tag["target"]["properties"]["digest"] == pushed


def test_a_tag_that_a_registry_lacks_is_told(registry: ThrowawayRegistry) -> None:
    registry.push(V1, "team/app:v1")

    done = repro("snapshot", f"registry:{registry.host}/team/app:v9")

    assert (done.returncode, done.stdout) == (2, "")
    assert "v9" in done.stderr


def test_a_directory_is_read_as_a_root(layout: Path, tmp_path: Path) -> None:
    for layer in manifest_of(layout)["layers"]:
        with tarfile.open(blob(layout, layer)) as members:
            members.extractall(tmp_path, filter="tar")

    found = taken(f"dir:{tmp_path}")

    wanted = {"python.package", "os.package", "os.release", "cuda.library", "tokenizer", "model"}
    assert of_kinds(found, wanted) == of_kinds(taken(V1), wanted)
    assert found["target"] == {
        "kind": "directory",
        "name": f"dir:{tmp_path}",
        "properties": {"mode": "static"},
    }


def of_kinds(manifest: dict[str, Any], kinds: set[str]) -> list[dict[str, Any]]:
    found = [fact for fact in manifest["facts"] if fact["kind"] in kinds]
    assert {fact["kind"] for fact in found} == kinds
    return found


@pytest.mark.parametrize("scheme", ["docker", "podman"])
def test_engines_images_need_an_engine(scheme: str) -> None:
    done = repro("snapshot", f"{scheme}:app:v1")

    assert (done.returncode, done.stdout) == (2, "")
    assert "no container engine answers" in done.stderr


def test_what_only_a_run_can_tell_is_said_to_be_unread() -> None:
    facts = taken(V1)["facts"]

    of_a_run = [fact for fact in facts if fact["scope"] != "image"]
    assert {fact["scope"] for fact in of_a_run} == {"process", "host"}
    assert {fact["state"] for fact in of_a_run} == {"unreadable"}
    assert all(fact["reason"].startswith("not run") for fact in of_a_run)
    assert {fact["state"] for fact in facts if fact["scope"] == "image"} == {"known", "absent"}


# What makes no sense


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("oci-archive:/missing.tar",), "/missing.tar cannot be opened: No such file"),
        (("docker-archive:/missing.tar:app:v1",), "/missing.tar:app:v1 cannot be opened"),
        (("oci-dir:/missing",), "/missing cannot be opened: No such file"),
        (("dir:/missing",), "/missing: no such directory"),
        ((f"dir:{IMAGES / 'app-v1.oci.tar'}",), "app-v1.oci.tar: no such directory"),
        ((f"oci-dir:{IMAGES}",), "is no OCI layout"),
        ((f"docker-archive:{IMAGES / 'app-v1.oci.tar'}",), "name it oci-archive:PATH"),
        ((f"docker-archive:{IMAGES}",), "is no regular file"),
        ((f"oci-archive:{__file__}",), "cannot be read"),
        ((f"{V1}:v9",), f"has no image 'v9'; there is {NAME}"),
        ((f"{V1}:@1",), f"has no image '@1'; there is {NAME}"),
        ((V1, "--gpus", "all"), "mean nothing for oci-archive:"),
        ((V1, "--env", "A=b"), "mean nothing for oci-archive:"),
        ((V1, "--volume", "/a:/b"), "mean nothing for oci-archive:"),
        (("dir:/", "--gpus", "all"), "mean nothing for dir:"),
        (("dir:/", "--platform", "linux/arm64"), "mean nothing for dir:"),
        (("local", "--static"), "mean nothing for local"),
        (("local", "--all-platforms"), "--all-platforms means nothing for local"),
        (("dir:/", "--all-platforms"), "--all-platforms means nothing for dir:/"),
        ((V1, "--platform", "linux/arm64"), "for linux/arm64; there is linux/amd64"),
        ((MULTI, "--platform", "linux/s390x"), "there is linux/amd64, linux/arm64"),
        ((V1, "--platform", "nonsense"), "--platform 'nonsense' is not OS/ARCHITECTURE"),
        ((MULTI, "--platform", "linux/arm64", "--all-platforms"), "one platform and all of them"),
        ((MULTI, "--all-platforms", "-o", __file__), "is a file, and there is more than one"),
        ((V1, "--ca-file", "/missing"), "'/missing' does not exist"),
    ],
)
def test_what_cannot_be_read_exits_with_2_and_says_why(
    arguments: tuple[str, ...], message: str
) -> None:
    done = repro("snapshot", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


@pytest.mark.parametrize(
    "scheme",
    [
        *("docker", "podman", "docker-archive", "oci-archive", "oci-dir", "registry", "dir"),
        *("image", "container", "python"),
    ],
)
def test_a_scheme_alone_names_nothing(scheme: str) -> None:
    for command in (("snapshot",), ("diff", V1), ("show",)):
        done = repro(*command, f"{scheme}:")

        assert (done.returncode, done.stdout) == (2, "")
        assert f"{scheme}: names nothing" in done.stderr


def test_of_several_images_one_has_to_be_named(other: str) -> None:
    done = repro("snapshot", other)

    assert (done.returncode, done.stdout) == (2, "")
    assert "has 2 images; there is one:1, two:1" in done.stderr
    assert "\x1b" not in done.stderr
    assert taken(f"{other}:one:1")["layers"] != taken(f"{other}:@1")["layers"]


def test_an_error_of_one_target_leaves_the_others(tmp_path: Path) -> None:
    folder = tmp_path / "manifests"

    done = repro("snapshot", V1, "oci-archive:/missing.tar", V2, "-o", f"{folder}/")

    assert done.returncode == 2
    assert "/missing.tar cannot be opened" in done.stderr
    assert len(list(folder.iterdir())) == 2


# Several platforms


def test_all_platforms_are_a_line_each() -> None:
    lines = said("snapshot", MULTI, "--all-platforms").splitlines()

    names = [json.loads(line)["target"]["name"] for line in lines]
    assert names == [f"{MULTI} (linux/amd64)", f"{MULTI} (linux/arm64)"]


def test_all_platforms_are_a_file_each_in_a_folder(tmp_path: Path) -> None:
    assert said("snapshot", MULTI, "--all-platforms", "-o", f"{tmp_path}/all/") == ""

    found = {
        path.name[-len("_linux_amd64.json") :]: json.loads(path.read_bytes())
        for path in tmp_path.glob("all/*")
    }
    assert {name: manifest["target"]["name"] for name, manifest in found.items()} == {
        "_linux_amd64.json": f"{MULTI} (linux/amd64)",
        "_linux_arm64.json": f"{MULTI} (linux/arm64)",
    }


def test_the_platform_that_is_named_is_read() -> None:
    amd, arm = (taken(MULTI, "--platform", f"linux/{name}") for name in ("amd64", "arm64"))

    def tokenizers(manifest: dict[str, Any]) -> list[str]:
        return [f["version"] for f in manifest["facts"] if f["name"] == "tokenizers"]

    assert len(tokenizers(amd)) == len(tokenizers(arm)) == 1
    assert tokenizers(amd) != tokenizers(arm)
    assert repro("diff", MULTI, MULTI, "--platform", "linux/arm64").returncode == 0


# What is compared


def test_two_images_that_were_read_differ_in_what_they_hold() -> None:
    done = repro("diff", V1, V2)

    assert done.returncode == 1
    assert done.stdout.startswith("DIVERGENT")
    assert "0.20.3 → 0.21.2" in done.stdout
    assert "layer   A 4/5" in done.stdout
    assert "process and host were not taken: A and B were read, not run" in done.stdout


def test_a_manifest_is_compared_with_the_image_it_was_taken_of(tmp_path: Path) -> None:
    path = tmp_path / "v1.json"
    said("snapshot", V1, "-o", str(path))

    assert said("diff", str(path), V1).startswith("IDENTICAL")
    assert said("show", V1).startswith(f"{V1} (image)")


def test_show_folds_what_only_a_run_shows() -> None:
    folded, every = said("show", V1), said("show", V1, "--all")

    assert "facts that only running shows: not run\n" in folded
    assert "not run: only files were read" not in folded
    assert "gpu.device *: not run: only files were read\n" in every


@pytest.mark.parametrize(
    ("scopes", "code"),
    [
        ((), 0),
        (("--scope", "image"), 0),
        (("--scope", "image,process"), 3),
        (("--scope", "image,process,host"), 3),
        (("--scope", "host"), 3),
    ],
)
def test_who_demands_a_scope_gets_no_pass_without_it(scopes: tuple[str, ...], code: int) -> None:
    assert repro("diff", V1, V1, *scopes).returncode == code


def test_drift_is_not_hidden_by_a_scope_that_was_not_taken() -> None:
    assert repro("diff", V1, V2, "--scope", "image,process").returncode == 1
    assert repro("diff", V1, V2, "--scope", "image").returncode == 1


@pytest.mark.parametrize("scopes", ["", ",", "images", "image;host", "image,kernel"])
def test_a_scope_that_does_not_exist_exits_with_2(scopes: str) -> None:
    done = repro("diff", V1, V1, "--scope", scopes)

    assert (done.returncode, done.stdout) == (2, "")
    assert f"--scope {scopes!r}" in done.stderr
    assert "image, process, host" in done.stderr


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((V1,), "B is missing"),
        ((V1, V2, "--modes"), "--modes compares one image with itself"),
        (("--modes",), "Missing argument 'A"),
    ],
)
def test_modes_are_those_of_one_image(arguments: tuple[str, ...], message: str) -> None:
    done = repro("diff", *arguments)

    assert (done.returncode, done.stdout) == (2, "")
    assert message in done.stderr


def test_modes_need_an_image_that_can_be_run() -> None:
    assert repro("diff", "--modes", V1).returncode == 2


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        (f"{V1.partition(':')[2]}", "docker-archive:"),
        ("oci:/some/folder", "oci-dir:/some/folder"),
        ("docker-daemon:app:1", "docker:app:1"),
        ("https://ghcr.io/a/b", "registry:ghcr.io/a/b"),
        ("/etc", "dir:/etc"),
    ],
)
def test_who_means_a_scheme_is_told_its_name(text: str, hint: str) -> None:
    done = repro("snapshot", text)
    assert done.returncode == 2
    assert hint in done.stderr


def test_json_tells_where_findings_come_from_and_what_was_compared() -> None:
    report = json.loads(repro("diff", V1, V2, "-f", "json").stdout)

    assert report["exit_code"] == 1
    assert report["layers"] == {"a": 3, "b": 3, "shared": 2}
    assert report["scopes"]["compared"] == ["image"]
    assert report["scopes"]["asked"] is False
    assert report["scopes"]["left_out"]["process"]["sides"] == ["a", "b"]
    (found,) = [f for f in report["findings"] if f["code"] == "TOK006"]
    assert found["origin"]["a"]["layer"] == found["origin"]["b"]["layer"] == 4
    assert found["origin"]["b"]["step"] == "RUN pip install -r requirements.txt"


# What is verified


def test_a_layer_that_is_not_what_its_digest_says_is_refused(tmp_path: Path) -> None:
    damaged = f"docker-archive:{tampered(tmp_path / 'damaged.tar')}"

    for options in ((), ("--verify",)):
        done = repro("snapshot", damaged, "--no-cache", *options)
        assert (done.returncode, done.stdout) == (2, "")
        assert "a layer is not what its digest says" in done.stderr


def test_what_nobody_verifies_is_marked(tmp_path: Path) -> None:
    path = tampered(tmp_path / "damaged.tar")

    done = repro("snapshot", f"docker-archive:{path}", "--no-verify", "--no-cache")

    assert done.returncode == 0
    assert "digests" not in done.stderr, "it was asked for"
    properties = json.loads(done.stdout)["target"]["properties"]
    assert sorted(properties["unverified"]) == sorted(map(digest, LAYERS))


def test_a_large_plain_layer_is_read_in_part_with_a_warning(tmp_path: Path) -> None:
    path = large(tmp_path / "large.tar")

    done = repro("snapshot", f"docker-archive:{path}", "--no-cache")

    assert done.returncode == 0
    assert "without checking their digests; --verify checks them" in done.stderr
    assert len(json.loads(done.stdout)["target"]["properties"]["unverified"]) == 1
    done = repro("snapshot", f"docker-archive:{path}", "--no-cache", "--verify")
    assert done.returncode == 2
    assert "a layer is not what its digest says" in done.stderr


def tampered(path: Path) -> str:
    """Write an archive in which a byte of a layer's content was changed."""
    members = docker(LAYERS)
    name = next(name for name, data in members.items() if data == LAYERS[1])
    return write(path, {**members, name: tar({"{etc": b"3", "etc/two": b"2"})})


def large(path: Path) -> Path:
    """Write an archive with a layer of 257 MiB, most of it a hole, whose digest is a lie."""
    size = 257 << 20
    info = tarfile.TarInfo("zeros")
    info.size = size - 3 * tarfile.BLOCKSIZE
    documents = docker((b"promised",))
    layer = tarfile.TarInfo(next(iter(documents)))
    layer.size = size
    with path.open("wb") as file:
        file.write(layer.tobuf() + info.tobuf())
        file.seek(size - tarfile.BLOCKSIZE, os.SEEK_CUR)
        rest = {name: data for name, data in documents.items() if name != layer.name}
        file.write(tar(rest))
    return path


# The cache


def test_without_the_cache_nothing_is_written(tmp_path: Path) -> None:
    cache = tmp_path / "cache"

    taken(V1, "--no-cache", REPRO_CACHE_DIR=str(cache))
    assert not cache.exists()

    taken(V1, REPRO_CACHE_DIR=str(cache))
    assert len([path for path in cache.rglob("*") if path.is_file()]) == 5, "one a layer"


def test_what_the_cache_holds_is_not_read_again_and_says_the_same(tmp_path: Path) -> None:
    archive = tmp_path / "app.tar"
    archive.write_bytes((IMAGES / "app-v1.oci.tar").read_bytes())
    text, cache = f"oci-archive:{archive}", {"REPRO_CACHE_DIR": str(tmp_path / "cache")}
    first = taken(text, **cache)

    data = bytearray(archive.read_bytes())
    data[data.index(b"tokenizers")] ^= 1
    archive.write_bytes(data)

    assert without(taken(text, **cache), "volatile") == without(first, "volatile")
    assert repro("snapshot", text, "--no-cache", **cache).returncode == 2


def test_a_cache_that_cannot_be_used_is_no_error(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")

    found = taken(V1, REPRO_CACHE_DIR=str(tmp_path / "file"))

    assert found["digests"] == taken(V1, "--no-cache")["digests"]


# Where it is shown


def test_a_narrow_terminal_gets_narrow_lines() -> None:
    text = repro("diff", V1, V2, COLUMNS="40").stdout
    findings = text.partition("brought by layers")[0]

    assert wide(findings, 40) == []
    assert "layer   A 4/5" in findings
    assert wide(repro("diff", V1, V1, COLUMNS="40").stdout, 40) == []


def test_a_narrow_terminal_gets_narrow_lines_of_layers_too() -> None:
    assert wide(repro("diff", V1, V2, COLUMNS="40").stdout, 40) == []


def wide(text: str, columns: int) -> list[str]:
    """List the lines that are too long, but for sources: a broken URL leads nowhere."""
    return [line for line in text.splitlines() if len(line) > columns and "https://" not in line]


def test_a_pipe_gets_no_colours() -> None:
    assert "\x1b" not in repro("diff", V1, V2, NO_COLOR="", TERM="xterm-256color").stdout


def test_a_pipe_that_nobody_reads_is_neither_drift_nor_a_crash() -> None:
    process = subprocess.Popen(
        [*REPRO, "diff", V1, V1], stdout=subprocess.PIPE, env=environment({})
    )
    assert process.stdout
    process.stdout.close()

    assert process.wait(60) == CLOSED


def test_clean_empties_the_cache(tmp_path: Path) -> None:
    more = {"REPRO_CACHE_DIR": str(tmp_path)}
    assert repro("snapshot", V1, **more).returncode == 0
    assert repro("clean", "--cache", **more).stderr == "repro: 5 cached layers removed\n"
    assert repro("clean", "--cache", **more).stderr == "repro: no cached layers removed\n"


def test_a_name_too_long_for_a_file_is_no_crash() -> None:
    for text in ("x" * 5000, "x" * 300 + ".json"):
        assert repro("diff", V1, text).returncode == 2
