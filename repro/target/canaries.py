"""Plans which canaries a target gets, by what was found in it, and takes their answers."""

from __future__ import annotations

import hashlib
import importlib
import pkgutil
import re
from functools import cache
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

import msgspec

from repro.errors import ReproError
from repro.manifest import Component, Fact, Unreadable
from repro.probe import canary as catalogue
from repro.target import pack
from repro.target.answer import parse
from repro.target.progress import watching

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from types import ModuleType

    from repro.target.answer import Output
    from repro.target.options import Options, Own
    from repro.target.progress import Progress, Watch

    Ask = Callable[[list[str], int, Watch | None], Output]
    """Runs a Python program, given as arguments of an interpreter, for so many seconds."""

KIND: Final = "canary"
INPUT: Final = "canary.input"
"""The texts that went in, so that a difference can be shown with its text on another day."""
GRACE: Final = 45
"""Seconds over the budget until the canaries' program is stopped from outside."""
ONE: Final = 60
"""Seconds that one canary may take at most, its library's import among them."""
MOST: Final = 200
"""Canaries of a target: a thousand tokenizers are not measured one by one."""
OFF: Final = "not run: canaries are turned off (--no-canary)"
AT_WORK: Final = "not run: canaries are off for what is at work already (--canaries)"
REPOSITORY: Final = re.compile(r".*/models--(?P<repository>[^/]+)", re.DOTALL)
"""A repository's folder in a cache of huggingface_hub; repro/probe/search.py reads it."""
FAMILIES: Final = (
    "text",
    "template",
    "random",
    "numerics",
    "preprocessing",
    "retrieval",
    "model",
    "own",
)
"""In the order in which they run: what budget there is goes to the most telling ones first."""


class Row(msgspec.Struct, frozen=True):
    """A canary: its module's name and what the module declares."""

    stem: str
    module: Any

    @property
    def needs(self) -> tuple[str, ...]:
        return tuple(self.module.NEEDS)

    @property
    def about(self) -> dict[str, Any]:
        """What a manifest says of it beside its results."""
        device = getattr(self.module, "DEVICE", None)
        return {
            "family": self.module.FAMILY,
            "impacts": list(self.module.IMPACTS),
            "covers": list(self.module.COVERS),
            "edition": getattr(self.module, "EDITION", 1),
            **({"device": device} if device else {}),
            **({"input": self.module.INPUT} if hasattr(self.module, "INPUT") else {}),
        }


@cache
def rows() -> tuple[Row, ...]:
    """Return every canary that there is: each module with NEEDS is one."""
    names = sorted(info.name for info in pkgutil.iter_modules(catalogue.__path__))
    found = [(name, _module(name)) for name in names]
    return tuple(Row(name, module) for name, module in found if hasattr(module, "NEEDS"))


def _module(name: str) -> ModuleType:
    return importlib.import_module(f"{catalogue.__name__}.{name}")


def measure(
    facts: Sequence[Fact],
    options: Options,
    ask: Ask,
    progress: Progress | None = None,
    *,
    at_work: bool,
) -> list[Fact]:
    """Run the canaries that a target's facts call for; what did not run says why.

    `at_work`: the target serves somebody, so that canaries run only when they are asked for.
    """
    wanted = not at_work if options.canaries is None else options.canaries
    own = [each for each in options.own if wanted or each.asked]
    if not wanted and not own:
        return [_unread("*", OFF if options.canaries is False else AT_WORK)]
    groups = list(_groups(facts, own, shipped=wanted))
    if not groups:
        return []
    told = {"groups": groups, "budget": options.canary_budget, "full": options.canary_full}
    if progress:
        progress.canaries(0, sum(len(group["jobs"]) for group in groups))
    answered = _answered(ask, told, options.canary_budget, progress)
    return [*answered, *_inputs(groups)]


def _unread(name: str, reason: str) -> Unreadable:
    return Unreadable(scope="process", kind=KIND, name=name, reason=reason)


def _answered(
    ask: Ask, told: dict[str, Any], budget: int, progress: Progress | None
) -> Iterable[Fact]:
    nonce = hashlib.sha256(repr(told).encode()).hexdigest()[:16]
    try:
        program = pack.arguments({**told, "nonce": nonce}, "canary")
        output = ask(program, budget + GRACE, watching(progress))
        return parse(output, nonce).facts
    except ReproError as error:
        why = error.message.replace("the probe", "the canaries' program", 1)
        return [_unread("*", why[:500])]


def _inputs(groups: list[dict[str, Any]]) -> Iterator[Fact]:
    """Yield the corpora that the jobs name, with lone surrogates written out."""
    names = {job["about"].get("input") for group in groups for job in group["jobs"]} - {None}
    for name in sorted(names):
        texts = _module("corpus").texts()
        shown = [[key, text.encode("utf-8", "backslashreplace").decode()] for key, text in texts]
        yield Component(
            scope="process",
            kind=INPUT,
            name=name,
            source=KIND,
            version=_module("corpus").digest(),
            properties={"texts": shown},
        )


def _groups(
    facts: Sequence[Fact], own: Sequence[Own], *, shipped: bool
) -> Iterator[dict[str, Any]]:
    """Yield what shares a child: an interpreter, and the jobs of one library family in it."""
    known = [fact for fact in facts if isinstance(fact, Component)]
    left, seen = MOST, set[tuple[str, str | None]]()
    for order, interpreter in enumerate(_interpreters(known)):
        installed = _installed(known, interpreter)
        for family in sorted({row.needs[:1] for row in _planned()}, key=_rank) if shipped else ():
            members = [row for row in _planned() if row.needs[:1] == family]
            fitting = [row for row in members if all(_has(installed, n) for n in row.needs)]
            fitting = [row for row in fitting if row.needs or not order]
            jobs = [job for job in _shared(fitting, known) if _subject(job) not in seen][:left]
            seen.update(map(_subject, jobs))
            left -= len(jobs)
            if jobs:
                yield _group(interpreter, jobs)
        for each in own if not order else ():
            yield {**_group(interpreter, [_own(each)]), "seconds": each.seconds}


def _subject(job: dict[str, Any]) -> tuple[str, str | None]:
    """Tell a job by what it looks at: revisions of one repository have one name."""
    return job["name"], job.get("path")


def _planned() -> list[Row]:
    """Leave out what runs only when a user asks for it."""
    return [row for row in rows() if not getattr(row.module, "ASKED", False)]


def _has(installed: set[str], need: str) -> bool:
    """Tell whether a distribution is there, or one that does the same under another name."""
    return not installed.isdisjoint(need.split("|"))


def _rank(family: tuple[str, ...]) -> tuple[int, bool, tuple[str, ...]]:
    """Put the most telling ones first, and of those the slow: the others run beside them."""
    modules = [row.module for row in _planned() if row.needs[:1] == family]
    telling = min(FAMILIES.index(module.FAMILY) for module in modules)
    return telling, not any(getattr(module, "SLOW", False) for module in modules), family


def _group(interpreter: Component, jobs: list[dict[str, Any]]) -> dict[str, Any]:
    return {
        "python": interpreter.location,
        "environment": interpreter.properties.get("environment"),
        "seconds": ONE,
        "jobs": jobs,
    }


def _interpreters(known: Sequence[Component]) -> list[Component]:
    """Put the interpreter of the entry point first: what serves is what counts."""
    found = [fact for fact in known if fact.kind == "python.interpreter" and fact.location]
    return sorted(found, key=lambda fact: not fact.properties.get("entry"))


def _installed(known: Sequence[Component], interpreter: Component) -> set[str]:
    said = interpreter.properties.get("sites")
    sites = {site for site in said if isinstance(site, str)} if isinstance(said, list) else set()
    return {f.name for f in known if f.kind == "python.package" and f.location in sites}


def _shared(fitting: Sequence[Row], known: Sequence[Component]) -> list[dict[str, Any]]:
    """List the jobs of one library; what two of them look at, they look at one after the other.

    A module with SPARE stands in where the others of its library have nothing to look at.
    """
    spare = [row for row in fitting if getattr(row.module, "SPARE", False)]
    jobs = [job for row in fitting if row not in spare for job in _jobs(row, known)]
    jobs = jobs or [job for row in spare for job in _jobs(row, known)]
    return sorted(jobs, key=lambda job: job.get("path") or "")


def _jobs(row: Row, known: Sequence[Component]) -> Iterator[dict[str, Any]]:
    """Yield one job, or one for each thing that the canary's module looks at."""
    name = f"{row.module.FAMILY}/{row.stem.partition('_')[2]}"
    over = getattr(row.module, "OVER", None)
    if over is None:
        yield {"name": name, "canary": row.stem, "about": row.about}
        return
    for fact in known:
        if fact.kind == over:
            for label, arguments in row.module.jobs(_seen(fact)):
                said = {"subject": fact.name, **_revision(fact), **row.about}
                yield {
                    "name": f"{name}:{label}",
                    "canary": row.stem,
                    "about": said,
                    "location": fact.location,
                    **arguments,
                }


def _seen(fact: Component) -> MappingProxyType[str, Any]:
    """Give a fact as canaries see it: its name, its path in the target, and its properties."""
    return MappingProxyType(
        {"name": fact.name, "path": _place(fact), "properties": fact.properties}
    )


def _place(fact: Component) -> str:
    """Find where a fact lies: in a hub's cache below the snapshot of its revision.

    Its location names the repository's folder, its name the repository and what is below.
    """
    path, revision = fact.location or "", fact.properties.get("revision")
    found = REPOSITORY.match(path)
    if not revision or not found:
        return path
    repository = found["repository"].replace("--", "/")
    return f"{found[0]}/snapshots/{revision}{fact.name.removeprefix(repository)}"


def _revision(fact: Component) -> dict[str, Any]:
    """Tell apart what differs in its revision alone."""
    revision = fact.properties.get("revision")
    return {"revision": revision} if isinstance(revision, str) else {}


def _own(own: Own) -> dict[str, Any]:
    row = next(row for row in rows() if row.stem == "own_command")
    return {
        "name": f"own/{own.name}",
        "canary": row.stem,
        "about": row.about,
        "command": own.command,
        "seconds": own.seconds,
    }
