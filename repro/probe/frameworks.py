"""Imports the frameworks in children and asks them what they are and what they loaded."""

from concurrent.futures import ThreadPoolExecutor

from . import child, loaded
from .facts import PROCESS, component, unreadable
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
    if not context.frameworks:
        for environment, name in jobs:
            yield unreadable(PROCESS, "framework", name, "not asked: imports were turned off")
        return
    seconds = min(SECONDS, max(5, context.timeout - 10))
    with ThreadPoolExecutor(2) as pool:
        answers = pool.map(lambda job: ask(job[0], job[1], seconds), jobs)
        for (environment, name), (values, reason) in zip(jobs, answers):
            for fact in _facts(files, environment, name, values, reason, libraries):
                yield fact


def _holds(packages, environment, distributions):
    sites = set(environment.sites)
    return any(
        fact["state"] == "known" and fact["name"] in distributions and fact.get("location") in sites
        for fact in packages
    )


def ask(environment, name, seconds):
    """Run one framework's questions in a child of its environment."""
    return child.run(environment.executables[0], QUESTIONS[name], timeout=seconds)


def _facts(files, environment, name, values, reason, libraries):
    answers = dict(pair for pair in values if isinstance(pair, list) and len(pair) == 2)
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
