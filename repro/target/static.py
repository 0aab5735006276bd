"""An image that is not run: the probe's collectors over its layers."""

from __future__ import annotations

import os
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import msgspec

from repro.errors import ManifestError, ProbeError, TargetError
from repro.layers.cache import Cache
from repro.layers.disk import DiskLayer
from repro.layers.merged import LayeredFiles
from repro.layers.opening import open_image
from repro.manifest import Fact, Manifest, Target, assemble, layers
from repro.manifest.codec import check_value
from repro.probe import context, environments
from repro.probe import main as collectors
from repro.target.answer import MOST
from repro.target.image_facts import image_config, image_facts
from repro.target.origins import Traced, origins
from repro.target.snapshot import volatile

if TYPE_CHECKING:
    from collections.abc import Iterable

    from repro.layers.opening import Progress, View
    from repro.layers.stored import StoredImage
    from repro.probe.files import Files
    from repro.target.options import Options


class UnverifiedWarning(UserWarning):
    """Layers were taken for what their image says they are."""


class probe:  # noqa: N801  # Stands for a module.
    """What is called of the probe, which has no annotations."""

    Context: Any = context.Context
    Work: Any = collectors.Work
    discover: Any = environments.discover


def snapshot(image: StoredImage, options: Options, progress: Progress | None = None) -> Manifest:
    """Take the snapshot of a stored image; TargetError where a layer cannot be had."""
    inspected = _as_engines_say_it(image.config)
    cache = Cache() if options.cache else None
    view = open_image(image, cache, verify=options.verify, progress=progress)
    if view.unverified and options.verify is None:
        said = f"large layers of {image.name} were read in part, without checking their digests"
        warnings.warn(f"{said}; --verify checks them", UnverifiedWarning, stacklevel=2)
    try:
        view.files.limit(options.timeout)
        found = collect(view.files, told(options, image_config(inspected)))
        view.files.limit(options.timeout)
        traced = list(origins(found.facts, found.touched, view))
        view.check()
    finally:
        view.close()
    return assemble(
        Target(kind="image", name=shown(image.name), properties=_identity(image, view)),
        [*found.facts, *image_facts(inspected)],
        volatile(found.milliseconds),
        layers=layers(image.config),
        origins=traced,
    )


def directory(path: str, options: Options) -> Manifest:
    """Take the snapshot of a root file system in a directory of this machine."""
    if not os.path.isdir(path):  # noqa: PTH112  # Path raises for names that are too long.
        raise TargetError(f"{path}: no such directory", advice="Name the root of a file system.")
    files = LayeredFiles([DiskLayer(Path(path))])
    files.limit(options.timeout)
    found = collect(files, told(options, {}))
    target = Target(kind="directory", name=shown(f"dir:{path}"), properties={"mode": "static"})
    return assemble(target, found.facts, volatile(found.milliseconds))


def told(options: Options, config: dict[str, Any]) -> Any:
    """Tell the collectors of the image's config, and that nothing of this process is its own."""
    given = {"live": False, "frameworks": False, "paths": list(options.paths), "image": config}
    return probe.Context(given, environ={})


def shown(name: str) -> str:
    """Return a name that can be written: bytes of a path that are not UTF-8 are escaped."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "backslashreplace")


class Found:
    """What collectors found, with the layers that were read for each fact."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.touched: list[set[int]] = []
        self.milliseconds: dict[str, int] = {}


def collect(files: Files, asked: Any) -> Found:
    """Run the collectors that need files alone; what only a run can tell is unreadable."""
    found = Found()
    began = time.monotonic()
    asked.environments = probe.discover(files, asked)
    found.milliseconds["environments"] = int((time.monotonic() - began) * 1000)
    for row in (*collectors.STATIC, *collectors.MIXED, *collectors.NOT_RUN):
        work = probe.Work(*row, files, asked)
        left = MOST - len(found.facts)
        work.facts = traced = Traced(getattr(files, "touched", set()), left)
        work.run()
        found.facts += checked(traced)
        found.touched += traced.layers
        found.milliseconds[work.name] = work.milliseconds
    return found


def checked(facts: Iterable[Any]) -> list[Fact]:
    """Parse what collectors gave; ProbeError for a malformed fact."""
    try:
        found = msgspec.convert(list(facts), list[Fact])
        for fact in found:
            check_value(getattr(fact, "properties", {}), f"{fact.kind} {fact.name}", "its facts")
    except (msgspec.ValidationError, ManifestError) as error:
        raise ProbeError(f"a collector gave a malformed fact: {error}") from error
    return found


def _as_engines_say_it(config: dict[str, Any]) -> dict[str, Any]:
    return {
        "Config": config.get("config") or {},
        "RootFS": {"Layers": config["rootfs"]["diff_ids"]},
        "Architecture": config.get("architecture"),
        "Os": config.get("os"),
    }


def _identity(image: StoredImage, view: View) -> dict[str, Any]:
    properties: dict[str, Any] = {"mode": "static", "id": image.config_digest}
    if image.manifest_digest:
        properties["digest"] = image.manifest_digest
    if image.tags:
        properties["tags"] = sorted(image.tags)
    if view.unverified:
        properties["unverified"] = list(view.unverified)
    return properties
