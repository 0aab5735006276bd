"""Snapshots of images and folders that nobody means well with: errors that help, bounded work."""

from __future__ import annotations

import json
import os
import socket
import sys
import time
import tracemalloc
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from repro.cli.main import run
from repro.errors import TargetError
from repro.layers.disk import DiskLayer
from repro.layers.merged import LayeredFiles
from repro.layers.opening import View, open_image
from repro.layers.stored import StoredImage
from repro.manifest import Component, decode
from repro.target import origins, static
from repro.target.options import Options
from tests.layers import layouts
from tests.layers.tars import entry, tar

if TYPE_CHECKING:
    from repro.manifest import Fact, Manifest

SECONDS = 20
"""Of a processor."""


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("REPRO_CACHE_DIR", str(tmp_path / "cache"))
    return tmp_path / "cache"


def archive(path: Path, *layers: bytes, **settings: Any) -> str:
    members = layouts.docker(layers, settings=layouts.config(layers, **settings))
    path.write_bytes(layouts.tar(members))
    return f"docker-archive:{path}"


def snapshot(target: str, output: Path, *options: str) -> Manifest:
    """Take a snapshot by the command line, which has to succeed."""
    assert run(["snapshot", target, "-o", str(output), *options]) == 0
    return decode(output.read_bytes())


def view_of(files: LayeredFiles) -> View:
    view = View(StoredImage(name="i", config={}, config_digest="sha256:0"), None)
    view.files = files
    return view


def package(name: str) -> Fact:
    return Component(scope="image", kind="os.package", name=name, source="dpkg", version="1")


def test_names_that_are_not_utf_8_are_written_with_escapes(tmp_path: Path) -> None:
    stored = archive(tmp_path / "caf\udce9.tar", tar(entry("etc/os-release", "ID=x\n")))
    assert "caf\\xe9" in snapshot(stored, tmp_path / "out.json").target.name
    (tmp_path / "fol\udcffder").mkdir()
    found = snapshot(f"dir:{tmp_path}/fol\udcffder", tmp_path / "out.json")
    assert found.target.name.endswith("fol\\xffder")


@pytest.mark.parametrize("scheme", ["docker-archive", "oci-archive", "oci-dir", "dir"])
@pytest.mark.parametrize("name", ["a" * 5000, "a/" * 3000, "b:" * 3000])
def test_names_that_no_file_can_have_are_told(scheme: str, name: str) -> None:
    assert run(["snapshot", f"{scheme}:{name}"]) == 2


def test_a_package_database_takes_time_in_proportion_to_its_size(tmp_path: Path) -> None:
    text = b"Package: libcudnn9\nX: y\n" * 200_000
    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_bytes(text + b"\nPackage: last\nVersion: 1\n")
    view = view_of(LayeredFiles([DiskLayer(tmp_path)]))
    began = time.process_time()
    (origin,) = origins.origins([package("last")], [set()], view)
    assert origin.layer == 0
    assert time.process_time() - began < SECONDS


def test_a_package_database_that_cannot_be_read_leaves_the_topmost_layer(tmp_path: Path) -> None:
    class Lost(DiskLayer):
        def piece(self, *_: object) -> bytes:
            raise OSError(5, "the layer was read 20 times already")

    (tmp_path / "var/lib/dpkg").mkdir(parents=True)
    (tmp_path / "var/lib/dpkg/status").write_text("Package: a\nVersion: 1\n")
    view = view_of(LayeredFiles([Lost(tmp_path)]))
    (origin,) = origins.origins([package("a")], [{0}], view)
    assert origin.layer == 0


def test_a_layer_of_the_engine_shows_no_file_of_this_machine(tmp_path: Path) -> None:
    """A layer's /var may lead anywhere; what is read of layers one by one must not follow it."""
    host, layer, below = tmp_path / "host", tmp_path / "layer", tmp_path / "below"
    (host / "lib/dpkg").mkdir(parents=True)
    (host / "lib/dpkg/status").write_text("Package: secret\nVersion: 1\n")
    layer.mkdir()
    below.mkdir()
    (layer / "var").symlink_to(host)
    files = LayeredFiles([DiskLayer(below, overlay=True), DiskLayer(layer, overlay=True)])
    assert not list(origins.origins([package("secret")], [set()], view_of(files)))


def test_a_folder_shows_nothing_outside_of_it(tmp_path: Path) -> None:
    root, outside = tmp_path / "root", tmp_path / "outside"
    for folder in (root / "etc", outside):
        folder.mkdir(parents=True)
    (outside / "os-release").write_text("ID=escaped\n")
    (outside / "tokenizer.json").write_text("{}")
    (root / "etc/os-release").symlink_to("../../outside/os-release")
    (root / "usr").symlink_to(f"{outside}")
    (root / "models").symlink_to(outside)
    (root / "data").symlink_to("../outside")
    (root / "loop").symlink_to("loop")
    (root / "app").mkdir()
    (root / "app/back").symlink_to("..")
    os.mkfifo(root / "app/config.json")
    os.mkfifo(root / "etc/ld.so.cache")
    (root / "app/tokenizer.json").symlink_to("/dev/zero")
    (root / "etc/passwd").symlink_to("/proc/self/environ")
    (root / "app/line\nbreak \x1b[31m").mkdir()
    (root / "app/line\nbreak \x1b[31m/tokenizer.json").write_text("{}")
    (root / "app/not\udcff").mkdir()
    (root / "app/not\udcff/tokenizer.json").write_text("{}")
    with socket.socket(socket.AF_UNIX) as listening:
        os.chdir(root / "app")  # A socket's path is short.
        listening.bind("chat_template.jinja")
        os.chdir(Path(__file__).parent)
        text = json.dumps(json.loads(_out(root, tmp_path / "out.json")))
    assert "escaped" not in text
    assert "outside" not in text
    assert "\\xff" in text


def _out(root: Path, output: Path) -> bytes:
    snapshot(f"dir:{root}", output)
    return output.read_bytes()


@pytest.mark.parametrize("layers", [1, 30])
def test_collectors_end_when_their_time_is_over(layers: int, tmp_path: Path) -> None:
    """Hard links give one large tokenizer ten thousand names; each would be read."""
    big = tar(
        entry("models/tokenizer.json", json.dumps({"model": {"vocab": ["x" * 9] * 500_000}})),
        *(entry(f"models/{n}/tokenizer.json", "models/tokenizer.json", "h") for n in range(3000)),
    )
    more = [tar(entry(f"layer{number}")) for number in range(layers - 1)]
    began = time.process_time()
    found = snapshot(archive(tmp_path / "a.tar", big, *more), tmp_path / "o", "--timeout", "3")
    assert time.process_time() - began < SECONDS
    assert any("--timeout" in str(getattr(fact, "reason", "")) for fact in found.facts)


def test_links_that_multiply_every_way_end_too(tmp_path: Path) -> None:
    links = [entry(f"l{n}", "./" * 1500 + f"l{n + 1}", "l") for n in range(38)]
    roots = [entry(name, "/l0", "l") for name in ("opt", "usr", "models", "root", "app", "home")]
    layer = tar(*links, entry("l38", "/d", "l"), entry("d/x/bin/python3"), *roots)
    stored = archive(tmp_path / "a.tar", layer)
    began = time.process_time()
    assert run(["snapshot", stored, "-o", str(tmp_path / "o"), "--timeout", "3"]) in (0, 2)
    assert time.process_time() - began < SECONDS


def test_contents_that_were_not_kept_end_in_bounded_time(tmp_path: Path) -> None:
    """Ten thousand servers without notes; each would need the layer once more."""
    elf = b"\x7fELF" + bytes(60)
    files = [entry(f"{number}/llama-server", elf, mode=0o755) for number in range(10_000)]
    path = ":".join(f"/{number}" for number in range(10_000))
    stored = archive(tmp_path / "a.tar", tar(*files), config={"Env": [f"PATH={path}"]})
    began = time.process_time()
    found = snapshot(stored, tmp_path / "o", "--timeout", "10")
    assert time.process_time() - began < SECONDS + 10
    assert found.facts


@pytest.mark.parametrize(
    "run_config",
    [
        {"Env": ["=", "", "A", "=A", "HOME=\0", "PATH=\0:/x", "HF_HOME=\0", "PYTHONPATH=/\0"]},
        {"Env": ["X_MODEL" * 20_000 + "\n=/a"]},
        {"Entrypoint": ["sh", "-c", "'" * 300_000]},
        {"Entrypoint": ["sh", "-c", "sh -c 'exec " * 3000]},
        {"Entrypoint": ["vllm", *["--model=/x"] * 100_000]},
        {"WorkingDir": "\0", "User": "\0:\0", "Cmd": ["\0"]},
        {"WorkingDir": "../" * 1000, "User": "\x1b[31m"},
        {"Labels": {f"com.nvidia.{n}.version": "9" * 100 for n in range(10_000)}},
    ],
    ids=["variables", "names", "quotes", "shells", "flags", "zeros", "above", "labels"],
)
def test_odd_settings_of_an_image_are_read(run_config: dict[str, Any], tmp_path: Path) -> None:
    stored = archive(tmp_path / "a.tar", tar(entry("etc/os-release", "ID=x\n")), config=run_config)
    began = time.process_time()
    snapshot(stored, tmp_path / "out.json")
    assert time.process_time() - began < SECONDS


def test_nothing_of_an_image_is_imported_or_executed(tmp_path: Path) -> None:
    """What Python would run by itself is there in every way, and leaves no mark."""
    mark = tmp_path / "mark"
    code = f"import pathlib; pathlib.Path({str(mark)!r}).write_text('ran')\n"
    site = "usr/lib/python3/dist-packages"
    layer = tar(
        entry("usr/bin/python3.11", b"\x7fELF" + bytes(200), mode=0o755),
        entry(f"{site}/evil.pth", code),
        entry(f"{site}/sitecustomize.py", code),
        entry(f"{site}/torch/__init__.py", code),
        entry(f"{site}/torch/version.py", code),
        entry(f"{site}/torch-2.0.dist-info/METADATA", "Name: torch\nVersion: 2.0\n"),
        entry(f"{site}/evil-1.dist-info/entry_points.txt", "[console_scripts]\na = torch:b\n"),
        entry(f"{site}/evil.egg-link", "/\n"),
        entry("models/a/tokenizer_config.json", '{"auto_map": {"AutoTokenizer": "evil.py"}}'),
        entry("models/a/config.json", '{"auto_map": {"AutoModel": "evil.py"}}'),
        entry("models/a/evil.py", code),
        entry("models/a/pytorch_model.bin", b"cposix\nsystem\n(S'touch " + bytes(mark) + b"'\ntR."),
    )
    before = set(sys.modules)
    snapshot(archive(tmp_path / "a.tar", layer), tmp_path / "out.json")
    assert not mark.exists()
    assert not {"torch", "evil", "sitecustomize"} & (set(sys.modules) - before)


@pytest.mark.parametrize("broken", ["file", "dangling", "closed"])
def test_a_cache_that_cannot_be_used_is_done_without(
    broken: str, cache: Path, tmp_path: Path
) -> None:
    if broken == "file":
        cache.write_text("")
    elif broken == "dangling":
        cache.symlink_to("/dev/full/no")
    else:
        cache.mkdir(mode=0o500)
    stored = archive(tmp_path / "a.tar", tar(entry("etc/os-release", "ID=x\n")))
    snapshot(stored, tmp_path / "out.json")


def test_time_that_is_over_is_an_error_and_no_absence(tmp_path: Path) -> None:
    files = LayeredFiles([DiskLayer(tmp_path)])
    files.limit(-1)
    with pytest.raises(TargetError, match="longer"):
        files.exists("/etc")
    with pytest.raises(TargetError):
        static.collect(files, static.told(Options(), {}))


def test_more_facts_than_a_manifest_can_hold_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    site = "usr/lib/python3/dist-packages"
    names = [entry(f"{site}/p{n}-1.dist-info/METADATA", f"Name: p{n}\n") for n in range(300)]
    python = entry("usr/bin/python3.11", b"\x7fELF" + bytes(200), mode=0o755)
    stored = archive(tmp_path / "a.tar", tar(python, *names))
    snapshot(stored, tmp_path / "out.json")
    monkeypatch.setattr("repro.target.static.MOST", 200)
    assert run(["snapshot", stored]) == 2
    assert "more packages" in capsys.readouterr().err


def spread(root: Path, folders: int, each: int) -> None:
    for number in range(folders):
        folder = root / "opt" / f"folder{number}"
        folder.mkdir(parents=True)
        for name in range(each):
            (folder / f"{name}.py").touch()


@pytest.mark.parametrize(("folders", "each"), [(1, 300), (30, 10)], ids=["one", "many"])
def test_a_folder_of_more_files_than_any_image_has_is_refused(
    folders: int,
    each: int,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    spread(tmp_path / "root", folders, each)
    monkeypatch.setattr("repro.layers.disk.ENTRIES", 400)
    snapshot(f"dir:{tmp_path}/root", tmp_path / "out.json")
    monkeypatch.setattr("repro.layers.disk.ENTRIES", 200)
    assert run(["snapshot", f"dir:{tmp_path}/root"]) == 2
    assert "more than 200 files" in capsys.readouterr().err


def test_names_count_for_all_layers_of_an_engine_s_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for layer in ("lower", "upper"):
        spread(tmp_path / layer, 1, 60)
    unpacked = (tmp_path / "lower", tmp_path / "upper")
    stored = StoredImage(name="i", config={}, config_digest="", unpacked=unpacked)
    monkeypatch.setattr("repro.layers.disk.ENTRIES", 100)
    assert len(open_image(replace(stored, unpacked=unpacked[:1]), None).files.list("/opt")) == 1
    files = open_image(stored, None).files
    with pytest.raises(TargetError, match="more than 100 files"):
        files.list("/opt/folder0")


def test_many_files_take_time_and_memory_in_proportion(tmp_path: Path) -> None:
    """Ten times the files, at most some fifteen times the work; a million are then a minute."""
    costs = []
    for factor in (1, 10):
        root = tmp_path / str(factor)
        spread(root, 20, 100 * factor)
        files = LayeredFiles([DiskLayer(root)])
        began = time.process_time()
        tracemalloc.start()
        try:
            static.collect(files, static.told(Options(), {}))
            costs.append((time.process_time() - began, tracemalloc.get_traced_memory()[1]))
        finally:
            tracemalloc.stop()
    (few, little), (many, much) = costs
    assert many < 15 * few + 1
    assert much < 1000 * 20 * 1000 + little


def test_a_manifest_that_no_diff_would_read_is_not_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    stored = archive(tmp_path / "a.tar", tar(entry("etc/os-release", "ID=x\n")))
    snapshot(stored, tmp_path / "whole.json")
    size = (tmp_path / "whole.json").stat().st_size
    monkeypatch.setattr("repro.manifest.codec.LIMIT", size - 200)
    for output in (["-o", str(tmp_path / "out.json")], []):
        capsys.readouterr()
        assert run(["snapshot", stored, *output]) == 2
        said = capsys.readouterr()
        assert "its manifest has" in said.err
        assert said.out == ""
    assert not (tmp_path / "out.json").exists()
    assert run(["diff", str(tmp_path / "whole.json"), str(tmp_path / "whole.json")]) == 2
    assert "larger than" in capsys.readouterr().err
