"""Keys, an image, and registries: a real one that has no list of referrers, and one that has."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from cryptography.hazmat.primitives.asymmetric import ec

from lab.error import LabError
from lab.fixtures import unavailable
from lab.registry import ThrowawayRegistry
from repro.attest.judging import Image
from repro.attest.keys import PrivateKey
from repro.registry.client import Registry
from repro.registry.reference import Reference
from tests.attest.made import DIGEST, LAYERS, Place, put_image
from tests.registry.hostile import serving
from tests.standin.referring import Referring

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session")
def key() -> PrivateKey:
    return PrivateKey(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def stranger() -> PrivateKey:
    return PrivateKey(ec.generate_private_key(ec.SECP256R1()))


@pytest.fixture(scope="session")
def image() -> Image:
    return Image(digest=DIGEST, diff_ids=LAYERS)


@pytest.fixture(scope="session")
def real() -> Iterator[str]:
    """A real registry, by its host; it has no list of referrers."""
    try:
        with ThrowawayRegistry() as started:
            yield started.host
    except LabError as error:
        unavailable(error)


@pytest.fixture(params=["tags", "referrers API"])
def place(request: pytest.FixtureRequest, unused_name: str) -> Iterator[Place]:
    """An image in a registry of either kind."""
    if request.param == "tags":
        yield from _place(request.getfixturevalue("real"), unused_name)
        return
    with serving(Referring()) as server:
        yield from _place(server.host, unused_name)


@pytest.fixture
def tagged(real: str, unused_name: str) -> Iterator[Place]:
    """An image in the real registry."""
    yield from _place(real, unused_name)


@pytest.fixture
def unused_name(request: pytest.FixtureRequest) -> str:
    return f"team/t{abs(hash(request.node.nodeid))}".translate(
        str.maketrans("0123456789", "abcdefghij")
    )


def _place(host: str, name: str) -> Iterator[Place]:
    with Registry(Reference.parse(f"{host}/{name}:v1"), plain_http=True, writing=True) as registry:
        yield Place(registry, put_image(registry))
