"""A user with no logins and no proxies, registries of many kinds, and a tiny image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

import pytest

from lab.error import LabError
from lab.fixtures import unavailable
from lab.registry import ThrowawayRegistry, make_certificates
from repro.registry.client import Registry
from repro.registry.reference import Reference
from tests.registry import layout

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

VARIABLES = (
    "DOCKER_CONFIG REGISTRY_AUTH_FILE XDG_CONFIG_HOME HTTP_PROXY HTTPS_PROXY ALL_PROXY NO_PROXY "
    "http_proxy https_proxy all_proxy no_proxy REQUESTS_CA_BUNDLE CURL_CA_BUNDLE SSL_CERT_FILE"
)


class Opening(Protocol):
    """Opens a registry in the clear, by a host and port; pauses take no time and are noted."""

    pauses: list[float]

    def __call__(self, host: str, *, timeout: float = 5.0, retries: int = 3) -> Registry:
        """Open `HOST/team/model`."""


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, and nothing in the environment that matters to registries."""
    for name in VARIABLES.split():
        monkeypatch.delenv(name, raising=False)
    folder = tmp_path / "home"
    (folder / ".docker").mkdir(parents=True)
    monkeypatch.setenv("HOME", str(folder))
    monkeypatch.setenv("XDG_RUNTIME_DIR", str(folder / "run"))
    return folder


@pytest.fixture
def opened() -> Iterator[Opening]:
    registries: list[Registry] = []

    class _Opening:
        def __init__(self) -> None:
            self.pauses: list[float] = []

        def __call__(self, host: str, *, timeout: float = 5.0, retries: int = 3) -> Registry:
            reference = Reference.parse(f"{host}/team/model:v1")
            registry = Registry(
                reference,
                plain_http=True,
                timeout=timeout,
                retries=retries,
                sleep=self.pauses.append,
            )
            registries.append(registry)
            return registry

    yield _Opening()
    for registry in registries:
        registry.close()


@pytest.fixture(scope="session")
def certificates(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of lab.registry.make_certificates."""
    folder = tmp_path_factory.mktemp("certificates")
    make_certificates(folder)
    return folder


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> layout.Layout:
    return layout.write(tmp_path_factory.mktemp("layout"), b"hello")


@pytest.fixture(scope="session")
def closed_registry(tiny: layout.Layout) -> Iterator[ThrowawayRegistry]:
    """A registry with TLS and a login, with the tiny image as team/model:v1."""
    try:
        with ThrowawayRegistry(tls=True, login=True) as started:
            started.push(tiny.source, "team/model:v1")
            yield started
    except LabError as error:
        unavailable(error)
