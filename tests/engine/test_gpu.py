"""A GPU's facts through the engine, by stand-ins of the driver's libraries in the image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from lab.recipes import standin_gpu
from tests.engine.calling import diff, facts, snapshot
from tests.standin.build import build

if TYPE_CHECKING:
    from pathlib import Path

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine


def with_driver(
    variant: str, folder: Path, *, engine: Engine, image: BuildImage
) -> tuple[dict[str, Any], Path]:
    """Snapshot an image with a variant's libraries, with --gpus: the manifest and its file."""
    libraries = build(folder / "libraries", variant)
    tag = image(f"standin:{variant}", standin_gpu(libraries), host=engine.host)
    path = folder / f"{variant}.json"
    return snapshot(tag, path, "--gpus", "all", host=engine.host), path


def test_an_h100_is_told_by_its_driver(
    gpu_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    manifest, _ = with_driver("h100", tmp_path, engine=gpu_engine, image=image)
    (driver,), (device,) = facts(manifest, "gpu.driver"), facts(manifest, "gpu.device")
    assert (driver["version"], driver["source"]) == ("580.159.04", "nvml")
    assert device["name"] == "gpu0"
    told = device["properties"]
    assert told["product"] == "NVIDIA H100 80GB HBM3"
    assert told["memory_mib"] == 81559
    assert told["compute_capability"] == "9.0"
    assert told["sm_count"] == 132


def test_a_driver_that_does_not_fit_its_module_makes_no_verdict(
    gpu_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    manifest, path = with_driver("mismatch", tmp_path, engine=gpu_engine, image=image)
    assert facts(manifest, "gpu.device") == []
    (unread,) = facts(manifest, "gpu.device", "unreadable")
    assert "different driver versions" in unread["reason"]
    code, report = diff(path, path)
    assert (code, report["status"]) == (3, "indeterminate")
    assert any("gpu" in finding["subject"] for finding in report["findings"])


def test_an_old_driver_tells_what_it_can(
    gpu_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    manifest, path = with_driver("old", tmp_path, engine=gpu_engine, image=image)
    (driver,), (device,) = facts(manifest, "gpu.driver"), facts(manifest, "gpu.device")
    assert driver["version"] == "470.256.02"
    assert device["properties"]["product"] == "Tesla V100-SXM2-32GB"
    assert device["properties"]["compute_capability"] == "7.0"
    assert "gsp" not in device["properties"]
    assert diff(path, path)[0] == 0


def test_a_gpu_on_one_side_alone_is_drift(
    gpu_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    _, path = with_driver("h100", tmp_path, engine=gpu_engine, image=image)
    tag = image("ml:v1", host=gpu_engine.host)
    snapshot(tag, tmp_path / "none.json", host=gpu_engine.host)
    code, report = diff(path, tmp_path / "none.json")
    assert (code, report["status"]) == (1, "divergent")
    worst = [f["subject"] for f in report["findings"] if f["status"] == "divergent"]
    assert any("gpu" in subject for subject in worst), worst
