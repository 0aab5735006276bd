"""A registry's repository as a place for manifests: those attached to the images of its tags."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from repro.attest.judging import none_counts
from repro.errors import ReproError, UsageError
from repro.layers.platforms import Selection
from repro.registry import tags
from repro.registry.client import Registry
from repro.registry.reference import Reference
from repro.store.shelf import Found
from repro.target import attached, remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from repro.attest.judging import Said
    from repro.attest.keys import PublicKey
    from repro.layers.documents import Described
    from repro.manifest import Manifest
    from repro.manifest.pool import Pool
    from repro.target.options import Options
    from repro.target.remote import Remote


class Repository:
    """A repository; what its images hold counts where a given key signed it."""

    def __init__(self, name: str, options: Options) -> None:
        """Take `HOST/NAME`; UsageError without keys, or where it is no such name."""
        if ":" in name.rpartition("/")[2] or "@" in name:
            raise UsageError(
                f"registry:{name} is one image, and a history is of all tags",
                advice="Leave out what follows the name.",
            )
        self._name, self._options = name, options
        self._keys = attached.known(options.keys)

    def read(self, pool: Pool) -> Iterator[Found]:
        """Yield what is attached, by tag; RegistryError where the tags cannot be listed."""
        for tag in _tags(self._name, self._options):
            try:
                yield from self._of_tag(tag, pool)
            except ReproError as error:
                yield Found(f":{tag}", None, error.message)

    def _of_tag(self, tag: str, pool: Pool) -> Iterator[Found]:
        text = f"{self._name}:{tag}"
        with remote.opened(
            text, self._options, Selection(platform=None, all_platforms=True)
        ) as found:
            for image in found.images:
                yield from _attached(found, image, self._keys, tag, pool)


def _tags(name: str, options: Options) -> list[str]:
    reference = Reference.parse(name)
    ca_file = Path(options.ca_file) if options.ca_file else None
    with Registry(reference, ca_file=ca_file, plain_http=options.plain_http) as registry:
        return tags.tags(registry)


def _attached(
    found: Remote, image: Described, keys: Sequence[PublicKey], tag: str, pool: Pool
) -> Iterator[Found]:
    """Yield the manifests that count; where nothing does, say why."""
    judged = attached.judged(found, image, keys, manifest_alone=True)
    platform = f" ({image.config.platform})" if len(found.images) > 1 else ""
    for said in judged.manifests:
        place = f":{tag}{platform} {said.place[:19]}"
        yield Found(place, pool.share(_named(said, found.name.rpartition(":")[0] + platform)))
    if not judged.manifests:
        yield Found(f":{tag}{platform}", None, none_counts(judged))


def _named(said: Said[Manifest], name: str) -> Manifest:
    """Name it by its repository, and date it by its signature where it says no time itself."""
    signed = said.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return msgspec.structs.replace(
        said.what,
        target=msgspec.structs.replace(said.what.target, name=name),
        volatile={"probed_at": signed, **said.what.volatile},
    )
