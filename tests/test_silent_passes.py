"""Drift that tools of this kind have called no drift: each alone has to fail, by name."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest
from click.testing import CliRunner

from repro.cli.main import cli
from repro.manifest import Component, Fact, encode
from tests.manifests import absent, known, manifest, setting, unreadable

if TYPE_CHECKING:
    from pathlib import Path

VENV = "/opt/venv/lib/python3.11/site-packages"
CONDA = "/opt/conda/lib/python3.11/site-packages"


class Outcome(NamedTuple):
    """What `repro diff` did."""

    code: int
    status: str
    text: str


@pytest.fixture
def diff(tmp_path: Path) -> Any:
    """Give `repro diff` as a function of the facts of two sides."""

    def run(a: list[Fact], b: list[Fact]) -> Outcome:
        for name, facts in (("a", a), ("b", b)):
            made = manifest(*everything(facts), name=name)
            (tmp_path / f"{name}.json").write_bytes(encode(made))
        report = tmp_path / "report.json"
        sides = [str(tmp_path / "a.json"), str(tmp_path / "b.json")]
        arguments = ["diff", *sides, "-f", "text", "-f", f"json={report}", "--all"]
        result = CliRunner().invoke(cli, arguments, standalone_mode=False)
        assert result.exception is None, result.exception
        return Outcome(result.return_value, json.loads(report.read_text())["status"], result.stdout)

    return run


def everything(facts: list[Fact]) -> list[Fact]:
    """Add what both sides have alike, so that nothing fails for want of company."""
    alike: list[Fact] = [
        package("tqdm", "4.66.5"),
        package("torch", "2.4.1"),
        package("vllm", "0.10.2"),
        setting("LANG", "C.UTF-8"),
        known("os.release", "os", "12", id="debian"),
    ]
    named = {fact.key for fact in facts}
    return [*facts, *(fact for fact in alike if fact.key not in named)]


def package(name: str, version: str, site: str = VENV, **properties: Any) -> Component:
    where = site.partition("/lib/")[0]
    return known("python.package", name, version, location=site, environment=where, **properties)


def library(name: str, version: str, kind: str = "cuda.library", **properties: Any) -> Component:
    location = properties.pop("location", f"{VENV}/nvidia/{name}/lib/lib{name}.so")
    return known(kind, name, version, location=location, source="file", **properties)


SINGLE = {
    "torch": (package("torch", "2.4.1"), package("torch", "2.8.0")),
    "vllm": (package("vllm", "0.10.2"), package("vllm", "0.11.0")),
    "tokenizers": (package("tokenizers", "0.20.3"), package("tokenizers", "0.22.1")),
    "flashinfer-python": (
        package("flashinfer-python", "0.3.0"),
        package("flashinfer-python", "0.3.1"),
    ),
    "flashinfer-jit-cache": (
        package("flashinfer-jit-cache", "0.3.0"),
        package("flashinfer-jit-cache", "0.3.1"),
    ),
    "nvidia-cublas-cu12": (
        package("nvidia-cublas-cu12", "12.4.5.8"),
        package("nvidia-cublas-cu12", "12.8.4.1"),
    ),
    "nvidia-cudnn-cu12": (
        package("nvidia-cudnn-cu12", "9.1.0.70"),
        package("nvidia-cudnn-cu12", "9.10.2.21"),
    ),
    "cublas": (library("cublas", "12.4.5.8"), library("cublas", "12.8.4.1")),
    "cublasLt": (library("cublasLt", "12.4.5.8"), library("cublasLt", "12.8.4.1")),
    "cudnn": (library("cudnn", "9.1.0"), library("cudnn", "9.10.2")),
    "VLLM_ATTENTION_BACKEND": (
        setting("VLLM_ATTENTION_BACKEND", "TRITON_ATTN"),
        setting("VLLM_ATTENTION_BACKEND", "FLASHINFER"),
    ),
    "CUBLAS_WORKSPACE_CONFIG": (
        setting("CUBLAS_WORKSPACE_CONFIG", ":4096:8"),
        setting("CUBLAS_WORKSPACE_CONFIG", ":16:8"),
    ),
    "openai/gpt-oss-20b": (
        known("model.revision", "openai/gpt-oss-20b", revision="a" * 40, refs={"main": "a" * 40}),
        known("model.revision", "openai/gpt-oss-20b", revision="b" * 40, refs={"main": "b" * 40}),
    ),
    "/models/m": (
        known("model", "/models/m", config={"torch_dtype": "bfloat16"}),
        known("model", "/models/m", config={"torch_dtype": "float16"}),
    ),
    "torch (reports of itself)": (
        known("framework", "torch", "2.4.1", source="call", cuda="12.1"),
        known("framework", "torch", "2.4.1", source="call", cuda="12.4"),
    ),
    "gpu0": (
        known("gpu.device", "gpu0", gpu="NVIDIA A100-SXM4-80GB", compute_capability="8.0"),
        known("gpu.device", "gpu0", gpu="NVIDIA H100 80GB HBM3", compute_capability="9.0"),
    ),
    "nccl": (library("nccl", "2.21.5"), library("nccl", "2.27.3")),
}
"""Pairs that differ in one thing, by the name that a report must give it."""


@pytest.mark.parametrize("name", SINGLE)
@pytest.mark.parametrize("turned", [False, True], ids=["up", "down"])
def test_one_difference_alone_fails_and_is_named(diff: Any, name: str, turned: bool) -> None:
    old, new = reversed(SINGLE[name]) if turned else SINGLE[name]
    outcome = diff([old], [new])
    assert outcome.code == 1
    assert outcome.status in ("suspect", "divergent")
    assert name in outcome.text


@pytest.mark.parametrize("name", SINGLE)
def test_the_same_on_both_sides_passes(diff: Any, name: str) -> None:
    for fact in SINGLE[name]:
        outcome = diff([fact], [fact])
        assert (outcome.code, outcome.status) == (0, "identical")


@pytest.mark.parametrize("name", SINGLE)
def test_what_could_not_be_read_on_both_sides_is_not_equal(diff: Any, name: str) -> None:
    fact = SINGLE[name][0]
    hidden = unreadable(fact.kind, fact.name)
    outcome = diff([hidden], [hidden])
    assert (outcome.code, outcome.status) == (3, "indeterminate")
    assert "permission denied" in outcome.text


@pytest.mark.parametrize("name", SINGLE)
def test_what_could_not_be_read_on_one_side_is_not_equal(diff: Any, name: str) -> None:
    fact = SINGLE[name][0]
    hidden = unreadable(fact.kind, fact.name)
    assert diff([fact], [hidden]).code == 3
    assert diff([hidden], [fact]).code == 3


KINDS = sorted({fact.kind for pair in SINGLE.values() for fact in pair} | {"gpu", "os.package"})


@pytest.mark.parametrize("kind", KINDS)
def test_a_section_that_could_not_be_read_is_indeterminate(diff: Any, kind: str) -> None:
    facts: list[Fact] = [old for old, _ in SINGLE.values() if old.kind == kind]
    hidden = unreadable(kind, reason="NVML_ERROR_DRIVER_NOT_LOADED")
    for a, b in ((facts, [hidden]), ([hidden], facts), ([hidden], [hidden])):
        outcome = diff(a, b)
        assert outcome.code == 3
        assert "NVML_ERROR_DRIVER_NOT_LOADED" in outcome.text


def test_a_gpu_on_one_side_and_none_on_the_other_is_drift(diff: Any) -> None:
    outcome = diff([SINGLE["gpu0"][1]], [absent("gpu.device"), absent("gpu.driver", "nvidia")])
    assert (outcome.code, outcome.status) == (1, "divergent")


def test_two_empty_sides_are_not_equal(tmp_path: Path) -> None:
    for name in ("a.json", "b.json"):
        (tmp_path / name).write_bytes(encode(manifest()))
    arguments = ["diff", str(tmp_path / "a.json"), str(tmp_path / "b.json")]
    assert CliRunner().invoke(cli, arguments, standalone_mode=False).return_value == 3


def test_the_loaded_cudnn_is_told_from_the_one_of_the_system(diff: Any) -> None:
    system = library("cudnn", "8.9.7", location="/usr/lib/x86_64-linux-gnu/libcudnn.so.8")
    wheel = library("cudnn", "9.1.0")
    loaded = [
        library("cudnn", version, kind="cuda.library.loaded") for version in ("8.9.7", "9.1.0")
    ]
    outcome = diff([system, wheel, loaded[0]], [system, wheel, loaded[1]])
    assert outcome.code == 1
    assert "cudnn (loaded)" in outcome.text
    assert "8.9.7" in outcome.text
    assert "9.1.0" in outcome.text


def test_the_same_system_cudnn_does_not_hide_that_none_is_loaded(diff: Any) -> None:
    system = library("cudnn", "8.9.7", location="/usr/lib/x86_64-linux-gnu/libcudnn.so.8")
    loaded = library("cudnn", "8.9.7", kind="cuda.library.loaded")
    assert diff([system, loaded], [system]).code == 1
    assert diff([system, loaded], [system, unreadable("cuda.library.loaded")]).code == 3


@pytest.mark.parametrize("name", ["torch", "torchvision", "torchaudio", "xformers", "flash-attn"])
@pytest.mark.parametrize("labels", [("+cu121", "+cu124"), ("", "+cu121"), ("+cpu", "+cu121")])
def test_a_local_label_is_part_of_the_version(diff: Any, name: str, labels: Any) -> None:
    old, new = (package(name, f"2.4.1{label}") for label in labels)
    outcome = diff([old], [new])
    assert outcome.code == 1
    assert f"2.4.1{labels[1]}" in outcome.text


@pytest.mark.parametrize("site", [VENV, CONDA, "/root/.local/lib/python3.11/site-packages"])
@pytest.mark.parametrize("name", ["torch", "vllm", "tokenizers"])
def test_packages_outside_usr_are_compared(diff: Any, name: str, site: str) -> None:
    system = package(name, "0.0.1", "/usr/lib/python3/dist-packages")
    old, new = (package(name, str(fact.version), site) for fact in SINGLE[name])
    outcome = diff([system, old], [system, new])
    assert outcome.code == 1
    assert name in outcome.text


def test_a_conda_package_without_python_metadata_is_compared(diff: Any) -> None:
    old, new = (known("conda.package", "libtorch", v, build="cuda") for v in ("2.4.1", "2.8.0"))
    outcome = diff([old], [new])
    assert outcome.code == 1
    assert "libtorch" in outcome.text


def test_one_tag_with_two_contents_is_two_images(diff: Any) -> None:
    old, new = (
        known(
            "image",
            "image",
            reference="app:latest",
            id=f"sha256:{digit * 64}",
            layers=[f"sha256:{digit * 64}"],
        )
        for digit in "ab"
    )
    outcome = diff([old], [new])
    assert outcome.status != "identical"
    assert "image" in outcome.text
    assert diff([old, SINGLE["torch"][0]], [new, SINGLE["torch"][1]]).code == 1


def test_declared_by_the_image_alone_still_fails(diff: Any) -> None:
    old, new = (
        known("image.env", "VLLM_ATTENTION_BACKEND", value=value)
        for value in ("TRITON_ATTN", "FLASHINFER")
    )
    outcome = diff([old], [new])
    assert outcome.code == 1
    assert "VLLM_ATTENTION_BACKEND" in outcome.text


def test_all_of_them_together_name_each(diff: Any) -> None:
    outcome = diff([old for old, _ in SINGLE.values()], [new for _, new in SINGLE.values()])
    assert (outcome.code, outcome.status) == (1, "divergent")
    assert [name for name in SINGLE if name not in outcome.text] == []
