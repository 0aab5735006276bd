"""Images without Python: the servers in them, their kernels, and what small images still tell."""

# The probe carries no annotations, since Python 3.7 has to run it.
# mypy: disable-error-code="no-untyped-call"

from __future__ import annotations

import json
import shutil
from typing import TYPE_CHECKING, Any

import pytest

from repro.probe import main, model, packages, program, system
from repro.probe.context import Context
from repro.rules.catalog import load
from tests.probe.asking import ask, check, known, states, unread
from tests.probe.gguf_file import Form

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

    from tests.probe.rooted import Rooted

BUSYBOX = shutil.which("busybox")


@pytest.fixture
def elf(standin: ModuleType, rooted: Rooted) -> Callable[..., None]:
    """Put a real ELF file with a build id at each path."""

    def put(*paths: str, code: str = "int nothing;") -> None:
        for path in paths:
            standin.library(rooted.root / path.lstrip("/"), code)

    return put


def image(rooted: Rooted, **config: Any) -> list[dict[str, Any]]:
    """All facts of the image scope, as of layers."""
    found: list[dict[str, Any]] = main.collect(rooted, Context({"live": False, "image": config}))[0]
    check(found)
    assert [f for f in found if "collector failed" in f.get("reason", "")] == []
    return [fact for fact in found if fact["scope"] == "image"]


def test_an_image_of_llama_cpp_tells_server_kernels_and_model(
    rooted: Rooted, elf: Callable[..., None]
) -> None:
    elf("/app/llama-server", "/app/libllama.so.0.0.7000", "/app/libggml-cpu-haswell.so")
    rooted.put_link("/app/libllama.so.0", "libllama.so.0.0.7000")
    rooted.put("/models/m.gguf", Form().file({"general.architecture": "llama"}))
    found = image(rooted, Entrypoint=["/app/llama-server"], Cmd=["-m", "/models/m.gguf"])
    fact = known(found, "program", "llama-server")
    assert (fact["version"], fact["source"]) == ("0.0.7000", "soname")
    assert len(fact["properties"]["build_id"]) == 40
    assert set(fact["properties"]["libraries"]) == {
        "libllama.so.0.0.7000",
        "libggml-cpu-haswell.so",
    }
    assert known(found, "model", "/models/m.gguf")


def test_another_kernel_library_is_another_program(
    rooted: Rooted, elf: Callable[..., None]
) -> None:
    elf("/app/llama-server", "/app/libggml-base.so")
    before = known(ask(program, rooted), "program", "llama-server")["properties"]
    elf("/app/libggml-base.so", code="int other;")
    after = known(ask(program, rooted), "program", "llama-server")["properties"]
    assert {key for key in after if after[key] != before[key]} == {"libraries"}


def test_an_image_of_triton_tells_its_release_backends_and_repository(
    rooted: Rooted, elf: Callable[..., None]
) -> None:
    top = "/opt/tritonserver"
    elf(
        top + "/bin/tritonserver",
        top + "/lib/libtritonserver.so",
        top + "/backends/onnxruntime/libtriton_onnxruntime.so",
    )
    rooted.put(top + "/TRITON_VERSION", "2.52.0\n")
    rooted.put("/models/r/config.pbtxt", 'name: "r"\nbackend: "onnxruntime"\nmax_batch_size: 8\n')
    rooted.put("/models/r/1/model.onnx", "x")
    rooted.put("/models/p/config.pbtxt", 'backend: "python"')
    rooted.put("/models/p/1/model.py", "x")
    found = image(rooted, Entrypoint=["/opt/nvidia/nvidia_entrypoint.sh"])
    server = known(found, "program", "tritonserver")
    assert (server["version"], server["source"]) == ("2.52.0", "file")
    assert set(server["properties"]["libraries"]) == {
        "libtritonserver.so",
        "libtriton_onnxruntime.so",
    }
    config = known(found, "model", "/models/r")["properties"]
    assert config["triton"] == {"name": "r", "backend": "onnxruntime", "max_batch_size": "8"}
    assert set(known(found, "model", "/models/r/1")["properties"]["weights"]) == {"model.onnx"}
    assert set(known(found, "model", "/models/p/1")["properties"]["weights"]) == {"model.py"}


def test_only_what_a_triton_configuration_says_moves_its_digest(rooted: Rooted) -> None:
    def documents(text: str) -> Any:
        rooted.put("/models/r/config.pbtxt", text)
        return known(ask(model, rooted), "model", "/models/r")["properties"]["documents"]

    before = documents('backend: "x"\nmax_batch_size: 8\n')
    assert documents('# note\n  backend: "x"\n\n\tmax_batch_size: 8') == before
    assert documents('backend: "x"\nmax_batch_size: 9\n') != before


def test_an_engine_of_tensorrt_llm_is_known_with_what_it_was_built_for(rooted: Rooted) -> None:
    config = {
        "version": "0.17.0",
        "pretrained_config": {"architecture": "LlamaForCausalLM", "norm_epsilon": 1e-5},
        "build_config": {"max_batch_size": 8},
        "other": 1,
    }
    rooted.put("/engines/e/config.json", json.dumps(config))
    rooted.put("/engines/e/rank0.engine", "x")
    found = known(ask(model, rooted), "model", "/engines/e")["properties"]
    assert found["engine"] == {
        "version": "0.17.0",
        "pretrained_config": {"architecture": "LlamaForCausalLM", "norm_epsilon": "1e-05"},
        "build_config": {"max_batch_size": 8},
    }
    assert set(found["weights"]) == {"rank0.engine"}


@pytest.mark.parametrize(
    "config",
    [
        {"Entrypoint": ["/serve"]},
        {"Entrypoint": ["tini", "--", "serve"], "Env": ["PATH=/"]},
        {"Cmd": ["/bin/sh", "-c", "exec /serve --port 1"]},
    ],
)
def test_an_image_of_one_static_program_is_that_program(
    rooted: Rooted, config: dict[str, Any]
) -> None:
    rooted.put("/serve", b"\x7fELF\x01\x01" + bytes(100))  # A format that is not read further.
    rooted.put("/tini", b"\x7fELF")
    found = image(rooted, **config)
    fact = known(found, "program", "serve")
    assert set(fact["properties"]) == {"size", "sha256"}
    there = {fact["kind"] for fact in found if fact["state"] == "known"}
    assert there - {"command", "argument", "environment", "image.env"} == {"program"}
    assert unread(found) == {}


@pytest.mark.parametrize(
    "words", [["python3"], ["bash"], ["/script.sh"], ["env", "x"], ["none"], []]
)
def test_interpreters_scripts_and_starters_are_no_programs_of_their_own(
    rooted: Rooted, words: list[str]
) -> None:
    for name in ("python3", "bash", "env"):
        rooted.put("/usr/bin/" + name, b"\x7fELF")
    rooted.put("/script.sh", "#!/bin/sh\n")
    assert states(ask(program, rooted, image={"Entrypoint": words, "Labels": {}})) == {"absent"}


def test_a_program_that_may_not_be_read_is_told(
    rooted: Rooted, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooted.put("/app/llama-server", b"\x7fELF")

    def refuse(path: str, *_: int) -> bytes:
        raise PermissionError(13, "Permission denied", path)

    monkeypatch.setattr(rooted, "part", refuse)
    assert unread(ask(program, rooted)) == {"llama-server": "/app/llama-server: Permission denied"}


def test_one_environment_alone_looks_for_no_servers(
    rooted: Rooted, elf: Callable[..., None]
) -> None:
    elf("/app/llama-server")
    assert states(ask(program, rooted, entry_only=True)) == {"absent"}


def test_a_verdict_needs_the_programs() -> None:
    row = load().inference("program")
    assert row.kind == "program"
    assert row.required


@pytest.mark.skipif(BUSYBOX is None, reason="this machine has no busybox")
def test_busybox_alone_says_its_version(rooted: Rooted) -> None:
    rooted.put("/bin/busybox")
    shutil.copy(str(BUSYBOX), rooted.root / "bin/busybox")
    fact = known(ask(packages, rooted), "os.package", "busybox")
    assert fact["source"] == "text"
    assert fact["version"].count(".") == 2


def test_busybox_beside_a_database_is_told_there_alone(rooted: Rooted) -> None:
    rooted.put("/bin/busybox", "BusyBox v1.36.1 (x)")
    rooted.put("/lib/apk/db/installed", "P:busybox\nV:1.37.0-r0\n\n")
    assert known(ask(packages, rooted), "os.package", "busybox")["version"] == "1.37.0-r0"


def test_a_distroless_image_tells_release_libc_packages_and_architecture(rooted: Rooted) -> None:
    rooted.put("/usr/lib/os-release", "ID=debian\nVERSION_ID=12\n")
    rooted.put_link("/etc/os-release", "../usr/lib/os-release")
    rooted.put("/var/lib/dpkg/status.d/libc6", "Package: libc6\nVersion: 2.36-9\n")
    rooted.put("/lib/ld-linux-aarch64.so.1", b"\x7fELF\x02\x01" + bytes(12) + b"\xb7\0")
    rooted.put("/lib/aarch64-linux-gnu/libc.so.6", b"\x7fELF GNU C Library (x) version 2.36.")
    found = image(rooted, Entrypoint=["/app"])
    assert known(found, "os.package", "libc6")
    assert known(found, "libc", "glibc")["version"] == "2.36"
    release = known(found, "os.release", "os")["properties"]
    assert release["architecture"] == "aarch64"
    assert known(ask(system, rooted, live=False), "os.release", "os")
