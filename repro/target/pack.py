"""Packs the probe into one command-line argument, so that it travels wherever a command can."""

from __future__ import annotations

import base64
import json
import zlib
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final, Literal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from importlib.resources.abc import Traversable

Part = Literal["probe", "canary", "asking"]
"""What looks at a target, what computes in it, and what asks its neighbours: a program each, as
one argument has a limit."""

LIMIT: Final = 128 * 1024
"""Bytes of one argument: MAX_ARG_STRLEN, 32 pages (execve(2))."""
FLAGS: Final = ("-I", "-S", "-B", "-X", "utf8", "-c")
"""Isolated from the environment, no site packages, no compiled files written."""
SHARED: Final = ("__init__.py", "answer.py", "facts.py")
"""What the other programs take of the probe's."""
PREFIX: Final = "repro_probe"

LOADER: Final = """\
from importlib.machinery import ModuleSpec
class Packed:
    def find_spec(self, name, path=None, target=None):
        for key in (name.replace(".", "/") + ".py", name.replace(".", "/") + "/__init__.py"):
            if key in S:
                return ModuleSpec(name, self, origin=key, is_package=key.endswith("__init__.py"))
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        module.__file__ = module.__spec__.origin
        exec(compile(S[module.__file__], module.__file__, "exec"), module.__dict__)
    def get_data(self, path):
        return S[path].encode()
sys.meta_path.insert(0, Packed())
"""
BOOT: Final = """\
import sys
if sys.version_info < (3, 7):
    sys.exit("@repro-old-python %d.%d" % sys.version_info[:2])
import base64, json, zlib
LOADER, S = json.loads(zlib.decompress(base64.b85decode("DATA")).decode())
exec(LOADER)
from MODULE import main
main()
"""
MODULES: Final[dict[Part, str]] = {
    "probe": f"{PREFIX}.main",
    "canary": f"{PREFIX}.canary.main",
    "asking": f"{PREFIX}.asking.main",
}


@cache
def program(part: Part = "probe") -> str:
    """Return a program as one argument for `python -c`; the same sources are the same bytes."""
    argument = packed(dict(sources(part)), MODULES[part])
    if len(argument) >= LIMIT:
        raise AssertionError(f"the packed {part} has {len(argument)} bytes, over {LIMIT}")
    return argument


def packed(texts: dict[str, str], module: str) -> str:
    """Pack modules by their paths, to run the `main` of one of them."""
    text = json.dumps([LOADER, dict(sorted(texts.items()))])
    data = base64.b85encode(zlib.compress(text.encode(), 9)).decode("ascii")
    return BOOT.replace("DATA", data).replace("MODULE", module)


def sources(part: Part) -> Iterator[tuple[str, str]]:
    """Yield names and texts of the modules, and of the data files beside them."""
    root = resources.files("repro.probe")
    for entry in _files(root):
        if part == "probe" or entry.name in SHARED:
            yield f"{PREFIX}/{entry.name}", entry.read_text("utf-8")
    for entry in _files(root / part) if part != "probe" else ():
        yield f"{PREFIX}/{part}/{entry.name}", entry.read_text("utf-8")


def _files(folder: Traversable) -> Iterator[Traversable]:
    for entry in folder.iterdir():
        if entry.name.endswith((".py", ".json")):
            yield entry


def arguments(options: dict[str, Any], part: Part = "probe") -> list[str]:
    """Return what follows the interpreter on the command line."""
    return [*FLAGS, program(part), json.dumps(options, sort_keys=True)]
