"""A volume, or a folder that is mounted somewhere: read from outside, nothing of it is run."""

from __future__ import annotations

import os
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import docker
import msgspec
import requests
from docker.errors import DockerException, NotFound

from repro.caches import collecting
from repro.errors import EngineError, TargetError, UsageError
from repro.layers.disk import DiskLayer
from repro.layers.merged import LayeredFiles
from repro.layers.passing import PassedLayer
from repro.manifest import Manifest, Target, assemble
from repro.probe import context, hub, model, tokenizer
from repro.probe import main as collectors
from repro.target import sandbox
from repro.target.engine import connect
from repro.target.export import CHUNK, Export
from repro.target.snapshot import volatile
from repro.target.static import checked, shown

if TYPE_CHECKING:
    from repro.layers.merged import Layered
    from repro.manifest import Fact
    from repro.target.options import Options

NAME: Final = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]+")
"""What a volume may be called (moby, daemon/names/names.go)."""
FOLDERS: Final = "A folder has an absolute path: volume:/srv/models"
PLACE: Final = "/volume"
"""Where a volume is mounted to be sent."""
COLLECTORS: Final[tuple[tuple[Any, str], ...]] = (
    (hub, "model.revision"),
    (model, "model"),
    (tokenizer, "tokenizer"),
    (collecting, "cache"),
)
"""The probe's, for what it would find there were it mounted, and ours; what stays unread where one
fails."""
Work: Any = collectors.Work
Context: Any = context.Context


def snapshot(name: str, options: Options) -> Manifest:
    """Take the snapshot of an engine's volume by its name, or of a folder by its absolute path."""
    began = time.monotonic()
    found = read(_layer(name, options), options)
    took = int((time.monotonic() - began) * 1000)
    target = Target(kind="volume", name=shown(f"volume:{name}"), properties={"mode": "static"})
    return assemble(target, found, volatile({"volume": took}))


def read(layer: Layered, options: Options) -> list[Fact]:
    """Read what a layer holds; links lead nowhere but inside it."""
    files = LayeredFiles([layer])
    files.limit(options.timeout)
    given = {"live": False, "frameworks": False, "paths": ["/", *options.paths], "image": {}}
    asked = Context(given, environ={})
    found: list[Fact] = []
    for module, kind in COLLECTORS:
        work = Work(module, "image", kind, files, asked)
        work.run()
        found += checked(map(_plain, work.facts))
    return found


def _plain(fact: Any) -> Any:
    """Return a fact as the probe has it."""
    return fact if isinstance(fact, dict) else msgspec.to_builtins(fact)


def _layer(name: str, options: Options) -> Layered:
    if not name.startswith("/"):
        if not NAME.fullmatch(name):
            raise UsageError(f"no volume can be called {name!r}", advice=FOLDERS)
        client = connect(options.host, options.context)
        try:
            return _of_engine(client, name, options)
        finally:
            client.close()
    if not os.path.isdir(name):  # noqa: PTH112  # Path raises for names that are too long.
        raise TargetError(
            f"{shown(name)}: no such folder", advice="Name a volume or an absolute path."
        )
    return DiskLayer(Path(name))


def _of_engine(client: docker.DockerClient, name: str, options: Options) -> Layered:
    """Read a volume where it lies, if that is here and open to us; else let the engine send it."""
    try:
        attributes = client.volumes.get(name).attrs
    except NotFound:
        raise UsageError(
            f"the engine has no volume {name!r}",
            advice=f"See `docker volume ls`. {FOLDERS}",
        ) from None
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine cannot look up the volume {name!r}: {error}") from error
    place = Path(str(attributes.get("Mountpoint") or ""))
    here = (
        client.api.base_url.startswith("http+docker://localhost")
        and attributes.get("Driver") == "local"
    )
    if here and place.is_absolute() and os.access(place, os.R_OK | os.X_OK):
        return DiskLayer(place)
    return _sent(client, name, options)


def _sent(client: docker.DockerClient, name: str, options: Options) -> Layered:
    """Let the engine send a volume through a container that is made for it and never started."""
    mount = docker.types.Mount(PLACE, name, type="volume", read_only=True, no_copy=True)
    try:
        container = client.containers.create(
            _smallest(client),
            ["never-started"],
            mounts=[mount],
            network_mode="none",
            labels=sandbox.labels(options.timeout),
        )
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine made no container for {name!r}: {error}") from error
    try:
        pieces, _ = container.get_archive(PLACE, chunk_size=CHUNK)
        with Export(pieces) as stream:
            return PassedLayer(stream, PLACE.lstrip("/"), options.timeout)
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine did not send the volume {name!r}: {error}") from error
    finally:
        sandbox.remove(container)


def _smallest(client: docker.DockerClient) -> str:
    """Choose an image: a container needs one, though nothing of it is used."""
    try:
        images = client.images.list()
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine cannot list its images: {error}") from error
    if not images:
        raise TargetError(
            "the engine has no image, and without one it sends no volume",
            advice="Read it on the engine's machine: volume:/PATH",
        )
    return str(min(images, key=lambda image: int(image.attrs.get("Size") or 0)).id)
