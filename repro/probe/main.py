"""Runs the collectors one after another and prints one answer that cannot pass for whole when cut."""

import hashlib
import json
import signal
import sys
import time

from . import (
    calls,
    cuda,
    environments,
    frameworks,
    gpu,
    hub,
    loaded,
    model,
    packages,
    python,
    runtime,
    settings,
    system,
    tokenizer,
)
from .context import Context
from .facts import HOST, IMAGE, PROCESS, unreadable
from .files import Files

WIDTH = 4000
"""Bytes of a line: engines store longer ones in pieces (16 KiB with Docker's json-file driver)."""

STATIC = (
    (python, IMAGE, "python"),
    (cuda, IMAGE, "cuda.library"),
    (packages, IMAGE, "os.package"),
    (tokenizer, IMAGE, "tokenizer"),
    (model, IMAGE, "model"),
    (hub, IMAGE, "model.revision"),
)
"""Collectors that need files alone: module, and what stays unread if it fails."""
MIXED = ((system, HOST, "cpu"), (settings, PROCESS, "setting"))
LIVE = (
    (runtime, PROCESS, "python.runtime"),
    (calls, PROCESS, "cuda.library.call"),
    (loaded, PROCESS, "cuda.library.loaded"),
    (gpu, HOST, "gpu"),
)
"""Collectors that have to run in the target."""


def collect(files, context):
    """All facts, and the milliseconds that each collector took."""
    facts, times = [], {}
    context.environments = environments.discover(files, context)
    for module, scope, kind in STATIC + MIXED:
        _run(module, scope, kind, facts, times, lambda m=module: m.collect(files, context))
    if context.live:
        packages_found = [fact for fact in facts if fact["kind"] == "python.package"]
        libraries = [fact for fact in facts if fact["kind"] == "cuda.library"]
        _run(
            frameworks,
            PROCESS,
            "framework",
            facts,
            times,
            lambda: frameworks.collect(files, context, packages_found, libraries),
        )
        for module, scope, kind in LIVE:
            _run(module, scope, kind, facts, times, lambda m=module: m.collect(files, context))
    return facts, times


def _run(module, scope, kind, facts, times, work):
    """Run one collector; a bug in it is a fact that could not be read, never the end of the rest."""
    start = time.time()
    try:
        for fact in work():
            facts.append(fact)
    except Exception as error:  # noqa: BLE001
        reason = "the collector failed: %s: %s" % (type(error).__name__, error)
        facts.append(unreadable(scope, kind, "*", reason[:500]))
    times[module.__name__.rpartition(".")[2]] = int((time.time() - start) * 1000)


def answer(payload, nonce):
    """The payload as JSON in short lines between markers, with its length and SHA-256."""
    text = json.dumps(payload, separators=(",", ":"), sort_keys=True)
    digest = hashlib.sha256(text.encode("ascii")).hexdigest()
    lines = [text[at : at + WIDTH] for at in range(0, len(text), WIDTH)]
    head = "@repro-begin %s %d %s" % (nonce, len(text), digest)
    return "\n".join(["", head] + lines + ["@repro-end %s" % nonce, ""])


def main():
    options = json.loads(sys.argv[1])
    context = Context(options)
    if context.entry_only:
        context.executable = sys.executable or context.executable  # Looks through pyenv's shims.
    signal.alarm(int(context.timeout) + 5)  # The last guard, where nobody outside can stop us.
    facts, times = collect(Files(), context)
    payload = {"facts": facts, "milliseconds": times}
    sys.stdout.write(answer(payload, options.get("nonce", "")))
    sys.stdout.flush()
