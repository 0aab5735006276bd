"""The manifest that somebody attached to an image in its registry, in place of a snapshot."""

from __future__ import annotations

import warnings
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from repro.attest import attested_manifest, gate_result
from repro.attest.judging import Image, Judged, judge, none_counts, too_old
from repro.attest.keys import load_public
from repro.attest.store import attached
from repro.errors import UnattestedError, UsageError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from repro.attest.judging import Said
    from repro.attest.keys import PublicKey
    from repro.layers.documents import Described
    from repro.manifest import Manifest
    from repro.target.options import Options
    from repro.target.remote import Remote

MANIFESTS: Final = {attested_manifest.TYPE}
ALL: Final = {attested_manifest.TYPE, gate_result.TYPE}


class UnattestedWarning(UserWarning):
    """An image was read, for nothing that counts is attached to it."""


def judged(
    remote: Remote, image: Described, keys: Sequence[PublicKey], *, manifest_alone: bool
) -> Judged:
    """Fetch what lies beside an image, and say what of it counts; raises RegistryError."""
    wanted = MANIFESTS if manifest_alone else ALL
    found = attached(remote.registry, image.manifest_digest, wanted)
    about = Image(digest=image.manifest_digest, diff_ids=image.config.diff_ids)
    return judge(found, about, keys, datetime.now(UTC))


def known(files: Sequence[str]) -> list[PublicKey]:
    """Read the keys that are believed; UsageError where there is none, or one is no key."""
    if not files:
        raise UsageError(
            "nobody is believed: there is no key",
            advice='Name a public key: --key FILE, or keys = ["FILE"] under [attest] in repro.toml',
        )
    return [load_public(Path(file)) for file in files]


def manifest(remote: Remote, image: Described, options: Options) -> Manifest | None:
    """Return what is attached to an image; None, with a warning, where its layers have to be read.

    UnattestedError where an attached manifest is demanded and none counts.
    """
    found = judged(remote, image, known(options.keys), manifest_alone=True)
    why = _unfit(found, options)
    if found.manifest and not why:
        return _named(found.manifest, remote.called(image))
    said = f"no attached manifest of {remote.called(image)} is used: {why}"
    if options.attached:
        raise UnattestedError(
            said, advice="Attach one: repro attach IMAGE --manifest FILE --key KEY"
        )
    warnings.warn(f"{said}; its layers are read", UnattestedWarning, stacklevel=2)
    return None


def _unfit(found: Judged, options: Options) -> str:
    """Say why no manifest can stand for a snapshot; empty where one can."""
    if options.paths:
        return "it may lack what --path looks for"
    if found.manifest is None:
        return none_counts(found)
    return too_old(found.manifest, options.max_age, datetime.now(UTC))


def _named(said: Said[Manifest], name: str) -> Manifest:
    """Name the manifest as the user does, and say on whose word it is."""
    target = said.what.target
    attested = {"at": said.at.isoformat(timespec="seconds"), "key": str(said.key)}
    return msgspec.structs.replace(
        said.what,
        target=msgspec.structs.replace(
            target, name=name, properties={**target.properties, "attested": attested}
        ),
    )
