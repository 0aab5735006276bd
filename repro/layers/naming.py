"""Which of the images of an archive somebody means, by name or by number."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, TypeVar

from repro.errors import TargetError

if TYPE_CHECKING:
    from collections.abc import Sequence

T = TypeVar("T")

SHOWN: Final = 20
"""Names in a message."""
DEFAULTS: Final = ("docker.io/", "index.docker.io/", "library/")
"""What Docker leaves out of a name, and other tools write (distribution/reference)."""


def choose(
    found: Sequence[tuple[tuple[str, ...], T]], chosen: str | None, name: str, *, alike: bool
) -> list[T]:
    """Return what is chosen of images with their names: more than one where platforms differ.

    `chosen` is a name, or `@` and a number from 0. Without it there has to be one image, or one
    name that all share; `alike` tells whether images without names are one image's platforms.
    Raises TargetError that lists what there is.
    """
    if chosen is None:
        names = {each for each, _ in found}
        if len(found) == 1 or (len(names) == 1 and (alike or names != {()})):
            return [item for _, item in found]
        raise _unclear(f"{name} has {len(found)} images", found)
    if chosen.startswith("@"):
        digits = chosen[1:]
        number = int(digits) if digits.isdecimal() and len(digits) < 7 else len(found)
        meant = [item for _, item in found[number : number + 1]]
    else:
        meant = [item for names, item in found if chosen in names]
        whole = _whole(chosen)
        meant = meant or [item for names, item in found if whole in map(_whole, names)]
    if not meant:
        raise _unclear(f"{name} has no image {chosen!r}", found)
    return meant


def _whole(name: str) -> str:
    """Return a name without what Docker leaves out, and with the tag that it leaves out."""
    for default in DEFAULTS:
        name = name.removeprefix(default)
    return name if ":" in name.rpartition("/")[2] else f"{name}:latest"


def _unclear(what: str, found: Sequence[tuple[tuple[str, ...], object]]) -> TargetError:
    names = [
        ascii(names[0][:200])[1:-1] if names else f"@{number}"
        for number, (names, _) in enumerate(found[:SHOWN])
    ]
    more = ", …" if len(found) > SHOWN else ""
    return TargetError(
        f"{what}; there is {', '.join(names) or 'none'}{more}",
        advice="Say which after the path: PATH:NAME, or PATH:@0 for the first.",
    )
