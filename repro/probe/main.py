"""Runs the collectors and gives one answer."""

import json
import signal
import sys
import threading
import time

from . import (
    answer,
    arguments,
    calls,
    conda,
    cpu,
    cuda,
    environments,
    frameworks,
    gpu,
    hub,
    loaded,
    model,
    notrun,
    packages,
    patched,
    program,
    python,
    runtime,
    settings,
    system,
    tokenizer,
)
from .context import Context
from .facts import HOST, IMAGE, PROCESS, unreadable
from .files import Files

STATIC = (
    (python, IMAGE, "python"),
    (cuda, IMAGE, "cuda.library"),
    (packages, IMAGE, "os.package"),
    (conda, IMAGE, "conda.package"),
    (tokenizer, IMAGE, "tokenizer"),
    (model, IMAGE, "model"),
    (hub, IMAGE, "model.revision"),
    (program, IMAGE, "program"),
)
"""Collectors that need files alone: module, and what stays unread if it fails."""
MIXED = (
    (system, HOST, "kernel"),
    (cpu, HOST, "cpu"),
    (settings, PROCESS, "setting"),
    (arguments, IMAGE, "argument"),
)
"""Collectors whose facts lie in files and in the process both."""
NOT_RUN = ((notrun, PROCESS, "*"),)
"""What stands for the collectors below where nothing runs."""
LIVE = (
    (runtime, PROCESS, "python.runtime"),
    (loaded, PROCESS, "cuda.library.loaded"),
    (patched, PROCESS, "python.patched"),
    (gpu, HOST, "gpu"),
)
"""Collectors that have to run in the target."""


class Work(threading.Thread):
    """One collector at work; those that wait for children run beside those that read files."""

    def __init__(self, module, scope, kind, *arguments):
        super().__init__(daemon=True)
        self.module, self.scope, self.kind, self.arguments = module, scope, kind, arguments
        self.name = module.__name__.rpartition(".")[2]
        self.facts, self.milliseconds = [], 0

    def run(self):
        """Collect; a bug in a collector is a fact that could not be read, not the end of all."""
        start = time.time()
        try:
            for fact in self.module.collect(*self.arguments):
                self.facts.append(fact)
        except Exception as error:  # noqa: BLE001
            reason = "the collector failed: %s: %s" % (type(error).__name__, error)
            self.facts.append(unreadable(self.scope, self.kind, "*", reason[:500]))
        self.milliseconds = int((time.time() - start) * 1000)


def collect(files, context):
    """All facts, and the milliseconds that each collector took."""
    context.environments = environments.discover(files, context)
    early = [Work(*row, files, context) for row in LIVE if context.live]
    for work in early:
        work.start()
    readers = [Work(*row, files, context) for row in STATIC + MIXED + NOT_RUN]
    for work in readers:
        work.run()
    late = _asking(files, context, [fact for work in readers for fact in work.facts])
    for work in late:
        work.start()
    for work in early + late:
        work.join()
    done = readers + early + late
    facts = [fact for work in done for fact in work.facts]
    return facts, {work.name: work.milliseconds for work in done}


def _asking(files, context, found):
    """The collectors that ask what the file collectors found."""
    if not context.live:
        return []
    python_packages = [fact for fact in found if fact["kind"] == "python.package"]
    libraries = [fact for fact in found if fact["kind"] == "cuda.library"]
    return [
        Work(frameworks, PROCESS, "framework", files, context, python_packages, libraries),
        Work(calls, PROCESS, "cuda.library.call", files, context),
    ]


def main():
    options = json.loads(sys.argv[1])
    context = Context(options)
    if context.entry_only:
        context.executable = sys.executable or context.executable  # Looks through pyenv's shims.
    signal.alarm(int(context.timeout) + 5)  # The last guard, where nobody outside can stop us.
    facts, times = collect(Files(), context)
    payload = {"facts": facts, "milliseconds": times}
    answer.give(payload, options.get("nonce", ""))
