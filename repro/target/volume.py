"""A volume, or a folder that is mounted somewhere: read from outside, nothing of it is run."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import msgspec
import requests
from docker.errors import DockerException, NotFound

from repro.caches import collecting
from repro.errors import EngineError, TargetError, UsageError
from repro.layers.disk import DiskLayer
from repro.layers.merged import LayeredFiles
from repro.manifest import Manifest, Target, assemble
from repro.probe import context, hub, model, tokenizer
from repro.probe import main as collectors
from repro.target.engine import connect
from repro.target.snapshot import volatile
from repro.target.static import checked

if TYPE_CHECKING:
    from repro.manifest import Fact
    from repro.target.options import Options

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
    path = Path(name) if name.startswith("/") else _mountpoint(name, options)
    if not path.is_dir():
        raise TargetError(f"{path}: no such folder", advice="Name a volume or an absolute path.")
    began = time.monotonic()
    found = read(path, options)
    took = int((time.monotonic() - began) * 1000)
    target = Target(kind="volume", name=f"volume:{name}", properties={"mode": "static"})
    return assemble(target, found, volatile({"volume": took}))


def read(path: Path, options: Options) -> list[Fact]:
    """Read what lies below a folder; links lead nowhere but inside it."""
    files = LayeredFiles([DiskLayer(path)])
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


def _mountpoint(name: str, options: Options) -> Path:
    """Find where an engine on this machine keeps a volume."""
    client = connect(options.host, options.context)
    try:
        attributes = client.volumes.get(name).attrs
    except NotFound:
        raise UsageError(
            f"the engine has no volume {name!r}",
            advice="See `docker volume ls`; a folder has an absolute path: volume:/srv/models",
        ) from None
    except (DockerException, requests.RequestException) as error:
        raise EngineError(f"the engine cannot look up the volume {name!r}: {error}") from error
    finally:
        client.close()
    path = Path(str(attributes.get("Mountpoint") or ""))
    local = client.api.base_url.startswith("http+docker://")
    if not local or not path.is_absolute() or not os.access(path, os.R_OK | os.X_OK):
        raise TargetError(
            f"the files of the volume {name!r} cannot be read from here",
            advice="Read it as root on the engine's machine, or mounted in an image that has "
            f"Python: repro snapshot IMAGE --volume {name}:/root/.cache/huggingface",
        )
    return path
