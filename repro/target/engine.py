"""A connection to a container engine: Docker, or Podman's Docker-compatible service."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import docker
from docker.errors import DockerException, TLSParameterError
from docker.utils import kwargs_from_env

from repro.errors import EngineError
from repro.target import contexts
from repro.target.tunnel import Tunnel

if TYPE_CHECKING:
    from collections.abc import Iterator

    from docker.tls import TLSConfig

T = TypeVar("T", bound=docker.DockerClient)

SECONDS: Final = 60
"""How long an engine may take for one answer."""
ADVICE: Final = (
    "Start Docker or Podman, or name an engine with --host, --context or DOCKER_HOST. "
    "`repro snapshot local` needs no engine."
)


class Endpoint:
    """Where an engine listens, and who said so."""

    def __init__(self, url: str, origin: str, tls: TLSConfig | bool | None = None) -> None:
        self.url, self.origin, self.tls = url, origin, tls


def connect(
    host: str | None = None, context: str | None = None, *, podman: bool = False
) -> docker.DockerClient:
    """Reach the engine that the user means; EngineError says where it was looked for.

    With `podman` it is looked for at its own sockets, unless one was named.
    """
    tried = []
    endpoints = _podman() if podman and not (host or context) else _endpoints(host, context)
    for endpoint in endpoints:
        try:
            return _client(endpoint)
        except (DockerException, EngineError, OSError, ValueError) as error:
            tried.append(f"{endpoint.url} ({endpoint.origin}): {_short(error)}")
    where = "; ".join(tried) or "no socket was found"
    raise EngineError(f"no container engine answers: {where}", advice=ADVICE)


def is_there() -> bool:
    """Tell whether an engine was named, or a socket of one is there, whether it answers or not."""
    named = any(os.environ.get(name) for name in ("DOCKER_HOST", "DOCKER_CONTEXT"))
    urls = [] if named else [endpoint.url for endpoint in _endpoints(None, None)]
    paths = (url.partition("://")[2] for url in urls if url.startswith("unix://"))
    return named or any(Path(path).exists() for path in paths)


def _endpoints(host: str | None, context: str | None) -> Iterator[Endpoint]:
    """List the one endpoint that was named, or the usual sockets: Docker's, then Podman's."""
    named = context or os.environ.get("DOCKER_CONTEXT")
    if host:
        yield Endpoint(host, "--host", _environment_tls(host))
    elif named and (context or not os.environ.get("DOCKER_HOST")):
        yield _of_context(named)
    elif os.environ.get("DOCKER_HOST"):
        url = os.environ["DOCKER_HOST"]
        yield Endpoint(url, "DOCKER_HOST", _environment_tls(url))
    else:
        yield from _usual()


def _usual() -> Iterator[Endpoint]:
    name = contexts.current()
    if name != "default":
        yield _of_context(name)
        return
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    yield Endpoint("unix:///var/run/docker.sock", "the default socket")
    for path in (
        f"{runtime}/docker.sock",
        f"{runtime}/podman/podman.sock",
        "/run/podman/podman.sock",
    ):
        if Path(path).exists():
            yield Endpoint(f"unix://{path}", "a socket that is there")


def _podman() -> Iterator[Endpoint]:
    """List where Podman's service listens: podman-system-service(1)."""
    url = os.environ.get("CONTAINER_HOST")
    if url:
        yield Endpoint(url, "CONTAINER_HOST")
        return
    runtime = os.environ.get("XDG_RUNTIME_DIR", f"/run/user/{os.getuid()}")
    for path in (f"{runtime}/podman/podman.sock", "/run/podman/podman.sock"):
        yield Endpoint(f"unix://{path}", "Podman's socket")


def _of_context(name: str) -> Endpoint:
    context = contexts.find(name)
    return Endpoint(context.url, f"context {name}", context.tls)


def _environment_tls(url: str) -> TLSConfig | bool | None:
    """Read the client certificates that DOCKER_TLS_VERIFY and DOCKER_CERT_PATH name."""
    if not url.startswith("tcp://"):
        return None
    try:
        return kwargs_from_env().get("tls")
    except TLSParameterError as error:
        folder = os.environ.get("DOCKER_CERT_PATH") or "~/.docker"
        raise EngineError(
            f"{folder} has not the ca.pem, cert.pem and key.pem that DOCKER_TLS_VERIFY asks for",
            advice="Name their folder with DOCKER_CERT_PATH.",
        ) from error


def _client(endpoint: Endpoint) -> docker.DockerClient:
    """Open a client that speaks the engine's API version.

    `trust_env` is off: REQUESTS_CA_BUNDLE would replace the engine's own certificate authority
    (requests gives the environment precedence over a session's `verify`).
    """
    if endpoint.url.startswith("ssh://"):
        return _through(Tunnel(endpoint.url))
    return _opened(docker.DockerClient, endpoint.url, endpoint.tls)


def _through(tunnel: Tunnel) -> docker.DockerClient:
    """Open a client that ends its tunnel when it is closed."""
    try:
        client = _opened(_Tunnelled, f"unix://{tunnel.path}", None)
    except BaseException as error:
        said = tunnel.said()
        tunnel.end()
        if isinstance(error, DockerException | OSError) and said:
            raise EngineError(f"nothing answers at {tunnel.there} there; ssh: {said}") from error
        raise
    client.tunnel = tunnel
    # What tells a socket of this machine by its URL must not take this one for it; the SDK has its
    # own ideas of `http+docker://ssh`.
    client.api.base_url = "http+docker://elsewhere"
    return client


class _Tunnelled(docker.DockerClient):
    tunnel: Tunnel

    def close(self) -> None:
        super().close()
        self.tunnel.end()


def _opened(kind: type[T], url: str, tls: TLSConfig | bool | None) -> T:
    settings: dict[str, Any] = {"base_url": url, "tls": tls, "timeout": SECONDS}
    first = docker.APIClient(version="1.24", **settings)
    first.trust_env = False
    try:
        version = first.version(api_version=False)["ApiVersion"]
    finally:
        first.close()
    client = kind(version=version, **settings)
    client.api.trust_env = False
    return client


def _short(error: BaseException) -> str:
    """Cut the nested text of a failed connection to the part that says what happened."""
    text = str(error)
    for known in (
        "FileNotFoundError",
        "PermissionError",
        "ConnectionRefusedError",
        "Read timed out",
    ):
        if known in text:
            return {
                "FileNotFoundError": "no such socket",
                "PermissionError": "permission denied",
            }.get(known, "connection refused" if "Refused" in known else "no answer in time")
    return text[:200]
