"""A manifest as a bill of materials, in CycloneDX 1.6."""

from __future__ import annotations

import hashlib
import json
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any, Final
from urllib.parse import quote
from uuid import NAMESPACE_OID, UUID, uuid5

from repro import __version__
from repro.manifest import Component, Fact, Manifest, Unreadable
from repro.manifest.model import canonical
from repro.report.json_report import dumps

if TYPE_CHECKING:
    from collections.abc import Iterable

name: Final = "cyclonedx"
suffixes: Final = (".cdx.json",)

SCHEMA: Final = "http://cyclonedx.org/schema/bom-1.6.schema.json"
TYPES: Final = {
    "blas.loaded": "library",
    "conda.package": "library",
    "cpu": "device",
    "cuda.library": "library",
    "cuda.library.call": "library",
    "cuda.library.loaded": "library",
    "cuda.toolkit": "platform",
    "framework": "framework",
    "gpu.device": "device",
    "gpu.driver": "device-driver",
    "gpu.libcuda": "library",
    "kernel": "operating-system",
    "libc": "library",
    "model": "machine-learning-model",
    "model.revision": "machine-learning-model",
    "openmp.loaded": "library",
    "os.package": "library",
    "os.release": "operating-system",
    "program": "application",
    "python.interpreter": "application",
    "python.package": "library",
    "python.runtime": "application",
    "runtime": "application",
    "tokenizer": "data",
}
"""What a kind is in CycloneDX; facts of other kinds are no parts, and become properties."""
PURLS: Final = {"dpkg": "deb", "apk": "apk", "rpm": "rpm"}
"""Types of package URLs by the database that a package of a distribution is in."""
TARGET: Final = "target"
"""The reference of what the bill is of."""


def render(manifest: Manifest) -> str:
    """Write the bill as JSON: parts as components, all other facts as properties named `repro:…`.

    A manifest always gives the same bytes: the serial number is made of it.
    """
    known = [fact for fact in manifest.facts if isinstance(fact, Component)]
    parts = [fact for fact in known if fact.kind in TYPES]
    others = [f for f in manifest.facts if f.kind not in TYPES or not isinstance(f, Component)]
    distribution = next((fact for fact in parts if fact.kind == "os.release"), None)
    steps = _steps(manifest)
    return dumps(
        {
            "$schema": SCHEMA,
            "bomFormat": "CycloneDX",
            "specVersion": "1.6",
            "serialNumber": f"urn:uuid:{_uuid(manifest)}",
            "version": 1,
            "metadata": _metadata(manifest),
            "components": [_component(fact, distribution, steps) for fact in parts],
            "compositions": [{"aggregate": _aggregate(manifest), "assemblies": [TARGET]}],
            "properties": _properties(map(_other, others)),
        }
    )


def purl(fact: Component, distribution: Component | None) -> str | None:
    """Name a package as the package URL specification does; None for what is in no ecosystem.

    A package of a distribution needs the distribution's name, and has none where it is unknown.
    """
    if not re.search(r"[^\s/]", fact.name):
        return None
    if fact.kind == "python.package":
        return _purl("pypi", "", re.sub(r"[-_.]+", "-", fact.name).lower(), fact.version, {})
    if fact.kind == "conda.package":
        extra = {key: fact.properties.get(key) for key in ("build", "channel")}
        return _purl("conda", "", fact.name.lower(), fact.version, extra)
    ident = distribution.properties.get("id") if distribution else None
    if fact.kind != "os.package" or fact.source not in PURLS or not (distribution and ident):
        return None
    kind, version, epoch = PURLS[fact.source], fact.version or "", None
    if kind == "rpm" and (found := re.match(r"([0-9]+):", version)):
        epoch, version = found[1], version[found.end() :]
    release = f"{ident}-{distribution.version}" if distribution.version else None
    called = fact.name if kind == "rpm" else fact.name.lower()
    extra = {"arch": fact.properties.get("arch"), "distro": release, "epoch": epoch}
    return _purl(kind, str(ident).lower(), called, version, extra)


def _purl(kind: str, space: str, called: str, version: str | None, extra: dict[str, Any]) -> str:
    at = f"@{_quoted(version)}" if version else ""
    pairs = "&".join(f"{key}={_quoted(str(extra[key]))}" for key in sorted(extra) if extra[key])
    path = "/".join(_quoted(part) for part in (space, called) if part)
    return f"pkg:{kind}/{path}{at}{'?' if pairs else ''}{pairs}"


def _quoted(text: str) -> str:
    return quote(text.encode("utf-8", "backslashreplace"), safe=":")


def _metadata(manifest: Manifest) -> dict[str, Any]:
    target = manifest.target
    digests = {scope: getattr(manifest.digests, scope) for scope in ("image", "whole")}
    said = {f"digest:{scope}": digest for scope, digest in digests.items()}
    said |= {f"target:{key}": value for key, value in target.properties.items()}
    of = {
        "bom-ref": TARGET,
        "type": "container" if target.kind in {"image", "container"} else "platform",
        "name": target.name,
        "properties": _properties([("target:kind", target.kind), *said.items()]),
    }
    tool = {"type": "application", "name": "repro", "version": __version__}
    found = {"component": of, "tools": {"components": [tool]}}
    return found | ({"timestamp": when} if (when := _timestamp(manifest)) else {})


def _timestamp(manifest: Manifest) -> str | None:
    said = manifest.volatile.get("probed_at")
    try:
        return datetime.strptime(said, "%Y-%m-%dT%H:%M:%S%z").isoformat() if said else None
    except (TypeError, ValueError):
        return None


def _component(
    fact: Component, distribution: Component | None, steps: dict[Any, dict[str, Any]]
) -> dict[str, Any]:
    said = {"scope": fact.scope, "kind": fact.kind, "source": fact.source}
    said |= {"location": fact.location} | steps.get((fact.kind, fact.name, fact.location), {})
    found: dict[str, Any] = {
        "bom-ref": f"fact-{hashlib.sha256(canonical(fact)).hexdigest()}",
        "type": TYPES[fact.kind],
        "name": fact.name,
        "properties": _properties([*said.items(), *fact.properties.items()]),
    }
    if fact.version is not None:
        found["version"] = fact.version
    if package := purl(fact, distribution):
        found["purl"] = package
    if fact.location:
        found["evidence"] = {"occurrences": [{"location": fact.location}]}
    return found


def _steps(manifest: Manifest) -> dict[Any, dict[str, Any]]:
    """Find the layer of each thing; where two are named for one, none is sure."""
    found: dict[Any, dict[str, Any]] = {}
    for origin in manifest.origins:
        key = (origin.kind, origin.name, origin.location)
        layer = manifest.layers[origin.layer]
        found[key] = {} if key in found else {"layer": layer.digest, "layer:step": layer.step}
    return found


def _other(fact: Fact) -> tuple[str, Any]:
    """Name a fact that is no part: its value, or why it is absent or could not be read."""
    which = f"{fact.scope}:{fact.kind}:{fact.name}"
    if not isinstance(fact, Component):
        state = "unreadable" if isinstance(fact, Unreadable) else "absent"
        return f"{state}:{which}", fact.reason
    value = fact.properties.get("value")
    said = {"version": fact.version, "location": fact.location, **fact.properties}
    rest = {key: each for key, each in said.items() if each is not None}
    return f"fact:{which}", value if list(rest) == ["value"] else rest


def _aggregate(manifest: Manifest) -> str:
    """Say that something is missing where that is known; that nothing is missing nobody knows."""
    unread = (isinstance(fact, Unreadable) and fact.scope == "image" for fact in manifest.facts)
    return "incomplete" if any(unread) else "unknown"


def _properties(pairs: Iterable[tuple[str, Any]]) -> list[dict[str, str]]:
    return [
        {"name": f"repro:{key}", "value": value if isinstance(value, str) else _json(value)}
        for key, value in pairs
        if value is not None
    ]


def _json(value: Any) -> str:
    return json.dumps(value, sort_keys=True, ensure_ascii=False)


def _uuid(manifest: Manifest) -> UUID:
    """Make a UUID of all that the manifest says, its time included."""
    return uuid5(NAMESPACE_OID, hashlib.sha256(canonical(manifest)).hexdigest())
