"""What prepares pictures and sound: known pairs of releases differ where they do, not elsewhere."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from lab.venvs import interpreter
from tests.canary.computing import changes, computed
from tests.canary.environments import TORCH

if TYPE_CHECKING:
    from repro.manifest import Component

OLDER: Final = sorted(Path.home().glob(".pyenv/versions/3.9.*/bin/python"))
"""Pillow 8.4 and 9.0 have no wheel for the Python that runs these tests."""
NMS: Final = """\
def run(case, job):
    import torch
    for name in ("nms", "qnms"):
        signature = "(Tensor boxes, Tensor scores, float most) -> Tensor"
        torch.library.define("torchvision::" + name, signature)
    from . import preprocessing_torchvision
    preprocessing_torchvision.run(case, job)
"""
"""The operators in torchvision's wheel want CUDA's libraries; its transforms call none of them."""
NO_LIBRARY: Final = """\
def run(case, job):
    import pathlib
    found = pathlib.Path.glob
    pathlib.Path.glob = lambda path, form: () if "torchaudio" in form else found(path, form)
    from . import preprocessing_torchaudio
    preprocessing_torchaudio.run(case, job)
"""
"""torchaudio's own library wants CUDA's; what is measured is made of torch's operators."""


@functools.cache
def pillow(version: str) -> Component:
    return computed(interpreter(f"pillow=={version}"), "preprocessing_pillow")


@functools.cache
def opencv(version: str) -> Component:
    python = interpreter(f"opencv-python-headless=={version}", "numpy==2.0.2", resolve=False)
    return computed(python, "preprocessing_opencv")


@pytest.mark.skipif(not OLDER, reason="needs Python 3.9 for these wheels")
def test_another_jpeg_decoder_is_caught() -> None:
    old, new = (
        computed(interpreter(f"pillow=={v}", python=str(OLDER[-1])), "preprocessing_pillow")
        for v in ("8.4.0", "9.0.1")
    )
    found = changes(old, new)
    assert set(found) == {
        "decode/jpeg420",
        "decode/jpeg422_progressive",
        "encode/JPEG",
        "thumbnail",
    }
    size = found["decode/jpeg420"].size
    assert size is not None
    assert size.differing > size.values / 2
    assert not size.rounding


def test_releases_of_pillow_that_decode_and_resize_alike_come_out_alike() -> None:
    assert changes(pillow("9.2.0"), pillow("11.3.0")) == {}
    assert pillow("9.2.0").properties["cases"] == 41


@pytest.mark.heavy
def test_another_cubic_resize_of_opencv_is_caught_and_nothing_else_of_bytes() -> None:
    found = changes(opencv("4.11.0.86"), opencv("4.12.0.88"))
    assert any(name.startswith("resize/CUBIC") for name in found)
    if "avx512" in Path("/proc/cpuinfo").read_text("utf-8"):
        assert "resize/CUBIC 96x72" in found  # Its bytes moved in the vector code for AVX-512.
    others = {
        name for name, case in found.items() if not (case.size is not None and case.size.rounding)
    }
    # 4.12 also learned to read GIF.
    assert {"decode/gif"} <= others <= {"resize/CUBIC 96x72", "decode/gif"}


def test_soxr_resamples_and_says_so_alike_in_two_releases() -> None:
    old, new = (
        computed(interpreter(f"soxr=={v}", "numpy==1.26.4"), "preprocessing_soxr")
        for v in ("0.3.7", "0.5.0.post1")
    )
    assert changes(old, new) == {}


@pytest.mark.heavy
def test_librosa_hears() -> None:
    fact = computed(interpreter("librosa==0.11.0", "numpy==2.0.2"), "preprocessing_librosa")
    assert fact.properties["cases"] == 6


@pytest.mark.heavy
def test_torchvision_antialiases_by_itself_in_both_generations() -> None:
    python = interpreter(*TORCH, "torchvision==0.28.0", "torchaudio==2.11.0", "pillow==11.3.0")
    results = computed(python, "vision", modules={"vision": NMS}).properties["results"]
    for kind in ("transforms", "v2"):
        bilinear = f"{kind}/float32/resize bilinear antialias="
        assert results[bilinear + "True"]["hash"] != results[bilinear + "False"]["hash"]
    sound = computed(python, "audio", modules={"audio": NO_LIBRARY}).properties
    assert sound["cases"] == 10
    assert not any("error" in told for told in sound["results"].values())
