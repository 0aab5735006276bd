"""What cannot be read: one message that says what to do, exit code 2, and nothing left behind."""

from __future__ import annotations

import socket
import struct
from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from lab.layer import Copy, Files
from lab.recipes import BUSYBOX, PREFIX, extend, hostile
from tests.engine.calling import Done, leftovers, repro

if TYPE_CHECKING:
    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine

NO_PYTHON: Final = "has no Python that could run the probe"
IS_IT_PYTHON: Final = "Check that `python3` in the target is a Python interpreter and can start."
MORE_TIME: Final = "Allow more with --timeout, or leave frameworks alone with --no-frameworks."
CASES: Final = {
    "hostile:garbage": ("bytes that are none", IS_IT_PYTHON),
    "hostile:silent": ("the probe gave no answer", IS_IT_PYTHON),
    "hostile:escapes": ("bytes that are none", IS_IT_PYTHON),
    "hostile:traceback": ("the probe gave no answer: MemoryError", IS_IT_PYTHON),
    "hostile:exit137": ("was killed by signal 9", "try again"),
}
"""What the message and the advice say of each image."""


def refused(done: Done) -> tuple[str, str]:
    """Hold a failure to its form; return message and advice."""
    assert done.code == 2, done
    assert done.out == ""
    assert len(done.message) == 2, done.err
    message, advice = done.message
    assert message.startswith("repro: ")
    assert advice.startswith("  ")
    assert "Traceback" not in done.err
    assert "\033" not in done.err
    return message, advice.strip()


def attempt(tag: str, folder: Path, *options: str, host: str) -> tuple[str, str]:
    """Take a snapshot that must be refused, and leave neither a file nor a container."""
    said = refused(repro("snapshot", tag, "-o", str(folder / "m.json"), *options, host=host))
    assert list(folder.iterdir()) == []
    assert leftovers(host, tag) == []
    return said


@pytest.mark.parametrize("name", CASES)
def test_an_image_that_gives_no_answer_is_explained(
    name: str, docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    message, advice = attempt(image(name), tmp_path, host=docker_engine.host)
    for said, expected in zip((message, advice), CASES[name], strict=True):
        assert expected in said


@pytest.mark.parametrize("name", ["nopython:1", "scratch:1", "busybox:1"])
def test_an_image_without_python_is_read_instead(
    name: str, docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    read_instead(image(name), NO_PYTHON, tmp_path / "m.json", docker_engine.host)


def read_instead(tag: str, why: str, path: Path, host: str) -> None:
    """Take a snapshot of an image that cannot run: one warning says why, and nothing is left."""
    done = repro("snapshot", tag, "-o", str(path), host=host)
    assert (done.code, done.out) == (0, ""), done.err
    warning, written = done.message
    assert warning.startswith("repro: warning: ")
    assert why in warning
    assert warning.endswith("its files are read instead, and nothing is run")
    assert written.startswith(f"repro: {tag} → ")
    assert leftovers(host, tag) == []


@pytest.mark.parametrize("name", ["hostile:hang", "hostile:endless", "hostile:gigabyte"])
def test_a_probe_without_end_is_stopped_after_its_time(
    name: str, docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    message, advice = attempt(image(name), tmp_path, "--timeout", "2", host=docker_engine.host)
    assert message == "repro: the probe gave no answer in 2 s and was stopped"
    assert advice == MORE_TIME


def test_output_beyond_the_bound_is_not_read(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    tag = image("hostile:much", hostile(f"head -c {80 << 20} /dev/zero | tr '\\0' x"))
    message, advice = attempt(tag, tmp_path, host=docker_engine.host)
    assert message == "repro: the probe printed more than 64 MiB"
    assert advice == "Is `python3` in the image a Python interpreter?"


def test_too_little_memory_is_named(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    message, advice = attempt(image("ml:v1"), tmp_path, "--memory", "20m", host=docker_engine.host)
    assert message == "repro: the probe ran out of memory at 20 MiB"
    assert "--memory" in advice


def test_an_engine_without_a_gpu_runtime_says_what_is_missing(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    message, advice = attempt(
        image("base:bookworm"), tmp_path, "--gpus", "all", host=docker_engine.host
    )
    assert "the engine has no GPU to give" in message
    assert "NVIDIA Container Toolkit" in advice


def elf(machine: int) -> bytes:
    """Return the header of a 64-bit little-endian program for a machine: elf(5)."""
    identity = b"\x7fELF" + bytes((2, 1, 1)) + bytes(9)
    return identity + struct.pack("<HHIQQQIHHHHHH", 2, machine, 1, 64, 64, 0, 0, 64, 56, 1, 0, 0, 0)


def test_an_image_of_another_machine_is_named_as_such(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    program = tmp_path / "python3"
    program.write_bytes(elf(22))  # EM_S390, which nobody runs these tests on.
    foreign = extend(BUSYBOX, Files((("/usr/bin/python3", Copy.of(program, 0o755)),)))
    tag = image("foreign:1", foreign)
    (folder := tmp_path / "out").mkdir()
    read_instead(tag, "another platform", folder / "m.json", docker_engine.host)


def test_a_variant_that_the_engine_lacks_is_named_as_such(
    docker_engine: Engine, image: BuildImage, tmp_path: Path
) -> None:
    tag = image("base:bookworm")
    message, advice = attempt(tag, tmp_path, "--platform", "linux/s390x", host=docker_engine.host)
    assert "another platform: wanted linux/s390x, actual: linux/" in message
    assert "Pull" in advice


def test_a_missing_image_is_not_pulled(docker_engine: Engine, tmp_path: Path) -> None:
    tag = f"{PREFIX}missing:1"
    done = repro("snapshot", tag, "-o", str(tmp_path / "m.json"), host=docker_engine.host)
    message, advice = refused(done)
    assert message == f"repro: no image '{tag}' in this engine, and no container of that name"
    assert f"docker pull {tag}" in advice
    assert list(tmp_path.iterdir()) == []


def test_an_engine_that_is_not_there_is_named_with_its_origin(tmp_path: Path) -> None:
    host = f"unix://{tmp_path}/none.sock"
    message, advice = refused(repro("snapshot", "some:1", host=host))
    assert message == f"repro: no container engine answers: {host} (DOCKER_HOST): no such socket"
    assert "Start Docker or Podman" in advice


def test_a_socket_that_nobody_listens_on_is_refused(tmp_path: Path) -> None:
    path = Path(tmp_path, "dead.sock")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
    message, _ = refused(repro("snapshot", "some:1", host=f"unix://{path}"))
    assert message.endswith("(DOCKER_HOST): connection refused")
