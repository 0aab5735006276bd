"""Runs llama.cpp's own server with the tiny model, as other software would serve it."""

from __future__ import annotations

import re
import subprocess
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from lab.error import LabError
from lab.tiny_llama import tiny_llama
from lab.venvs import interpreter

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

WHEEL: Final = "xllamacpp==2026.10.11549"
"""Has llama.cpp's HTTP server, built for any x86-64."""
SECONDS: Final = 60
PROGRAM: Final = """
import sys, threading, xllamacpp
parameters = xllamacpp.CommonParams()
parameters.model.path, parameters.port = sys.argv[1], 0
parameters.n_ctx, parameters.n_parallel, parameters.cpuparams.n_threads = 1024, 1, 1
parameters.api_keys = sys.argv[2:]
server = xllamacpp.Server(parameters)
print(server.listening_address, flush=True)
sys.stdin.read()
"""


@contextmanager
def serving(folder: Path, *, seed: int = 1, key: str | None = None) -> Iterator[str]:
    """Yield the URL of a server with the model of a seed; LabError where it does not start."""
    model = folder / f"tiny-{seed}.gguf"
    model.write_bytes(tiny_llama(seed))
    words = [interpreter(WHEEL), "-c", PROGRAM, str(model), *([key] if key else [])]
    log = folder / "server.log"
    with (
        log.open("wb") as errors,
        subprocess.Popen(
            words, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=errors, text=True
        ) as process,
    ):
        try:
            yield _address(process, log)
        finally:
            process.kill()


def _address(process: subprocess.Popen[str], log: Path) -> str:
    end = time.monotonic() + SECONDS
    for line in process.stdout or ():
        if match := re.search(r"http://[\d.]+:\d+", line):
            return match[0]
        if time.monotonic() > end:
            break
    raise LabError(f"llama.cpp's server does not start: {log.read_text('utf-8', 'replace')[-500:]}")
