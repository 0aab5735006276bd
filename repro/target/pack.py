"""Packs the probe into one command-line argument, so that it travels wherever a command can."""

from __future__ import annotations

import base64
import json
import zlib
from functools import cache
from importlib import resources
from typing import Any, Final

LIMIT: Final = 128 * 1024
"""Bytes of one argument: MAX_ARG_STRLEN, 32 pages (execve(2))."""
FLAGS: Final = ("-I", "-S", "-B", "-X", "utf8", "-c")
"""Isolated from the environment, no site packages, no compiled files written."""

BOOT: Final = """\
import sys
if sys.version_info < (3, 7):
    sys.exit("@repro-old-python %d.%d" % sys.version_info[:2])
import base64, json, zlib
from importlib.machinery import ModuleSpec
S = json.loads(zlib.decompress(base64.b85decode("DATA")).decode())
class Packed:
    def find_spec(self, name, path=None, target=None):
        if name in S:
            return ModuleSpec(name, self, is_package=name == "repro_probe")
    def create_module(self, spec):
        return None
    def exec_module(self, module):
        exec(compile(S[module.__name__], module.__name__, "exec"), module.__dict__)
sys.meta_path.insert(0, Packed())
from repro_probe.main import main
main()
"""


@cache
def program() -> str:
    """Return the probe as one argument for `python -c`; the same sources are the same bytes."""
    sources = {}
    for entry in resources.files("repro.probe").iterdir():
        name, dot, suffix = entry.name.rpartition(".")
        if dot and suffix == "py":
            module = "repro_probe" if name == "__init__" else f"repro_probe.{name}"
            sources[module] = entry.read_text("utf-8")
    data = zlib.compress(json.dumps(sources, sort_keys=True).encode(), 9)
    text = BOOT.replace("DATA", base64.b85encode(data).decode("ascii"))
    if len(text) >= LIMIT:
        raise AssertionError(f"the packed probe has {len(text)} bytes, over {LIMIT}")
    return text


def arguments(options: dict[str, Any]) -> list[str]:
    """Return what follows the interpreter on the command line."""
    return [*FLAGS, program(), json.dumps(options, sort_keys=True)]
