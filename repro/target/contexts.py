"""Docker contexts, read where the docker command keeps them.

The SDK looks for them beside `config.json`, so without that file in the current directory.
"""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from typing import Final, TypeVar

import msgspec
from docker.tls import TLSConfig

from repro.errors import EngineError

T = TypeVar("T", bound=msgspec.Struct)

LIMIT: Final = 1 << 20
"""Bytes of a context's file that are read."""


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """An engine's address under a name, with its certificates where it has some."""

    url: str
    tls: TLSConfig | None = None


class _Docker(msgspec.Struct, rename="pascal"):
    host: str = ""
    skip_tls_verify: bool = msgspec.field(name="SkipTLSVerify", default=False)


class _Endpoints(msgspec.Struct):
    docker: _Docker


class _Meta(msgspec.Struct, rename="pascal"):
    endpoints: _Endpoints


class _Config(msgspec.Struct):
    current_context: str = msgspec.field(name="currentContext", default="")


def current() -> str:
    """Return the context that `docker context use` chose; `default` where none is chosen."""
    try:
        return _read(_folder() / "config.json", _Config).current_context or "default"
    except FileNotFoundError:
        return "default"


def find(name: str) -> Context:
    """Read a context; EngineError where there is none of that name, or its file is malformed.

    Layout: docker/cli, cli/context/store: a folder is named by the SHA-256 of the context's name.
    """
    key = hashlib.sha256(name.encode()).hexdigest()
    store = _folder() / "contexts"
    try:
        endpoint = _read(store / "meta" / key / "meta.json", _Meta).endpoints.docker
    except FileNotFoundError:
        endpoint = _Docker()
    if not endpoint.host:
        raise EngineError(f"there is no docker context {name!r}", advice="See `docker context ls`.")
    tls = _certificates(store / "tls" / key / "docker", verify=not endpoint.skip_tls_verify)
    return Context(url=endpoint.host, tls=tls)


def _folder() -> Path:
    """Return docker's folder of settings: DOCKER_CONFIG, else ~/.docker."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")


def _read(path: Path, shape: type[T]) -> T:
    try:
        with path.open("rb") as stream:
            return msgspec.json.decode(stream.read(LIMIT), type=shape)
    except FileNotFoundError:
        raise
    except (OSError, msgspec.DecodeError, UnicodeDecodeError) as error:
        raise EngineError(
            f"{path}: {error}", advice="Mend or remove that file, or name an engine with --host."
        ) from error


def _certificates(folder: Path, *, verify: bool) -> TLSConfig | None:
    """Read the certificates that came with `docker context create --docker ca=…,cert=…,key=…`."""
    paths = {stem: folder / f"{stem}.pem" for stem in ("ca", "cert", "key")}
    there = {stem: str(path) for stem, path in paths.items() if path.is_file()}
    if not there:
        return None
    pair = (there["cert"], there["key"]) if {"cert", "key"} <= there.keys() else None
    return TLSConfig(client_cert=pair, ca_cert=there.get("ca"), verify=verify)
