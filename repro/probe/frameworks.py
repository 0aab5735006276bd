"""Imports the frameworks in children and asks them what they are and what they loaded."""

import threading

from . import child, loaded
from .facts import PROCESS, absent, component, unreadable
from .questions import QUESTIONS

DISTRIBUTIONS = {
    "torch": ("torch",),
    "jax": ("jax",),
    "tensorflow": ("tensorflow", "tensorflow-cpu", "tensorflow-gpu", "tf-nightly"),
    "onnxruntime": ("onnxruntime", "onnxruntime-gpu", "onnxruntime-training"),
    "numpy": ("numpy",),
}
"""Import name to the distributions that bring it."""
SECONDS = 90
AT_ONCE = 2
"""Imports under way together: each may take a gigabyte."""


def collect(files, context, packages, libraries):
    """`framework`, `setting` and what each maps, for every environment that holds a framework.

    `packages` and `libraries` are the facts that the file collectors found.
    """
    jobs = [
        (environment, name)
        for environment in context.environments
        for name, distributions in sorted(DISTRIBUTIONS.items())
        if _holds(packages, environment, distributions)
    ]
    if not jobs:
        yield absent(PROCESS, "framework", "*", "no environment holds one")
    if not context.frameworks:
        for _, name in jobs:
            yield unreadable(PROCESS, "framework", name, "not asked: imports were turned off")
        return
    seconds = min(SECONDS, max(5, context.timeout - 10))
    free = threading.Semaphore(AT_ONCE)
    asked = [_Asking(environment, name, seconds, free) for environment, name in jobs]
    for job in asked:
        job.start()
    for job in asked:
        job.join()
        for fact in _facts(files, job, libraries):
            yield fact


class _Asking(threading.Thread):
    """One framework's questions, in a child of its environment; few children at a time."""

    def __init__(self, environment, name, seconds, free):
        super().__init__(daemon=True)
        self.environment, self.framework, self.seconds, self.free = environment, name, seconds, free
        self.values, self.reason = [], None

    def run(self):
        with self.free:
            python = self.environment.executables[0]
            code = QUESTIONS[self.framework]
            self.values, self.reason = child.run(python, code, timeout=self.seconds)


def _holds(packages, environment, distributions):
    sites = set(environment.sites)
    return any(
        fact["state"] == "known" and fact["name"] in distributions and fact.get("location") in sites
        for fact in packages
    )


def _facts(files, job, libraries):
    environment, name, reason = job.environment, job.framework, job.reason
    answers = dict(pair for pair in job.values if isinstance(pair, list) and len(pair) == 2)
    if "about" not in answers:
        text = "import %s: %s" % (name, reason or "no answer")
        yield unreadable(PROCESS, "framework", name, text)
        return
    about = answers["about"]
    yield component(
        PROCESS,
        "framework",
        name,
        "call",
        about.pop("version", None),
        environment=environment.prefix,
        **about,
    )
    if reason:
        yield unreadable(PROCESS, "setting", name + ".*", reason)
    for knob, value in sorted(answers.get("settings", {}).items()):
        yield component(
            PROCESS,
            "setting",
            name + "." + knob,
            "call",
            environment=environment.prefix,
            value=value,
        )
    for fact in loaded.from_maps(files, answers.get("maps", ""), libraries, "maps of " + name):
        fact.setdefault("properties", {})["environment"] = environment.prefix
        yield fact
