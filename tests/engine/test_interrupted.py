"""However a snapshot ends, its container goes: at once, or by `repro clean` after a kill."""

from __future__ import annotations

import signal
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.engine.calling import command, docker, environment, leftovers, repro

if TYPE_CHECKING:
    from collections.abc import Iterator

    from lab.engine import Engine
    from lab.fixtures import BuildImage

pytestmark = pytest.mark.engine


def hanging_image(image: BuildImage, engine: Engine) -> str:
    """Build in an engine that no other test uses: `clean --all` takes what it finds."""
    return image("hostile:hang", host=engine.host)


@contextmanager
def under_way(tag: str, host: str) -> Iterator[subprocess.Popen[str]]:
    """Start a snapshot that hangs, and give it over once its container runs."""
    started = subprocess.Popen(
        command("snapshot", tag, "--timeout", "100"),
        env=environment(host),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    with started as process:
        try:
            await_container(tag, host)
            yield process
        finally:
            process.kill()


def await_container(tag: str, host: str) -> None:
    deadline = time.monotonic() + 30
    while not docker("ps", "--quiet", "--filter", f"ancestor={tag}", host=host):
        assert time.monotonic() < deadline, "no container was started"
        time.sleep(0.1)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_an_interrupted_snapshot_takes_its_container_along(
    number: signal.Signals, code: int, second_engine: Engine, image: BuildImage
) -> None:
    host = second_engine.host
    tag = hanging_image(image, second_engine)
    with under_way(tag, host) as process:
        process.send_signal(number)
        out, err = process.communicate(timeout=30)
    assert process.returncode == code, err
    assert out == ""
    assert "Traceback" not in err
    assert leftovers(host, tag) == []


def test_what_a_kill_leaves_is_cleaned_when_asked_for_all(
    second_engine: Engine, image: BuildImage
) -> None:
    host = second_engine.host
    tag = hanging_image(image, second_engine)
    with under_way(tag, host) as process:
        process.kill()
        process.wait()
    (left,) = leftovers(host, tag)

    mild = repro("clean", host=host)
    assert (mild.code, mild.out) == (0, "")
    assert mild.message == ["repro: no leftover containers removed"]
    assert leftovers(host, tag) == [left], "its time is not over: it may be under way"

    full = repro("clean", "--all", host=host)
    assert (full.code, full.out.split()) == (0, [left[:12]])
    assert leftovers(host, tag) == []


def test_cleaning_takes_what_is_past_its_time_and_nothing_of_others(
    second_engine: Engine, image: BuildImage
) -> None:
    host = second_engine.host
    tag = hanging_image(image, second_engine)
    run = ("run", "--detach", "--network", "none")
    labels = ("--label", "dev.repro.probe=1", "--label", "dev.repro.deadline=1")
    old = docker(*run, *labels, "--entrypoint", "sleep", tag, "1000", host=host)
    other = docker(*run, "--entrypoint", "sleep", tag, "1000", host=host)
    try:
        assert repro("clean", host=host).out.split() == [old[:12]]
        assert repro("clean", "--all", host=host).out == ""
        assert docker("ps", "--quiet", "--no-trunc", host=host).split() == [other]
    finally:
        docker("rm", "--force", other, host=host)
