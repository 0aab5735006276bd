"""A gate's baseline that is attached to the target's own image."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import msgspec

from repro.errors import AttestationError, RegistryError, ReproError, UsageError

if TYPE_CHECKING:
    from repro.manifest import Manifest
    from repro.target.options import Options

ATTACHED: Final = "attached"
"""What a policy calls it."""
SCHEME: Final = "registry:"


def both(target: str, options: Options) -> tuple[Manifest, Manifest]:
    """Look at a target itself, and return before it what is attached to its image.

    UsageError where no registry is known to have the image; UnattestedError where nothing counts.
    """
    from repro.cli import source  # noqa: PLC0415

    looked = source.manifest(target, msgspec.structs.replace(options, attached=False))
    asked = msgspec.structs.replace(
        options,
        attached=True,
        gpus=None,
        volumes=(),
        env=(),
        paths=(),
        endpoint=None,
        static=False,
    )
    failure: ReproError | None = None
    for name in names(target, looked):
        try:
            return source.take(name, asked), looked
        except (AttestationError, RegistryError) as error:
            failure = failure or error
    raise failure or UsageError(
        f"no registry is known to have the image of {target}",
        advice="Name it by registry:, or push it, or pull it, with this engine first.",
    )


def names(target: str, looked: Manifest) -> list[str]:
    """Name the image of a target in registries, as it was named or as its engine knows it."""
    if target.startswith(SCHEME):
        return [target]
    known = looked.target.properties.get("digests")
    listed = known if isinstance(known, list) else []
    return [f"{SCHEME}{each}" for each in listed if isinstance(each, str) and "@" in each]
