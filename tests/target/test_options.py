"""What a user says about a snapshot is understood, or refused with the reason."""

from __future__ import annotations

import pytest

from repro.errors import TargetError, UsageError
from repro.target.options import Options, parse_env, parse_memory, parse_volume
from repro.target.sandbox import device_requests, settings


@pytest.mark.parametrize(
    ("text", "size"), [("512m", 512 << 20), ("4g", 4 << 30), ("4GB", 4 << 30), ("1000", 1000)]
)
def test_amounts_of_memory_are_read(text: str, size: int) -> None:
    assert parse_memory(text) == size


@pytest.mark.parametrize("text", ["", "0", "-1g", "4 gigs", "1e9", "nan", "9" * 40])
def test_other_amounts_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not an amount"):
        parse_memory(text)


def test_a_volume_is_a_source_and_a_path() -> None:
    assert parse_volume("hf-cache:/root/.cache/huggingface") == (
        "hf-cache",
        "/root/.cache/huggingface",
    )
    assert parse_volume("/data:/data:ro") == ("/data", "/data")


@pytest.mark.parametrize("text", ["/data", "a:b", ":/x", "a:/b:rw", "a:/b:ro:z", ""])
def test_other_volumes_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not SOURCE:/PATH"):
        parse_volume(text)


def test_a_variable_may_hold_anything_after_its_name() -> None:
    assert parse_env("A_1=x=y z") == ("A_1", "x=y z")


@pytest.mark.parametrize("text", ["A", "=x", "1A=x", "A B=x"])
def test_other_variables_are_refused(text: str) -> None:
    with pytest.raises(UsageError, match="is not NAME=VALUE"):
        parse_env(text)


def test_gpus_are_asked_for_as_docker_does() -> None:
    assert device_requests(None) == []
    assert device_requests("all")[0]["Count"] == -1
    assert device_requests("2")[0]["Count"] == 2
    assert device_requests("device=0,GPU-1")[0]["DeviceIDs"] == ["0", "GPU-1"]


@pytest.mark.parametrize("text", ["", "0", "some", "-1", "all,0"])
def test_other_gpus_are_refused(text: str) -> None:
    with pytest.raises(TargetError, match="is not understood"):
        device_requests(text)


def test_the_sandbox_takes_everything_away() -> None:
    made = settings(Options(volumes=("models:/models", "/srv:/data")))

    assert made["network_mode"] == "none"
    assert made["read_only"] is True
    assert made["cap_drop"] == ["ALL"]
    assert made["security_opt"] == ["no-new-privileges"]
    assert made["mem_limit"] == made["memswap_limit"] == 4 << 30
    assert made["pids_limit"] == 4096
    assert made["volumes"] == {
        "models": {"bind": "/models", "mode": "ro,nocopy"},
        "/srv": {"bind": "/data", "mode": "ro"},
    }
    assert made["healthcheck"] == {"test": ["NONE"]}
