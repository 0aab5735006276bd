"""Real cuBLAS, cuDNN and NCCL: on disk, by calling them, and loaded by a main process."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import pytest

from lab.recipes import SECOND_SITE
from tests.engine.calling import diff, facts, loading, snapshot

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = [pytest.mark.engine, pytest.mark.heavy]

SITE: Final = "/usr/local/lib/python3.11/dist-packages/nvidia"
CUBLAS: Final = (f"{SITE}/cublas/lib/libcublasLt.so.12", f"{SITE}/cublas/lib/libcublas.so.12")
CUDNN: Final = f"{SITE}/cudnn/lib/libcudnn.so.9"
VERSIONS: Final = {
    "gpu-wheels:a": {"cublas": "12.4.5", "cudnn": "9.1.0", "nccl": "2.21.5", "cudart": "12.4"},
    "gpu-wheels:b": {"cublas": "12.8.4", "cudnn": "9.10.2", "nccl": "2.21.5", "cudart": "12.4"},
}
"""What the libraries of the wheels say of themselves: a wheel's last number is a build's."""


@pytest.mark.parametrize("name", VERSIONS)
def test_libraries_tell_the_versions_of_their_wheels(
    name: str, docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    manifest = snapshot(image(name), tmp_path / "m.json", host=docker_engine.host)
    called = {fact["name"]: fact["version"] for fact in facts(manifest, "cuda.library.call")}
    assert {name: called.get(name) for name in VERSIONS[name]} == VERSIONS[name]


def test_what_is_loaded_is_compared_and_not_only_what_is_installed(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    host = docker_engine.host
    for name in VERSIONS:
        with loading(image(name), *CUBLAS, CUDNN, host=host) as container:
            manifest = snapshot(container, tmp_path / name, host=host)
        loaded = {fact["name"] for fact in facts(manifest, "cuda.library.loaded")}
        assert {"cublas", "cublaslt", "cudnn"} <= loaded
    code, report = diff(tmp_path / "gpu-wheels:a", tmp_path / "gpu-wheels:b")
    assert (code, report["status"]) == (1, "suspect")  # Other kernels, so other rounding.
    for kind in ("cuda.library", "cuda.library.loaded"):
        assert {"cublas", "cudnn"} <= changed(report, kind)
        assert "nccl" not in changed(report, kind)
    assert not any("nccl" in finding["subject"] for finding in report["findings"])


def changed(report: dict[str, Any], kind: str) -> set[str]:
    """Names of the components of one kind that findings speak of."""
    changes = [finding["change"] for finding in report["findings"] if finding["change"]]
    return {change["name"] for change in changes if change["kind"] == kind}


def test_two_copies_of_cudnn_are_a_warning_on_both_sides(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    path = tmp_path / "two.json"
    manifest = snapshot(image("two-cudnn:1"), path, host=docker_engine.host)
    copies = [f for f in facts(manifest, "cuda.library") if f["name"] == "cudnn"]
    assert len(copies) == 2
    assert any(fact["location"].startswith(SECOND_SITE) for fact in copies)
    code, report = diff(path, path)
    assert (code, report["status"]) == (0, "identical")
    assert "both sides share" in report["summary"]
    (told,) = [f for f in report["findings"] if f["subject"] == "cudnn (on disk)"]
    assert told["old"] == told["new"] == "9.1.0.70 and 9.10.2.21"
    assert "several different copies" in told["title"]


def test_a_second_copy_of_cudnn_on_one_side_is_found(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    for name in ("base:bookworm", "two-cudnn:1"):
        snapshot(image(name), tmp_path / name, host=docker_engine.host)
    code, report = diff(tmp_path / "base:bookworm", tmp_path / "two-cudnn:1")
    assert code == 1
    titles = [f["title"] for f in report["findings"] if f["subject"] == "cudnn (on disk)"]
    assert "several different copies of a CUDA library" in titles
