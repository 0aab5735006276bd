"""What an image's config says of it, as engines, archives and registries give it alike."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Final

from repro.manifest import Component, Fact

if TYPE_CHECKING:
    from collections.abc import Iterator

LABELS: Final = re.compile(
    r"com\.nvidia\.|org\.opencontainers\.image\.(version|revision|base\.|ref\.name|source|title)|"
    r"maintainer$|ai\.|vllm|pytorch"
)
"""Labels whose values are kept; of any other the name alone (labels may hold anything)."""
USERINFO: Final = re.compile(r"(//)[^/@\s]+@")


def image_config(inspected: dict[str, Any]) -> dict[str, Any]:
    """Pick the part of an image's config that the probe is told."""
    config = inspected.get("Config") or {}
    keys = ("Entrypoint", "Cmd", "Env", "User", "WorkingDir")
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
