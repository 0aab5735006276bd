"""What an engine says of itself."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any

import requests
from docker.errors import DockerException

from repro.errors import EngineError
from repro.manifest import Absent, Component, Fact, Unreadable
from repro.target import machine
from repro.target.about import About

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker


def about(client: docker.DockerClient) -> About:
    """Ask an engine for its version, its runtimes and the NVIDIA Container Toolkit."""
    try:
        version, info = client.version(), client.info()
    except (DockerException, requests.RequestException) as error:
        reason = str(error)[:300]
        return About([Unreadable(scope="host", kind="runtime", name="*", reason=reason)])
    local = is_here(client)
    facts = [*map(_part, version.get("Components") or []), _toolkit(info, local=local)]
    name = str(info["Name"]) if info.get("Name") else None
    here = local and name == os.uname().nodename
    return About(facts, name, machine.own() if here else None)


def is_here(client: docker.DockerClient) -> bool:
    """Tell whether an engine is asked at a socket, so that it is on this machine."""
    return bool(client.api.base_url.startswith("http+docker://localhost"))


def info_of(client: docker.DockerClient) -> dict[str, Any]:
    """Ask an engine how it is set up; raises EngineError."""
    try:
        found: dict[str, Any] = client.info()
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine does not describe itself: {error}") from error
    return found


def setup(client: docker.DockerClient) -> Iterator[Fact]:
    """Say what an engine starts containers with, and in which cgroups."""
    where: dict[str, Any] = {"scope": "host", "kind": "runtime.settings", "name": "engine"}
    try:
        info = info_of(client)
    except EngineError as error:
        yield Unreadable(**where, reason=error.message[:300])
        return
    properties = {
        "default_runtime": info.get("DefaultRuntime"),
        "runtimes": sorted(info.get("Runtimes") or {}),
        "cgroup_version": info.get("CgroupVersion"),
        "cgroup_driver": info.get("CgroupDriver"),
        "storage_driver": info.get("Driver"),
        "devices": sorted(str(each.get("ID")) for each in info.get("DiscoveredDevices") or []),
    }
    known = {key: value for key, value in properties.items() if value}
    yield Component(**where, source="engine", properties=known)


def _part(part: dict[str, Any]) -> Fact:
    name = str(part.get("Name", "")).lower().removesuffix(" engine").replace("engine", "docker")
    found = str(part.get("Version", ""))
    return Component(scope="host", kind="runtime", name=name, source="engine", version=found)


def _toolkit(info: dict[str, Any], *, local: bool) -> Fact:
    where: dict[str, Any] = {"scope": "host", "kind": "runtime", "name": "nvidia-container-toolkit"}
    registered = "nvidia" in (info.get("Runtimes") or {})
    program = shutil.which("nvidia-ctk") if local else None
    if program:
        return _asked(program, where)
    if not registered:
        reason = "the engine has no runtime named nvidia" + (", the host no nvidia-ctk" * local)
        return Absent(**where, reason=reason)
    return Unreadable(
        **where, reason="the engine has it, but its version is not in the engine's API"
    )


def _asked(program: str, where: dict[str, Any]) -> Fact:
    try:
        done = subprocess.run(
            [program, "--version"], capture_output=True, text=True, timeout=10, check=True
        )
    except (OSError, subprocess.SubprocessError) as error:
        return Unreadable(**where, reason=f"nvidia-ctk --version: {error}"[:300])
    found = re.search(r"version (\d[\w.+-]*)", done.stdout)
    if not found:
        return Unreadable(**where, reason=f"nvidia-ctk printed {done.stdout[:80]!r}")
    return Component(**where, source="call", version=found[1])
