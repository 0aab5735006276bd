"""Files of stacks: read, compared service by service, or one service of them picked."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from repro.errors import ManifestError, ReproError, UsageError

if TYPE_CHECKING:
    from collections.abc import Callable

    from repro.cli.many import Asked
    from repro.cli.subjects import Source
    from repro.manifest import Manifest
    from repro.stack import Stack
    from repro.survey import Survey
    from repro.survey.stacks import Named

FEW = 2
"""Arguments that are looked at before they are read: a folder holds stacks or manifests alone."""
HEAD = 4096
"""Bytes in which a stack's name and schema stand; its writer puts them first."""
UNFIT = ("group_by", "groups", "watch")


def are_meant(arguments: tuple[str, ...]) -> bool:
    """Tell whether arguments are files, or a folder, of stacks."""
    return any(map(_is_stack, arguments[:FEW]))


def _is_stack(argument: str) -> bool:
    from repro.manifest.codec import content  # noqa: PLC0415
    from repro.stack import is_stack  # noqa: PLC0415

    try:
        path = Path(argument)
        found = next(path.rglob("*.json"), None) if path.is_dir() else path
        return found is not None and _may_be(found) and is_stack(content(found))
    except (OSError, ValueError, ManifestError):
        return False


def _may_be(path: Path) -> bool:
    """Tell a large manifest by its beginning: a stack says early what it is."""
    if not path.is_file():
        return False
    with path.open("rb") as stream:
        return b"repro/stack/" in stream.read(HEAD)


def look(what: Asked, values: dict[str, Any]) -> Survey:
    """Read stacks and judge each service; the first of two is what the other is compared with."""
    from repro.cli.many import roots  # noqa: PLC0415
    from repro.rules.catalog import load  # noqa: PLC0415
    from repro.survey.stacks import compared  # noqa: PLC0415

    _check(values)
    baseline, sources, notes = _sides(what.arguments, values["baselines"])
    stacks, lost = [], []
    for source in sources:
        try:
            stacks.append(_named(source))
        except ReproError as error:
            if len(sources) == 1:
                raise
            lost.append(_unjudged(source, error))
    every = [*stacks, baseline] if baseline else stacks
    manifests = [manifest for each in every for manifest in each.parts.values()]
    return compared(
        stacks,
        load(),
        what.policy,
        baseline=baseline,
        scopes=what.scopes,
        roots=roots(what.roots, manifests),
        unjudged=lost,
        notes=notes,
    )


def part(text: str, service: str | None) -> Manifest:
    """Read a stack and return the manifest of one service, or of how all hold together."""
    found = _read(_source(text))
    if service is None:
        return found.stack
    if service in found.unread:
        raise UsageError(
            f"{service} could not be read: {found.unread[service]}", advice="Take it again."
        )
    if service not in found.services:
        raise UsageError(
            f"{text} has no service {service!r}", advice=f"Say {', '.join(found.services)}."
        )
    return found.services[service]


def _check(values: dict[str, Any]) -> None:
    if any(values[name] for name in UNFIT):
        raise UsageError(
            "--group-by, --group and --watch mean nothing for stacks",
            advice="Their services are compared by name.",
        )
    if len(values["baselines"]) > 1:
        raise UsageError("several baselines for stacks", advice="Name one stack.")


def _sides(
    arguments: tuple[str, ...], baselines: tuple[str, ...]
) -> tuple[Named | None, tuple[Source, ...], tuple[str, ...]]:
    """Return the baseline, what is compared with it, and what is to be said of that.

    What a project declares of its fleet is about manifests, and not asked here.
    """
    from repro.cli.subjects import are_many, listed  # noqa: PLC0415

    found = listed(arguments)
    if baselines:
        return _named(_source(baselines[0])), found.sources, found.notes
    if are_many(arguments):
        return None, found.sources, found.notes
    if len(arguments) != FEW:
        raise UsageError("B is missing", advice="repro diff A.json B.json")
    # One file that is named twice is listed once, and compared with itself.
    first, second = sorted((*found.sources, *found.sources)[:FEW], key=_order(arguments))
    return _named(first), (second,), found.notes


def _order(arguments: tuple[str, ...]) -> Callable[[Source], int]:
    return lambda source: arguments.index(source.text)


def _source(text: str) -> Source:
    from repro.cli.source import is_manifest  # noqa: PLC0415
    from repro.cli.subjects import Source  # noqa: PLC0415

    path = Path(text) if text != "-" and is_manifest(text) else None
    return Source(text.removesuffix(".json"), text, path)


def _named(source: Source) -> Named:
    from repro.survey.stacks import Named  # noqa: PLC0415

    return Named(source.name, _read(source))


def _read(source: Source) -> Stack:
    from repro.manifest.codec import LIMIT, content  # noqa: PLC0415
    from repro.stack import decode  # noqa: PLC0415

    if source.text == "-":
        return decode(sys.stdin.buffer.read(LIMIT + 1), name="standard input")
    if source.path is None:
        raise UsageError(
            f"{source.text}: no such file",
            advice="A stack is compared with stacks: repro snapshot --compose FILE -o stack.json",
        )
    return decode(content(source.path), name=source.text)


def _unjudged(source: Source, error: ReproError) -> Any:
    from repro.survey import Unjudged  # noqa: PLC0415

    reason = error.message.removeprefix(f"{source.text}: ")
    return Unjudged(name=source.name, reason=reason, advice=error.advice)
