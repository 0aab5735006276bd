"""What the engine knows of an image, and of itself."""

from __future__ import annotations

import hashlib
import re
import shutil
import subprocess
from typing import TYPE_CHECKING, Any, Final

import requests
from docker.errors import DockerException

from repro.manifest import Absent, Component, Fact, Unreadable
from repro.target.about import About

if TYPE_CHECKING:
    from collections.abc import Iterator

    import docker

LABELS: Final = re.compile(
    r"com\.nvidia\.|org\.opencontainers\.image\.(version|revision|base\.|ref\.name|source|title)|"
    r"maintainer$|ai\.|vllm|pytorch"
)
"""Labels whose values are kept; of any other the name alone (labels may hold anything)."""
USERINFO: Final = re.compile(r"(//)[^/@\s]+@")


def image_config(inspected: dict[str, Any]) -> dict[str, Any]:
    """Pick the part of an image's config that the probe is told."""
    config = inspected.get("Config") or {}
    keys = ("Entrypoint", "Cmd", "Env", "WorkingDir")
    return {key: config[key] for key in keys if config.get(key)} | {
        "Labels": {k: v for k, v in (config.get("Labels") or {}).items() if LABELS.match(k)}
    }


def image_facts(inspected: dict[str, Any]) -> Iterator[Fact]:
    """Describe an image by its layers and config.

    Its version is the digest of its layers' diff IDs in order: two engines, and two pushes of one
    image, agree on them, while image IDs and manifest digests depend on the store and the gzip.
    """
    config = inspected.get("Config") or {}
    layers = list((inspected.get("RootFS") or {}).get("Layers") or [])
    labels = config.get("Labels") or {}
    properties: dict[str, Any] = {
        "layers": layers,
        "architecture": inspected.get("Architecture"),
        "os": inspected.get("Os"),
        "user": config.get("User") or None,
        "working_dir": config.get("WorkingDir") or None,
        "shell": config.get("Shell") or None,
        "labels": {k: _clean(v) for k, v in sorted(labels.items()) if LABELS.match(k)} or None,
        "other_labels": sorted(k for k in labels if not LABELS.match(k)) or None,
    }
    yield Component(
        scope="image",
        kind="image",
        name="image",
        source="config",
        version="sha256:" + hashlib.sha256("\n".join(layers).encode()).hexdigest(),
        properties={key: value for key, value in properties.items() if value is not None},
    )


def _clean(value: Any) -> str:
    return USERINFO.sub(r"\1", str(value))[:500]


def about(client: docker.DockerClient) -> About:
    """Ask an engine for its version, its runtimes and the NVIDIA Container Toolkit."""
    try:
        version, info = client.version(), client.info()
    except (DockerException, requests.RequestException) as error:
        reason = str(error)[:300]
        return About([Unreadable(scope="host", kind="runtime", name="*", reason=reason)])
    local = client.api.base_url.startswith("http+docker://localhost")
    facts = [*map(_part, version.get("Components") or []), _toolkit(info, local=local)]
    return About(facts, str(info["Name"]) if info.get("Name") else None)


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
