"""Which subjects a comparison of many is about: files, folders and patterns, each file once."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from repro.cli.source import is_manifest
from repro.errors import ManifestError, ReproError, UsageError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from repro.manifest import Manifest
    from repro.manifest.pool import Pool
    from repro.survey import Unjudged
    from repro.target.options import Options

SUFFIX: Final = ".json"
WILD: Final = frozenset("*?[")
PATHS: Final = ("/", "./", "../")
"""How paths begin that are no names of images."""


class Source(NamedTuple):
    """One subject, still to be read or taken."""

    name: str
    """Unique among its fellows."""
    text: str
    """As a user would write it."""
    path: Path | None
    """None for what is no file."""


class Listed(NamedTuple):
    """All subjects that arguments stand for."""

    sources: tuple[Source, ...]
    notes: tuple[str, ...]


class Taken(NamedTuple):
    """Subjects that were read, and those that could not be."""

    subjects: list[tuple[str, Manifest]]
    unjudged: list[Unjudged]


def are_many(arguments: tuple[str, ...]) -> bool:
    """Tell whether arguments are more than two sides: further ones, a folder or a pattern."""
    alone = len(arguments) == 1 and _is_folder(arguments[0], alone=True)
    return len(arguments) > 2 or alone or any(_is_folder(t) or _is_pattern(t) for t in arguments)


def listed(arguments: Iterable[str]) -> Listed:
    """List the subjects; a file that is named twice counts once. UsageError for an empty folder."""
    found: dict[str, tuple[str, Path | None]] = {}
    notes = []
    several = tuple(arguments)
    for argument in several:
        for text, path in _expanded(argument, alone=len(several) == 1):
            identity = str(path.resolve()) if path else text
            if identity in found:
                notes.append(f"{text} was named twice and counts once")
            found.setdefault(identity, (text, path))
    entries = list(found.values())
    names = _names(entries)
    sources = [Source(name, *entry) for name, entry in zip(names, entries, strict=True)]
    return Listed(tuple(sorted(sources)), tuple(dict.fromkeys(notes)))


def _expanded(argument: str, *, alone: bool) -> Iterator[tuple[str, Path | None]]:
    if _is_folder(argument, alone=alone):
        yield from _files(argument, Path(argument).rglob(f"*{SUFFIX}"))
    elif _is_pattern(argument):
        base = Path(Path(argument).anchor or ".")
        pattern = str(Path(argument).relative_to(base)) if Path(argument).anchor else argument
        yield from _files(argument, base.glob(pattern))
    else:
        yield argument, Path(argument) if argument != "-" and is_manifest(argument) else None


def _files(argument: str, found: Iterable[Path]) -> Iterator[tuple[str, Path]]:
    """Yield what is not hidden: a file that is being written is."""
    paths = [path for path in sorted(found) if not path.name.startswith(".") and not path.is_dir()]
    if not paths:
        raise UsageError(f"{argument}: no {SUFFIX} file is there", advice="Name another folder.")
    yield from ((str(path), path) for path in paths)


def _names(entries: list[tuple[str, Path | None]]) -> list[str]:
    """Name subjects as users see them: files without their common folder, and their suffix."""
    folders = {path.parent for _, path in entries if path}
    common = _common(folders)
    short = [str(path.relative_to(common)) if path and common else text for text, path in entries]
    bare = [name.removesuffix(SUFFIX) for name in short]
    return bare if len(set(bare)) == len(bare) else short


def _common(folders: set[Path]) -> Path | None:
    if not folders:
        return None
    first, *rest = sorted(folders)
    return next(
        (p for p in (first, *first.parents) if all(other.is_relative_to(p) for other in rest)), None
    )


def taken(sources: Iterable[Source], options: Options, pool: Pool) -> Taken:
    """Read or take every subject; one that fails is told of, and never left out."""
    found = Taken([], [])
    for source in sources:
        try:
            found.subjects.append((source.name, one(source, options, pool)))
        except ReproError as error:
            found.unjudged.append(_unjudged(source, error))
    return found


def one(source: Source, options: Options, pool: Pool) -> Manifest:
    """Read or take a subject."""
    from repro.cli.source import manifest  # noqa: PLC0415

    if source.path is None:
        return pool.share(manifest(source.text, options))
    if not source.path.is_file():
        raise ManifestError(f"{source.text}: no file that can be read", advice="Take it away.")
    return pool.load(source.path)


def _unjudged(source: Source, error: ReproError) -> Unjudged:
    from repro.survey import Unjudged  # noqa: PLC0415

    reason = error.message.removeprefix(f"{source.text}: ")
    return Unjudged(name=source.name, reason=reason, advice=error.advice)


def _is_folder(text: str, *, alone: bool = False) -> bool:
    """Tell whether an argument is a folder: beside others it has a slash, for images have names."""
    try:
        return (alone or text.endswith("/") or text.startswith(PATHS)) and Path(text).is_dir()
    except (OSError, ValueError):
        return False


def _is_pattern(text: str) -> bool:
    return not WILD.isdisjoint(text) and ":" not in text and not is_manifest(text)
