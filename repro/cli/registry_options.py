"""Options and names that commands about one image in a registry share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import click

from repro.errors import UsageError

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager

    from repro.layers.documents import Described
    from repro.target.remote import Remote

SCHEME: Final = "registry:"
OPTIONS: Final = (
    click.option("--platform", metavar="OS/ARCH", help="Variant of a multi-platform image."),
    click.option(
        "--ca-file",
        type=click.Path(exists=True, dir_okay=False),
        help="Trust these authorities for the registry, besides the usual ones.",
    ),
    click.option("--plain-http", is_flag=True, help="Ask the registry without encryption."),
)


def registry_options(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the options of a registry to a command; `opened` reads them."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command


def opened(
    image: str, values: dict[str, Any], *, writing: bool = False
) -> AbstractContextManager[Remote]:
    """Look up an image, `[registry:]HOST/NAME[:TAG][@DIGEST]`, in its registry."""
    from repro.target import remote, sources  # noqa: PLC0415
    from repro.target.options import Options  # noqa: PLC0415

    options = Options(**values)
    text = image.removeprefix(SCHEME).removeprefix("//")
    if not text:
        raise UsageError(f"{image} names nothing", advice="For example ghcr.io/owner/app:v2")
    return remote.opened(text, options, sources.selection(options), writing=writing)


def only(found: Remote) -> Described:
    """Return the one image that was meant."""
    (image,) = found.images
    return image
