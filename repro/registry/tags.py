"""Lists the tags of a repository in a registry.

Source: https://github.com/opencontainers/distribution-spec, spec.md (1.1), "Listing Tags".
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Annotated, Final

import msgspec

from repro.errors import RegistryError
from repro.registry.address import printable
from repro.registry.client import MOST_MANIFEST
from repro.registry.failures import NotThereError
from repro.registry.reference import TAG
from repro.registry.referrers import following

if TYPE_CHECKING:
    from repro.registry.answer import Answer
    from repro.registry.client import Registry

PAGE: Final = 1000
"""Tags that are asked for at a time; a registry may give fewer."""
PAGES: Final = 100
REFERRERS: Final = re.compile(r"sha256-[0-9a-f]{64}(?:\.(?:att|sig|sbom))?")
"""Tags that are no images: lists of what refers to one, and what cosign put beside it."""


class _List(msgspec.Struct):
    tags: Annotated[list[str], msgspec.Meta(max_length=100_000)] | None = None


def tags(registry: Registry) -> list[str]:
    """List the tags of images, sorted; raises RegistryError."""
    here = registry.address(f"tags/list?n={PAGE}")
    found: set[str] = set()
    for _ in range(PAGES):
        answer = registry.exchange(here, registry.patience())
        link = answer.headers.get("Link", "")
        found.update(_page(registry, answer))
        there = following(link)
        if there is None:
            return sorted(tag for tag in found if not REFERRERS.fullmatch(tag))
        here = registry.referred(here, there)
    raise RegistryError(
        f"{registry.reference.repository} has more than {PAGES} pages of tags",
        advice="Name one tag.",
    )


def _page(registry: Registry, answer: Answer) -> list[str]:
    where = f"{registry.reference.registry}/{registry.reference.repository}"
    if answer.status == 404:
        answer.drain()
        raise NotThereError(f"there is no repository {where}", advice="Check the spelling.")
    if answer.status != 200:
        raise registry.refused(answer, "the question which tags there are")
    try:
        found = msgspec.json.decode(answer.document(MOST_MANIFEST), type=_List).tags or []
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise RegistryError(
            f"the tags of {where} cannot be read: {printable(str(error))}",
            advice="Is this a registry? A web page comes from other servers.",
        ) from error
    return [tag for tag in found if TAG.fullmatch(tag)]
