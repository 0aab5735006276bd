"""Builds the images of lab.recipes in an engine.

python -m lab.images NAME...    build into the engine of DOCKER_HOST; no name lists them all
"""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

from lab.engine import reachable
from lab.error import LabError
from lab.image import Image, load
from lab.recipes import PREFIX, RECIPES

if TYPE_CHECKING:
    from collections.abc import Sequence


def build(host: str, *names: str) -> tuple[str, ...]:
    """Build images by name, without the prefix; return their tags, with it. Raises LabError."""
    return tuple(build_image(host, name, recipe(name)) for name in names)


def build_image(host: str, name: str, image: Image) -> str:
    """Build one image, from the table or not; return its tag. Raises LabError."""
    tag = f"{PREFIX}{name}"
    load(host, tag, image)
    return tag


def recipe(name: str) -> Image:
    """Return a recipe by name; raises LabError when there is none."""
    try:
        return RECIPES[name]
    except KeyError:
        known = ", ".join(RECIPES)
        raise LabError(f"no image is called {name}; there are {known}") from None


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line."""
    parser = argparse.ArgumentParser(prog="python -m lab.images", description=__doc__)
    parser.add_argument("names", nargs="*", metavar="NAME")
    names = parser.parse_args(arguments).names
    if not names:
        sys.stdout.write("".join(f"{name}\n" for name in RECIPES))
        return 0
    try:
        return _build_all(names)
    except LabError as error:
        sys.stderr.write(f"lab: {error}\n")
        return 2


def _build_all(names: Sequence[str]) -> int:
    engine = reachable()
    if engine is None:
        raise LabError("no engine answers: set DOCKER_HOST, or use python -m lab.engine start")
    for name in names:
        began = time.monotonic()
        (tag,) = build(engine.host, name)
        sys.stdout.write(f"{tag} ({time.monotonic() - began:.1f} s)\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
