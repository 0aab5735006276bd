"""A folder that somebody mounts is read from outside, whatever lies in it."""

from __future__ import annotations

import hashlib
import json
import os
import sqlite3
import struct
import subprocess
from contextlib import closing
from random import Random
from typing import TYPE_CHECKING, Any

import pytest

from lab.venvs import interpreter
from repro.caches import collecting, tiktoken
from repro.caches.folder import of_folder
from repro.cli import main
from repro.manifest import Component, Manifest
from repro.rules.catalog import load
from repro.target import volume
from repro.target.options import Options
from tests.manifests import verdict

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

OLD, NEW = "a" * 40, "b" * 40


def write(path: Path, text: str | bytes = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return path


def hub(root: Path, main: str, *commits: str) -> None:
    """Lay a repository out as huggingface_hub does."""
    top = root / "hub" / "models--org--model"
    write(top / "refs" / "main", main)
    for commit in commits:
        blob = write(top / "blobs" / hashlib.sha256(commit.encode()).hexdigest(), "{}")
        link = top / "snapshots" / commit / "config.json"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(f"../../blobs/{blob.name}")


def taken(path: Path) -> Manifest:
    return volume.snapshot(str(path), Options())


def held(path: Path, kind: str) -> dict[str, Component]:
    return {f.name: f for f in taken(path).facts if isinstance(f, Component) and f.kind == kind}


def reasons(path: Path, kind: str) -> list[str]:
    return [f.reason for f in taken(path).facts if not isinstance(f, Component) and f.kind == kind]


def codes(one: Path, other: Path) -> set[str]:
    found = verdict(taken(one), taken(other), load()).findings
    return {finding.code for finding in found if finding.status.rank > 1}


def test_main_that_moved_is_found(tmp_path: Path) -> None:
    hub(tmp_path / "one", OLD, OLD)
    hub(tmp_path / "other", NEW, OLD, NEW)
    (model,) = held(tmp_path / "other", "model.revision").values()
    assert (model.name, model.version) == ("org/model", NEW)
    assert model.properties["snapshots"] == [OLD, NEW]
    assert any(code.startswith("MOD") for code in codes(tmp_path / "one", tmp_path / "other"))


def torch_hub(root: Path, weights: str = "resnet50-0676ba61.pth") -> None:
    write(root / "hub" / "checkpoints" / weights)
    write(root / "hub" / "pytorch_vision_main" / "hubconf.py", "import torch")


def nltk(root: Path, text: str = "rules") -> None:
    write(root / "nltk_data" / "tokenizers" / "punkt_tab" / "english" / "abbrev.txt", text)
    write(root / "nltk_data" / "corpora" / "stopwords.zip", "PK")


def vocabulary(root: Path, text: str = "IQ== 0") -> None:
    (name,) = (key for key, place in tiktoken.NAMES.items() if "cl100k" in place)
    write(root / "data-gym-cache" / name, text)
    write(root / "data-gym-cache" / ("f" * 40), "own")


def triton(root: Path, version: str = "3.2.0", best: str = "a") -> None:
    folder = root / ".triton" / "cache" / ("A2" * 26)
    described = {"target": {"backend": "cuda", "arch": 90}, "triton_version": version}
    write(folder / "kernel.json", json.dumps(described))
    write(folder / "__grp__kernel.json", "{")
    write(root / ".triton" / "cache" / ("B3" * 26) / f"{best}.autotune.json", "{}")


def test_caches_are_named_by_what_they_hold(tmp_path: Path) -> None:
    for fill in (torch_hub, nltk, vocabulary, triton):
        fill(tmp_path)
    write(tmp_path / "torchinductor_root" / "fxgraph" / "ab" / "fabc" / "xyz")
    write(tmp_path / "torchinductor_root" / "cd" / "q.best_config")
    write(tmp_path / "flashinfer" / "0.3.1" / "80_90a" / "cached_ops" / "norm" / "norm.so")
    weights = held(tmp_path, "cache.torch")
    assert weights["resnet50-0676ba61.pth"].version == "0676ba61"
    assert weights["pytorch_vision_main"].properties == {"by": "content", "files": 1}
    assert set(held(tmp_path, "cache.nltk")) == {"corpora/stopwords.zip", "tokenizers/punkt_tab"}
    text = held(tmp_path, "cache.tiktoken")
    assert set(text) == {"cl100k_base.tiktoken", "f" * 40}
    assert text["f" * 40].version == "sha256:" + hashlib.sha256(b"own").hexdigest()
    kernels = held(tmp_path, "cache.kernels")
    assert set(kernels) == {"flashinfer", "inductor", "triton"}
    assert kernels["triton"].properties["count"] == 2
    assert kernels["triton"].properties["versions"] == ["3.2.0"]
    assert kernels["triton"].properties["targets"] == ["cuda:90"]
    assert kernels["triton"].properties["tuned"]["count"] == 1
    assert kernels["inductor"].properties["tuned"]["count"] == 1
    assert kernels["flashinfer"].version == "0.3.1"
    assert kernels["flashinfer"].properties["targets"] == ["cuda:80", "cuda:90a"]


@pytest.mark.parametrize(
    ("fill", "other", "code"),
    [
        (torch_hub, "resnet50-11ad3fa6.pth", "CCH001"),
        (nltk, "other rules", "CCH002"),
        (vocabulary, "Ig== 0", "CCH003"),
    ],
)
def test_what_differs_in_a_cache_is_judged(
    fill: Callable[..., None], other: str, code: str, tmp_path: Path
) -> None:
    fill(tmp_path / "one")
    fill(tmp_path / "same")
    fill(tmp_path / "other", other)
    assert codes(tmp_path / "one", tmp_path / "same") == set()
    assert codes(tmp_path / "one", tmp_path / "other") == {code}
    (tmp_path / "empty").mkdir()
    assert codes(tmp_path / "one", tmp_path / "empty") == {code, "NOTHING"}


def test_more_kernels_are_only_faster_but_other_tuning_rounds_otherwise(tmp_path: Path) -> None:
    triton(tmp_path / "one")
    triton(tmp_path / "tuned", best="b")
    triton(tmp_path / "more")
    write(tmp_path / "more" / ".triton" / "cache" / ("C4" * 26) / "kernel.cubin")
    assert codes(tmp_path / "one", tmp_path / "more") == set()
    assert codes(tmp_path / "one", tmp_path / "tuned") == {"CCH004"}


FAISS = """
import sys, numpy, faiss
vectors = numpy.arange(64, dtype="float32").reshape(16, 4)
flat, inner = faiss.IndexFlatL2(4), faiss.IndexFlatIP(4)
graph = faiss.IndexHNSWFlat(4, 8, faiss.METRIC_INNER_PRODUCT)
mapped = faiss.IndexIDMap2(faiss.IndexFlatIP(4))
lists = faiss.IndexIVFFlat(inner, 4, 2, faiss.METRIC_INNER_PRODUCT)
lists.train(vectors)
for name, index in dict(flat=flat, graph=graph, lists=lists).items():
    index.add(vectors)
    faiss.write_index(index, f"{sys.argv[1]}/{name}.faiss")
mapped.add_with_ids(vectors, numpy.arange(16))
faiss.write_index(mapped, f"{sys.argv[1]}/mapped.faiss")
"""


def test_indexes_that_a_real_faiss_wrote_are_read(tmp_path: Path) -> None:
    python = interpreter("faiss-cpu==1.9.0", "numpy==1.26.4", resolve=False)
    subprocess.run([python, "-c", FAISS, str(tmp_path)], check=True)
    found = held(tmp_path, "retrieval.collection")
    said = {
        name: (each.properties["index"], each.properties["distance"])
        for name, each in found.items()
    }
    assert said == {
        "/flat.faiss": ({"type": "flat"}, "l2"),
        "/graph.faiss": ({"type": "hnsw,flat"}, "inner product"),
        "/lists.faiss": ({"type": "ivf,flat"}, "inner product"),
        "/mapped.faiss": ({"type": "flat", "wrapped": ["IxM2"]}, "inner product"),
    }
    assert {(e.properties["dimension"], e.properties["count"]) for e in found.values()} == {(4, 16)}


@pytest.mark.parametrize(
    "data",
    [b"", b"IxFI", b"IxMp" * 100, b"x" * 1000, b"IxFI" + struct.pack("<iq", -1, 1) + b"\0" * 99],
)
def test_what_only_ends_like_an_index_is_none(data: bytes, tmp_path: Path) -> None:
    write(tmp_path / "a.faiss", data)
    assert held(tmp_path, "retrieval.collection") == {}


def test_a_storage_of_qdrant_says_what_its_api_says(tmp_path: Path) -> None:
    vectors = {"size": 4, "distance": "Dot", "on_disk": True}
    config = {"params": {"vectors": vectors, "shard_number": 1}, "hnsw_config": {"m": 16}}
    top = tmp_path / "storage" / "collections"
    for name in ("docs", "bad"):
        write(top / name / "config.json", json.dumps(config) if name == "docs" else "{")
        write(top / name / "0" / "shard_config.json", "{}")
    write(top / "none" / "config.json", "{}")
    (found,) = held(tmp_path, "retrieval.collection").values()
    assert found.name == "/storage/docs"
    assert found.properties == {"distance": "Dot", "dimension": 4, "index": {"hnsw": {"m": 16}}}
    (reason,) = reasons(tmp_path, "retrieval.collection")
    assert "DecodeError" in reason


@pytest.mark.parametrize("data", [b"", b"SQLite format 3\0" + bytes(5000), b"x" * 5000])
def test_a_database_of_chroma_that_is_none_is_a_row(data: bytes, tmp_path: Path) -> None:
    write(tmp_path / "chroma.sqlite3", data)
    assert len(reasons(tmp_path, "retrieval.collection")) == 1


def test_damaged_databases_of_chroma_are_rows_or_read(tmp_path: Path) -> None:
    path = tmp_path / "whole"
    with closing(sqlite3.connect(path)) as database, database:
        database.execute("create table databases (id text, name text, tenant_id text)")
        database.execute("insert into databases values ('d', 'default_database', 't')")
        columns = "id text, name text, dimension integer, database_id text, config text, more text"
        database.execute(f"create table collections ({columns})")
        said = json.dumps({"hnsw": {"space": "ip", "max_neighbors": 8}})
        database.execute("insert into collections values ('c', 'docs', 3, 'd', ?, null)", (said,))
    whole, random = path.read_bytes(), Random(4)  # noqa: S311 - the same damage each time.
    for _ in range(200):
        data = bytearray(whole)
        for _ in range(random.choice((1, 3, 40))):
            data[random.randrange(len(data))] = random.choice((0, 255, random.randrange(256)))
        write(tmp_path / "v" / "chroma.sqlite3", bytes(data))
        facts = [f for f in taken(tmp_path / "v").facts if f.kind == "retrieval.collection"]
        assert all("the collector failed" not in getattr(f, "reason", "") for f in facts)
        assert facts
    write(tmp_path / "v" / "chroma.sqlite3", whole)
    (found,) = held(tmp_path / "v", "retrieval.collection").values()
    assert found.properties == {
        "distance": "ip",
        "dimension": 3,
        "index": {"hnsw.max_neighbors": 8},
    }


def test_links_lead_nowhere_but_inside(tmp_path: Path) -> None:
    outside = write(tmp_path / "outside" / "checkpoints" / "secret-0676ba61.pth")
    inside = tmp_path / "volume"
    inside.mkdir()
    (inside / "up").symlink_to("../outside")
    (inside / "far").symlink_to(outside.parent)
    (inside / "loop").symlink_to("loop")
    (inside / "self").symlink_to(".")
    (inside / "checkpoints").mkdir()
    (inside / "checkpoints" / "link-0676ba61.pth").symlink_to(outside)
    (inside / "checkpoints" / "loop-0676ba61.pth").symlink_to("loop-0676ba61.pth")
    os.mkfifo(inside / "checkpoints" / "pipe-0676ba61.pth")
    os.mkfifo(inside / "pipe.faiss")
    assert "secret-0676ba61.pth" not in held(inside, "cache.torch")
    found = {f.name for f in taken(inside).facts if f.kind == "cache.torch"}
    assert {"link-0676ba61.pth", "loop-0676ba61.pth"} <= found
    assert not {"link-0676ba61.pth", "loop-0676ba61.pth"} & set(held(inside, "cache.torch"))


def test_a_folder_that_becomes_a_link_while_it_is_read_is_not_followed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(tmp_path / "outside" / "resnet50-0676ba61.pth", "secret")
    inside = tmp_path / "volume"
    path = write(inside / "nltk_data" / "tokenizers" / "punkt" / "a", "data").parent
    write(tmp_path / "outside" / "a", "secret")
    real = of_folder

    def swapped(files: Any, name: str) -> Any:
        files.list(name)
        path.rename(tmp_path / "gone")
        path.symlink_to(tmp_path / "outside")
        return real(files, name)

    monkeypatch.setattr("repro.caches.nltk.of_folder", swapped)
    assert held(inside, "cache.nltk") == {}
    assert reasons(inside, "cache.nltk")


def test_a_cache_that_is_too_large_is_a_row(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(30):
        (tmp_path / f"f{number}").mkdir()
    monkeypatch.setattr(collecting, "FOLDERS", 20)
    assert reasons(tmp_path, "cache") == ["more than 20 folders; name one of them alone"]
    monkeypatch.setattr("repro.layers.disk.ENTRIES", 10)
    for kind in ("cache", "model.revision", "tokenizer"):
        (reason,) = reasons(tmp_path, kind)
        assert "more than 10 files" in reason


def test_a_volume_is_a_target(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    hub(tmp_path / "one", OLD, OLD)
    hub(tmp_path / "other", NEW, NEW)
    assert main.run(["diff", f"volume:{tmp_path}/one", f"volume:{tmp_path}/other"]) == 1
    assert "org/model" in capfd.readouterr().out
    for name in ("none", "x" * 5000, "\udcff"):
        assert main.run(["snapshot", f"volume:{tmp_path}/{name}"]) == 2
        assert "Name a volume or an absolute path" in capfd.readouterr().err
    odd = tmp_path / "\udcff"
    hub(odd, OLD, OLD)
    assert main.run(["snapshot", f"volume:{odd}"]) == 0
    assert main.run(["snapshot", "volume:"]) == 2
    assert main.run(["snapshot", "volume:cache/hub"]) == 2
    assert "A folder has an absolute path" in capfd.readouterr().err
    assert main.run(["snapshot", f"volume:{tmp_path}/one", "--gpus", "all"]) == 2
